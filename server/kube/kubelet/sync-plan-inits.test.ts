// As of upstream's kuberuntime_manager_test.go: what is begun and ended of a pod with three init containers or sidecars, and
// three containers after them. Init containers have done their part and sidecars run, unless a row says otherwise.

import type { Container } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import type { ContainerStatus } from '../container-runtime/container-runtime.ts'
import { CONTAINER_HASH } from '../container-runtime/labels.ts'
import { hashOfContainer } from './container-hash.ts'
import type { PodRuntimeState } from './pod-runtime-state.ts'
import { planSync } from './sync-plan.ts'

type State = ContainerStatus['state'] | number | 'gone'
interface World {
  policy: 'Always' | 'OnFailure' | 'Never'
  inits?: boolean
  /** How each of the three is where that is told; a number is the code with which it ended. */
  before?: State[]
  main?: State[]
  deadSandbox?: boolean
  failed?: { liveness?: string; startup?: string }
  unknownStartup?: string
  changed?: string
}

const mains: Container[] = ['a', 'b', 'c'].map((name) => ({ name, image: 'main' }))
const inits: Container[] = ['1', '2', '3'].map((name) => ({ name, image: 'init' }))
const probed = { livenessProbe: {}, startupProbe: {} }
const sidecars: Container[] = inits.map((one, at) => ({ ...one, restartPolicy: 'Always', ...(at > 0 ? probed : {}) }))

function statusOf(container: Container, told: State): ContainerStatus[] {
  if (told === 'gone') return []
  const state = typeof told === 'number' ? 'exited' : told
  const annotations = { [CONTAINER_HASH]: hashOfContainer(container) }
  const exitCode = typeof told === 'number' ? told : 0
  const { name } = container
  return [{ id: name, name, sandboxId: 's', attempt: 0, state, exitCode, annotations } as unknown as ContainerStatus]
}

function plan({ policy, inits: are = false, before, main, deadSandbox, failed, unknownStartup, changed }: World) {
  const first = are ? inits : sidecars
  const sandbox = { id: 's', config: { attempt: 0 }, state: deadSandbox ? 'notReady' : 'ready', ips: ['10.0.0.1'] }
  const state = {
    sandboxes: [sandbox],
    containers: [
      ...first.flatMap((one, at) => statusOf(one, before?.[at] ?? (are ? 0 : 'running'))),
      ...mains.flatMap((one, at) => statusOf(one, main?.[at] ?? 'gone')),
    ],
  } as unknown as PodRuntimeState
  const asWished = first.map((one) => (one.name === changed ? { ...one, image: 'other' } : one))
  const pod = { metadata: { uid: 'u' }, spec: { restartPolicy: policy, initContainers: asWished, containers: mains } }
  const made = planSync(pod, state, {
    liveness: (id) => (id === failed?.liveness ? 'failure' : undefined),
    startup: (id) => (id === failed?.startup ? 'failure' : id === unknownStartup ? undefined : 'success'),
  })
  return {
    start: made.start.map(({ container }) => container.name).join(''),
    kill: made.finished ? [] : made.kill.map(({ message }) => message),
    whole: made.killPod,
    sandbox: made.createSandbox,
  }
}

const nothing = { start: '', kill: [], whole: false, sandbox: false }
const ALL = { policy: 'Always' } as const
const NEVER = { policy: 'Never' } as const
const UNKNOWN = 'Init container is in "unknown" state, try killing it before restart'

it.each<[what: string, world: World, does: Partial<typeof nothing> | { kill: string[] }]>([
  ['all are done', { ...ALL, inits: true }, { start: 'abc' }],
  ['none has begun', { ...ALL, inits: true, before: ['gone', 'gone', 'gone'] }, { start: '1' }],
  ['one runs, those before are gone', { ...ALL, inits: true, before: ['gone', 'gone', 'running'] }, {}],
  ['one failed', { policy: 'OnFailure', inits: true, before: [0, 0, 137] }, { start: '3' }],
  ['one failed for good', { ...NEVER, inits: true, before: [0, 0, 137] }, { whole: true }],
  ['one is unknown', { ...ALL, inits: true, before: [0, 0, 'unknown'] }, { start: '3', kill: [UNKNOWN] }],
  ['one is unknown, and not to be run twice', { ...NEVER, inits: true, before: [0, 0, 'unknown'] }, { whole: true }],
  ['one was made and not started', { ...ALL, inits: true, before: [0, 0, 'created'] }, { start: '3' }],
  [
    'all are forgotten, a container has crashed',
    { ...ALL, inits: true, before: ['gone', 'gone', 'gone'], main: [1, 'running', 'running'] },
    { start: 'a' },
  ],
  ['the sandbox is dead', { ...ALL, inits: true, deadSandbox: true }, { start: '1', whole: true, sandbox: true }],
  ['the sandbox is dead for good', { ...NEVER, inits: true, deadSandbox: true }, { whole: true }],
  ['sidecars run', ALL, { start: 'abc' }],
  ['a sidecar has begun', { ...ALL, before: ['running', 'gone', 'gone'] }, { start: '2' }],
  [
    'a sidecar is not known to have started',
    { ...ALL, before: ['running', 'running', 'gone'], unknownStartup: '2' },
    {},
  ],
  [
    'a sidecar fails its liveness probe',
    { ...ALL, failed: { liveness: '3' } },
    { start: '3abc', kill: ['Init container 3 failed liveness probe'] },
  ],
  [
    'a sidecar fails its startup probe',
    { ...ALL, failed: { startup: '3' } },
    { start: '3', kill: ['Init container 3 failed startup probe'] },
  ],
  [
    'a sidecar is another one now',
    { ...ALL, changed: '3' },
    { start: '3abc', kill: ['Init container 3 definition changed'] },
  ],
  ['two sidecars have ended, one of them the last', { ...ALL, before: [0, 'running', 0] }, { start: '13' }],
  ['sidecars before the last are forgotten', { ...ALL, before: ['gone', 'gone', 'running'] }, { start: '12abc' }],
  ['a sidecar is unknown', { ...NEVER, before: ['running', 'running', 'unknown'] }, { start: '3', kill: [UNKNOWN] }],
  [
    'a sidecar has ended while containers run',
    { ...NEVER, before: ['running', 'running', 137], main: ['running', 'running', 'running'] },
    { start: '3' },
  ],
  [
    'a sidecar has ended, and containers too',
    { ...ALL, before: ['running', 'running', 1], main: [1, 1, 1] },
    { start: '3' },
  ],
  ['containers are done', { ...NEVER, main: [0, 0, 0] }, { whole: true }],
  [
    'containers are done, and a sidecar has ended',
    { ...NEVER, before: ['running', 'running', 1], main: [0, 0, 0] },
    { whole: true },
  ],
  [
    'the sandbox of sidecars is dead for good',
    { ...NEVER, before: ['running', 'running', 137], deadSandbox: true },
    { whole: true },
  ],
])('%s', (_, world, does) => {
  expect(plan(world)).toEqual({ ...nothing, ...does })
})

it('gives an init container that runs what it was granted by now', () => {
  const init = { name: 'i', image: 'init', resources: { requests: { cpu: '1' }, limits: { cpu: '2' } } }
  const resources = { cpuShares: 1024, cpuQuota: 100_000, cpuPeriod: 100_000 }
  const [running] = statusOf(init, 'running')
  const state = {
    sandboxes: [{ id: 's', config: { attempt: 0 }, state: 'ready', ips: ['10.0.0.1'] }],
    containers: [{ ...running, resources }],
  } as unknown as PodRuntimeState
  const pod = { metadata: { uid: 'u' }, spec: { initContainers: [init], containers: mains } }
  const made = planSync(pod, state, { liveness: () => undefined, startup: () => undefined })
  expect(made.resize.map(({ container }) => container.name)).toEqual(['i'])
  expect(made.start).toEqual([])
})

import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { phaseOf } from './pod-phase.ts'

const told = (name: string, state: ContainerState, lastState: ContainerState = {}, started = false) =>
  ({ name, state, lastState, started, image: '', imageID: '', ready: false, restartCount: 0 }) satisfies ContainerStatus
const ended = (exitCode: number) => ({ terminated: { exitCode } })
const waiting = { waiting: { reason: 'CrashLoopBackOff' } }
const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
const running = { running: {} }
const app = { name: 'app' }
const sidecar = { name: 'side', restartPolicy: 'Always' }

interface Row {
  name: string
  spec: object
  init?: ContainerStatus[]
  regular: ContainerStatus[]
  begun?: boolean
  phase: string
}

it.each<Row>([
  {
    name: 'that ended well and may not run again',
    spec: { restartPolicy: 'Never' },
    regular: [told('app', ended(0))],
    phase: 'Succeeded',
  },
  {
    name: 'that failed and may not run again',
    spec: { restartPolicy: 'Never' },
    regular: [told('app', ended(1))],
    phase: 'Failed',
  },
  { name: 'that waits to run again', spec: {}, regular: [told('app', waiting, ended(1))], phase: 'Running' },
  {
    name: 'whose rule brings it back',
    spec: { restartPolicy: 'Never', containers: [{ ...app, restartPolicy: 'Never', restartPolicyRules: rules }] },
    regular: [told('app', ended(42))],
    phase: 'Running',
  },
  {
    name: 'whose own policy ends it in a pod that restarts',
    spec: { restartPolicy: 'Always', containers: [{ ...app, restartPolicy: 'Never' }] },
    regular: [told('app', ended(3))],
    phase: 'Failed',
  },
  {
    name: 'behind an init container that is given up',
    spec: { restartPolicy: 'Always', initContainers: [{ name: 'init', restartPolicy: 'Never' }] },
    init: [told('init', ended(1))],
    regular: [told('app', { waiting: {} })],
    phase: 'Failed',
  },
  {
    name: 'behind an init container that is tried again',
    spec: { restartPolicy: 'Never', initContainers: [{ name: 'init', restartPolicy: 'OnFailure' }] },
    init: [told('init', ended(1))],
    regular: [told('app', { waiting: {} })],
    phase: 'Pending',
  },
  {
    name: 'whose containers were taken away to begin anew',
    spec: { restartPolicy: 'Never', initContainers: [{ name: 'init' }] },
    init: [told('init', { waiting: {} }, { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } })],
    regular: [told('app', { waiting: {} }, { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } })],
    phase: 'Running',
  },
  {
    name: 'of which nothing is told yet of one container',
    spec: { containers: [app, { name: 'other' }] },
    regular: [told('app', running)],
    phase: 'Pending',
  },
  {
    name: 'of which one container crashes beside one that runs',
    spec: { containers: [app, { name: 'other' }] },
    regular: [told('app', running), told('other', waiting, ended(1))],
    phase: 'Running',
  },
  {
    name: 'whose work is done while its sidecar runs',
    spec: { restartPolicy: 'Never', initContainers: [sidecar] },
    init: [told('side', running, {}, true)],
    regular: [told('app', ended(0))],
    phase: 'Running',
  },
  {
    name: 'that failed while its sidecar runs',
    spec: { restartPolicy: 'Never', initContainers: [sidecar] },
    init: [told('side', running, {}, true)],
    regular: [told('app', ended(1))],
    phase: 'Running',
  },
  {
    name: 'whose work is done, whatever its sidecar ended with',
    spec: { restartPolicy: 'Never', initContainers: [sidecar] },
    init: [told('side', ended(137))],
    regular: [told('app', ended(0))],
    phase: 'Succeeded',
  },
  {
    name: 'whose sidecar has not started',
    spec: { initContainers: [sidecar] },
    init: [told('side', running, {}, false)],
    regular: [told('app', { waiting: {} })],
    phase: 'Pending',
  },
  {
    name: 'whose sidecar crashes while the others run',
    spec: { initContainers: [sidecar] },
    init: [told('side', waiting, ended(1))],
    regular: [told('app', running)],
    begun: true,
    phase: 'Running',
  },
  {
    name: 'whose sidecar starts anew while the others run',
    spec: { initContainers: [sidecar] },
    init: [told('side', running, ended(1), false)],
    regular: [told('app', running)],
    begun: true,
    phase: 'Running',
  },
  {
    name: 'that begins anew in another sandbox, with its init container',
    spec: { initContainers: [{ name: 'init' }] },
    init: [told('init', running, ended(0))],
    regular: [told('app', ended(137))],
    phase: 'Pending',
  },
  {
    name: 'that begins anew in another sandbox, with its sidecar',
    spec: { initContainers: [sidecar] },
    init: [told('side', running, ended(137), false)],
    regular: [told('app', ended(137))],
    phase: 'Pending',
  },
])('a pod $name is $phase', ({ spec, init = [], regular, begun = false, phase }) => {
  const pod = { spec: { containers: [app], ...spec } } as Pod
  expect(phaseOf(pod, { init, regular }, { terminal: false, begun })).toBe(phase)
})

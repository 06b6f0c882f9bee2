import type { Container, Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { ContainerStatus, PodSandbox } from '../container-runtime/container-runtime.ts'
import { CONTAINER_HASH } from '../container-runtime/labels.ts'
import { hashOfContainer } from './container-hash.ts'
import { planSync } from './sync-plan.ts'

type Policy = 'Always' | 'OnFailure' | 'Never'
const silent = { liveness: () => undefined, startup: () => undefined }
const app: Container = { name: 'app', image: 'app:1' }

const pod = (spec: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u' },
  spec: { containers: [app], ...spec },
})
const sandbox = (told: Partial<PodSandbox> & { attempt?: number } = {}): PodSandbox => ({
  id: `sandbox-${told.attempt ?? 0}`,
  config: { name: 'web', namespace: 'default', uid: 'u', attempt: told.attempt ?? 0 },
  state: 'ready',
  createdAt: 1,
  pid: 1,
  ips: ['10.244.0.2'],
  labels: {},
  annotations: {},
  ...told,
})
const status = (of: Container, told: Partial<ContainerStatus> = {}): ContainerStatus => ({
  id: `${of.name}-0`,
  name: of.name,
  attempt: 0,
  sandboxId: 'sandbox-0',
  podUid: 'u',
  image: of.image ?? '',
  imageId: '',
  state: 'running',
  createdAt: 1,
  startedAt: 1,
  finishedAt: 0,
  exitCode: 0,
  reason: '',
  message: '',
  labels: {},
  annotations: { [CONTAINER_HASH]: hashOfContainer(of) },
  ...told,
})
const ended = (of: Container, exitCode: number) => status(of, { state: 'exited', exitCode, finishedAt: 2 })
const names = (plan: { start: { container: { name: string } }[] }) => plan.start.map(({ container }) => container.name)

describe('sandbox', () => {
  it('is made first when there is none, with the first init container alone', () => {
    const inits = [{ name: 'i1' }, { name: 'i2' }]
    const plan = planSync(pod({ initContainers: inits }), { sandboxes: [], containers: [] }, silent)
    expect(plan).toMatchObject({ createSandbox: true, attempt: 0, finished: false })
    expect(names(plan)).toEqual(['i1'])
  })

  it.each([
    { name: 'it stopped', dead: sandbox({ state: 'notReady', ips: [] }) },
    { name: 'it has no address', dead: sandbox({ ips: [] }) },
  ])('is made again with the next attempt when $name', ({ dead }) => {
    const plan = planSync(pod(), { sandboxes: [dead], containers: [status(app)] }, silent)
    expect(plan).toMatchObject({ killPod: true, createSandbox: true, attempt: 1 })
    expect(names(plan)).toEqual(['app'])
  })

  it('needs no address on the host network', () => {
    const plan = planSync(
      pod({ hostNetwork: true }),
      { sandboxes: [sandbox({ ips: [] })], containers: [status(app)] },
      silent,
    )
    expect(plan.createSandbox).toBe(false)
  })

  it('is not made again for a pod that never restarts and has run', () => {
    const world = { sandboxes: [sandbox({ state: 'notReady' })], containers: [ended(app, 0)] }
    expect(planSync(pod({ restartPolicy: 'Never' }), world, silent)).toMatchObject({
      createSandbox: false,
      finished: true,
    })
  })
})

describe('regular containers', () => {
  it.each<{ policy: Policy; exitCode: number; starts: string[]; finished: boolean }>([
    { policy: 'Always', exitCode: 0, starts: ['app'], finished: false },
    { policy: 'Always', exitCode: 1, starts: ['app'], finished: false },
    { policy: 'OnFailure', exitCode: 0, starts: [], finished: true },
    { policy: 'OnFailure', exitCode: 1, starts: ['app'], finished: false },
    { policy: 'Never', exitCode: 0, starts: [], finished: true },
    { policy: 'Never', exitCode: 1, starts: [], finished: true },
  ])('with policy $policy and exit code $exitCode start $starts', ({ policy, exitCode, starts, finished }) => {
    const world = { sandboxes: [sandbox()], containers: [ended(app, exitCode)] }
    const plan = planSync(pod({ restartPolicy: policy }), world, silent)
    expect(names(plan)).toEqual(starts)
    expect(plan.finished).toBe(finished)
  })

  it('leaves alone what runs as it should', () => {
    const plan = planSync(pod(), { sandboxes: [sandbox()], containers: [status(app)] }, silent)
    expect(plan).toMatchObject({ start: [], kill: [], killPod: false, finished: false })
  })

  it('kills and starts a container whose image changed', () => {
    const world = { sandboxes: [sandbox()], containers: [status(app)] }
    const plan = planSync(pod({ containers: [{ ...app, image: 'app:2' }] }), world, silent)
    expect(plan.kill[0]?.message).toBe('Container app definition changed, will be restarted')
    expect(names(plan)).toEqual(['app'])
  })

  it('kills what fails its liveness probe; with policy Never it is not started again', () => {
    const failing = { liveness: () => 'failure' as const, startup: () => undefined }
    const world = { sandboxes: [sandbox()], containers: [status(app)] }
    const always = planSync(pod(), world, failing)
    expect(always.kill[0]?.message).toBe('Container app failed liveness probe, will be restarted')
    expect(names(always)).toEqual(['app'])
    const never = planSync(pod({ restartPolicy: 'Never' }), world, failing)
    expect(never.kill).toHaveLength(1)
    expect(names(never)).toEqual([])
  })
})

describe('what is killed has', () => {
  const probes = {
    livenessProbe: { terminationGracePeriodSeconds: 5 },
    startupProbe: { terminationGracePeriodSeconds: 7 },
  }
  const probed = { ...app, ...probes }
  const spec = { containers: [probed], terminationGracePeriodSeconds: 60 }
  const fails = (probe: 'liveness' | 'startup') => ({ ...silent, [probe]: () => 'failure' as const })

  it.each([
    { name: 'the time of its liveness probe', probe: fails('liveness'), seconds: 5 },
    { name: 'the time of its startup probe', probe: fails('startup'), seconds: 7 },
    { name: 'the time of its pod when it was changed', probe: silent, was: { ...probed, image: 'app:0' }, seconds: 60 },
  ])('$name', ({ probe, was = probed, seconds }) => {
    const plan = planSync(pod(spec), { sandboxes: [sandbox()], containers: [status(was)] }, probe)
    expect(plan.kill.map(({ graceSeconds }) => graceSeconds)).toEqual([seconds])
  })
})

describe('init containers', () => {
  const inits: Container[] = [{ name: 'i1' }, { name: 'i2' }]
  const begun = (...containers: ContainerStatus[]) => ({ sandboxes: [sandbox()], containers })

  it('wait for the one before', () => {
    const plan = planSync(pod({ initContainers: inits }), begun(status(inits[0]!)), silent)
    expect(names(plan)).toEqual([])
  })

  it('follow one after another, then the regular ones', () => {
    const spec = pod({ initContainers: inits })
    expect(names(planSync(spec, begun(ended(inits[0]!, 0)), silent))).toEqual(['i2'])
    expect(names(planSync(spec, begun(ended(inits[1]!, 0), ended(inits[0]!, 0)), silent))).toEqual(['app'])
  })

  it('are tried again when they fail, unless the pod never restarts', () => {
    const failed = begun(ended(inits[0]!, 1))
    expect(names(planSync(pod({ initContainers: inits }), failed, silent))).toEqual(['i1'])
    const never = planSync(pod({ initContainers: inits, restartPolicy: 'Never' }), failed, silent)
    expect(never).toMatchObject({ killPod: true, finished: true, start: [] })
  })

  it('begin anew in a new sandbox', () => {
    const world = {
      sandboxes: [sandbox({ attempt: 1 }), sandbox({ state: 'notReady' })],
      containers: [status(inits[0]!, { sandboxId: 'sandbox-1', attempt: 1 }), ended(inits[1]!, 0)],
    }
    expect(names(planSync(pod({ initContainers: inits }), world, silent))).toEqual([])
  })

  it('that are sidecars are not waited for to end, and are started again when they do', () => {
    const sidecar: Container = { name: 'side', image: 's', restartPolicy: 'Always' }
    const spec = pod({ initContainers: [sidecar] })
    expect(names(planSync(spec, begun(status(sidecar)), silent))).toEqual(['app'])
    expect(names(planSync(spec, begun(status(app), ended(sidecar, 0)), silent))).toEqual(['side'])
  })
})

describe('policies of single containers', () => {
  const own = (restartPolicy: string, name = 'app') => ({ ...app, name, restartPolicy })
  const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [42] } }
  const never = { ...own('Never'), restartPolicyRules: [rule] }
  const world = (...containers: ContainerStatus[]) => ({ sandboxes: [sandbox()], containers })

  it.each([
    { name: 'a rule that names the code', container: never, code: 42, start: ['app'], finished: false },
    { name: 'no rule that does', container: never, code: 1, start: [], finished: true },
    {
      name: 'OnFailure in a pod that never restarts',
      container: own('OnFailure'),
      code: 1,
      start: ['app'],
      finished: false,
    },
  ])('start a container again: $name', ({ container, code, start, finished }) => {
    const plan = planSync(
      pod({ containers: [container], restartPolicy: 'Never' }),
      world(ended(container, code)),
      silent,
    )
    expect(names(plan)).toEqual(start)
    expect(plan.finished).toBe(finished)
  })

  it('end a container for good beside one that goes on', () => {
    const other = { ...app, name: 'other' }
    const spec = { containers: [own('Never'), other] }
    const plan = planSync(pod(spec), world(ended(own('Never'), 0), status(other)), silent)
    expect(plan).toMatchObject({ finished: false, start: [] })
  })

  it('give up a pod whose init container may not fail, although its pod restarts', () => {
    const init = own('Never', 'init')
    expect(planSync(pod({ initContainers: [init] }), world(ended(init, 1)), silent).finished).toBe(true)
    const again = own('OnFailure', 'init')
    const plan = planSync(pod({ initContainers: [again], restartPolicy: 'Never' }), world(ended(again, 1)), silent)
    expect(names(plan)).toEqual(['init'])
  })

  it('decide which of them come back in a new sandbox', () => {
    const spec = { containers: [own('Never'), own('OnFailure', 'other')], restartPolicy: 'Never' as const }
    const state = {
      sandboxes: [sandbox({ state: 'notReady' })],
      containers: [ended(own('Never'), 1), ended(own('OnFailure', 'other'), 1)],
    }
    expect(names(planSync(pod(spec), state, silent))).toEqual(['other'])
  })
})

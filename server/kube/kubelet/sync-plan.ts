// What has to be killed and started so that a pod becomes what its spec says: a pure function of the spec, the
// runtime's state and the probes' verdicts. Upstream: kuberuntime_manager.go, computePodActions.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ContainerStatus, PodSandbox } from '../container-runtime/container-runtime.ts'
import { CONTAINER_HASH } from '../container-runtime/labels.ts'
import { hashOfContainer } from './container-hash.ts'
import { resizeOf } from './pod-resize.ts'
import {
  type ContainerRole,
  type ContainerSpec,
  containersOf,
  ephemeralOf,
  initRole,
  latestOf,
  type PodRuntimeState,
} from './pod-runtime-state.ts'
import { mayRestart, restartsAfter, restartsAll, restartsWhenKilled } from './restart-policy.ts'

export interface ContainerToStart {
  container: ContainerSpec
  role: ContainerRole
}

type Reason = 'LivenessProbe' | 'StartupProbe' | 'Changed' | 'Resized' | 'Unknown'

export interface ContainerToKill {
  status: ContainerStatus
  container: ContainerSpec
  message: string
  role: ContainerRole
  reason: Reason
  graceSeconds: number
}

export interface SyncPlan {
  /** Stop everything first, the sandbox too. */
  killPod: boolean
  createSandbox: boolean
  /** Of the sandbox to be created. */
  attempt: number
  sandbox: PodSandbox | undefined
  start: ContainerToStart[]
  kill: ContainerToKill[]
  /** Containers that may use something else from now on, while they run. */
  resize: { status: ContainerStatus; container: ContainerSpec }[]
  /** The container whose end makes all of them begin anew. */
  restartAll?: ContainerStatus
  /** Nothing runs and nothing will run again. */
  finished: boolean
}

export interface ProbeVerdicts {
  liveness(containerId: string): 'success' | 'failure' | undefined
  startup(containerId: string): 'success' | 'failure' | undefined
}

export function planSync(pod: Pod, state: PodRuntimeState, probes: ProbeVerdicts): SyncPlan {
  const { changed, attempt, sandbox } = judgeSandbox(pod, state)
  const plan: SyncPlan = {
    killPod: changed,
    createSandbox: changed,
    attempt,
    sandbox,
    start: [],
    kill: [],
    resize: [],
    finished: false,
  }
  if (changed) return planNewSandbox(pod, state, plan)
  const trigger = triggerOf(pod, state)
  if (trigger) return { ...plan, restartAll: trigger }

  for (const container of ephemeralOf(pod)) {
    if (!latestOf(state, container.name)) plan.start.push({ container, role: 'ephemeral' })
  }
  const initialized = planInitContainers(pod, state, probes, plan)
  if (!initialized) {
    if (isOver(pod, state, plan)) giveUp(plan)
    return plan
  }
  planRegularContainers(pod, state, probes, plan)
  return plan
}

function judgeSandbox(pod: Pod, state: PodRuntimeState) {
  const newest = state.sandboxes[0]
  if (!newest) return { changed: true, attempt: 0, sandbox: undefined }
  const ready = state.sandboxes.filter((sandbox) => sandbox.state === 'ready')
  const withoutAddress = !pod.spec?.hostNetwork && newest.ips.length === 0
  const changed = ready.length > 1 || newest.state !== 'ready' || withoutAddress
  return changed
    ? { changed, attempt: newest.config.attempt + 1, sandbox: undefined }
    : { changed, attempt: newest.config.attempt, sandbox: newest }
}

function planNewSandbox(pod: Pod, state: PodRuntimeState, plan: SyncPlan): SyncPlan {
  const finished = (): SyncPlan => ({ ...plan, createSandbox: false, finished: true })
  const regular = pod.spec?.containers ?? []
  // Those that only serve others are no reason to do all of it again.
  const inits = (pod.spec?.initContainers ?? []).filter((one) => initRole(one) !== 'sidecar')
  const anyMayRestart = [...inits, ...regular].some((one) => mayRestart(pod, one))
  if (!anyMayRestart && plan.attempt !== 0 && state.containers.length > 0) return finished()

  const start = regular.filter((container) => {
    const latest = latestOf(state, container.name)
    return latest?.state !== 'exited' || restartsAfter(pod, container, latest.exitCode)
  })
  if (start.length === 0) return finished()
  const firstInit = pod.spec?.initContainers?.[0]
  plan.start = firstInit
    ? [{ container: firstInit, role: initRole(firstInit) }]
    : start.map((container) => ({ container, role: 'regular' }))
  return plan
}

/**
 * Init containers run one after another; the newest that has any status tells how far we are. Only those of the
 * present sandbox count: a new sandbox begins again with the first. Returns whether all have done their part.
 */
function planInitContainers(pod: Pod, state: PodRuntimeState, probes: ProbeVerdicts, plan: SyncPlan): boolean {
  const inits = pod.spec?.initContainers ?? []
  if (inits.length === 0) return true
  const here = state.containers.filter((status) => status.sandboxId === plan.sandbox?.id)
  const find = (name: string) => here.find((status) => status.name === name)
  const regular = (pod.spec?.containers ?? []).map(({ name }) => find(name))
  // Of init containers that the runtime has forgotten, those that came after them tell.
  const isForgotten = !inits.some(({ name }) => find(name))
  const regularStarted = regular.some(
    (status) => status?.state === 'running' || status?.state === 'created' || (isForgotten && status),
  )
  const start: ContainerToStart[] = []
  const again = (status: ContainerStatus, container: ContainerSpec, role: ContainerRole, reason: Reason) => {
    plan.kill.push(killing(pod, status, { container, role }, reason, true))
    start.push({ container, role })
  }
  let initialized = regularStarted
  let seen = false

  for (let i = inits.length - 1; i >= 0; i--) {
    const container = inits[i]!
    const role = initRole(container)
    const status = find(container.name)
    if (!status) {
      if ((regularStarted || seen) && role === 'sidecar') start.push({ container, role })
      continue
    }
    if (regularStarted && role === 'init') continue
    const goOn = () => {
      const next = inits[i + 1]
      if (next) start.push({ container: next, role: initRole(next) })
      else initialized = true
    }
    // Those behind the first one with a status have begun before and need only be kept alive.
    const isFront = !regularStarted && !seen
    seen = true
    if (status.state === 'running') {
      const resize = resizeOf(container, status)
      if (role === 'init') {
        if (resize === 'inPlace') plan.resize.push({ status, container })
        continue
      }
      if (container.startupProbe && probes.startup(status.id) !== 'success') {
        if (probes.startup(status.id) === 'failure') again(status, container, role, 'StartupProbe')
        continue
      }
      if (isFront) goOn()
      if (isChanged(status, container)) again(status, container, role, 'Changed')
      else if (probes.liveness(status.id) === 'failure') again(status, container, role, 'LivenessProbe')
      else if (resize === 'restart') again(status, container, role, 'Resized')
      else if (resize === 'inPlace') plan.resize.push({ status, container })
    } else if (role === 'sidecar') {
      if (status.state === 'unknown') again(status, container, role, 'Unknown')
      else start.push({ container, role })
    } else if (status.state === 'exited' && status.exitCode === 0) {
      if (isFront) goOn()
    } else if (isFront) {
      if (status.state === 'exited' && !restartsAfter(pod, container, status.exitCode)) return giveUp(plan)
      // Nobody knows whether it has ended, and with which code.
      if (status.state === 'unknown' && !restartsWhenKilled(pod, container)) return giveUp(plan)
      if (status.state === 'unknown') again(status, container, role, 'Unknown')
      else start.push({ container, role })
    }
  }
  if (!seen && !regularStarted) {
    const first = inits[0]!
    start.push({ container: first, role: initRole(first) })
  }
  plan.start.push(...start.reverse())
  return initialized
}

/** What its containers were there for is done, whatever becomes of those that served them. */
function isOver(pod: Pod, state: PodRuntimeState, { sandbox }: SyncPlan): boolean {
  return (pod.spec?.containers ?? []).every((container) => {
    const status = latestOf(state, container.name)
    return status?.state === 'exited' && status.sandboxId === sandbox?.id && !willStart(pod, container, status)
  })
}

function giveUp(plan: SyncPlan): false {
  plan.killPod = true
  plan.finished = true
  plan.start = []
  return false
}

function planRegularContainers(pod: Pod, state: PodRuntimeState, probes: ProbeVerdicts, plan: SyncPlan): void {
  let kept = 0
  let started = 0
  for (const container of pod.spec?.containers ?? []) {
    const status = latestOf(state, container.name)
    if (status?.state === 'running' && status.sandboxId === plan.sandbox?.id) {
      const resize = resizeOf(container, status)
      const why = isChanged(status, container)
        ? 'Changed'
        : probes.liveness(status.id) === 'failure'
          ? 'LivenessProbe'
          : probes.startup(status.id) === 'failure'
            ? 'StartupProbe'
            : resize === 'restart'
              ? 'Resized'
              : undefined
      if (!why) {
        kept++
        if (resize === 'inPlace') plan.resize.push({ status, container })
        continue
      }
      const again = why === 'Changed' || why === 'Resized' || restartsWhenKilled(pod, container)
      plan.kill.push(killing(pod, status, { container, role: 'regular' }, why, again))
      if (again) {
        plan.start.push({ container, role: 'regular' })
        started++
      }
      continue
    }
    if (!willStart(pod, container, status)) continue
    if (status?.state === 'unknown') {
      plan.kill.push(killing(pod, status, { container, role: 'regular' }, 'Unknown', true))
    }
    plan.start.push({ container, role: 'regular' })
    started++
  }
  if (kept === 0 && started === 0) {
    plan.killPod = true
    plan.finished = true
    // Sidecars have nobody left to serve.
    plan.start = []
  }
}

function triggerOf(pod: Pod, state: PodRuntimeState): ContainerStatus | undefined {
  if (pod.metadata?.deletionTimestamp) return undefined
  for (const { container, role } of containersOf(pod)) {
    const latest = latestOf(state, container.name)
    if (role !== 'ephemeral' && latest?.state === 'exited' && restartsAll(container, latest.exitCode)) return latest
  }
  return undefined
}

/** Whether a container that does not run will be started (again). Upstream: ShouldContainerBeRestarted. */
export function willStart(pod: Pod, container: ContainerSpec, status: ContainerStatus | undefined): boolean {
  if (pod.metadata?.deletionTimestamp) return false
  if (!status || status.state === 'created' || status.state === 'unknown') return true
  if (status.state === 'running') return false
  return restartsAfter(pod, container, status.exitCode)
}

function isChanged(status: ContainerStatus, container: ContainerSpec): boolean {
  const made = status.annotations[CONTAINER_HASH]
  return made !== undefined && made !== hashOfContainer(container)
}

function killing(
  pod: Pod,
  status: ContainerStatus,
  { container, role }: ContainerToStart,
  reason: Reason,
  again: boolean,
): ContainerToKill {
  const isInit = role !== 'regular'
  const who = isInit ? 'Init container' : 'Container'
  const why = {
    Changed: `${who} ${container.name} definition changed`,
    Resized: `Container ${container.name} resize requires restart`,
    LivenessProbe: `${who} ${container.name} failed liveness probe`,
    StartupProbe: `${who} ${container.name} failed startup probe`,
    Unknown: `${who} is in "unknown" state, try killing it before restart`,
  }[reason]
  // Of others it goes without saying.
  const isTold = again && !isInit && reason !== 'Unknown' && reason !== 'Resized'
  const message = isTold ? `${why}, will be restarted` : why
  return { status, container, role, reason, message, graceSeconds: graceFor(pod, container, reason) }
}

/** A probe may have a grace period of its own, for those whom it ends. Upstream: setTerminationGracePeriod. */
function graceFor({ spec }: Pod, container: ContainerSpec, reason: ContainerToKill['reason']): number {
  const probe = { LivenessProbe: container.livenessProbe, StartupProbe: container.startupProbe }
  const own = reason === 'LivenessProbe' || reason === 'StartupProbe' ? probe[reason] : undefined
  return Number(own?.terminationGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30)
}

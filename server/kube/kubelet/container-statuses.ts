// The containers' part of a pod's status, as kubectl shows it. Upstream: kubelet_pods.go, convertToAPIContainerStatuses.

import type { ContainerStatus as ApiContainerStatus, ContainerState, Pod } from 'kubernetes-types/core/v1'
import type { ContainerStatus } from '../container-runtime/container-runtime.ts'
import { LOST_AT_THE_END } from './last-words.ts'
import { usedResources } from './pod-resize.ts'
import { type ContainerRole, type ContainerSpec, latestOf, type PodRuntimeState } from './pod-runtime-state.ts'
import { RESTARTING_ALL } from './restart-policy.ts'
import { willStart } from './sync-plan.ts'
import { timestampOf } from './timestamp.ts'

export interface StartFailure {
  reason: string
  message: string
}

export interface ContainerStatusInput {
  pod: Pod
  state: PodRuntimeState
  /** Why a container could not be started at the last try, by name. */
  failures: ReadonlyMap<string, StartFailure>
  /** The pod's containers will not be started again, whatever its restart policy says. */
  terminal: boolean
  /** All of them are being taken away, to begin anew in the same sandbox. */
  isRestartingAll?: boolean
  runtimeName: string
  /** Verdicts of readiness and startup probes; undefined when there is no such probe. */
  isReady(containerId: string): boolean | undefined
  isStarted(containerId: string): boolean | undefined
}

export function containerStatusOf(
  container: ContainerSpec,
  role: ContainerRole,
  input: ContainerStatusInput,
): ApiContainerStatus {
  const { pod, state, failures, terminal } = input
  const previous = previousStatus(pod, container.name, role)
  const latest = latestOf(state, container.name)
  const hasInit = (pod.spec?.initContainers ?? []).length > 0
  const waiting: ContainerState = { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } }
  const unseen = latest ? undefined : unseenStates(previous, role, waiting, input)
  const id = latest ? `${input.runtimeName}://${latest.id}` : previous?.containerID
  const status: ApiContainerStatus = {
    name: container.name,
    state: unseen?.state ?? stateOf(latest!, input.runtimeName, waiting),
    lastState: unseen?.lastState ?? lastStateOf(latest!, previous, input),
    ready: false,
    restartCount: latest?.attempt ?? previous?.restartCount ?? 0,
    image: latest?.image || container.image || '',
    imageID: latest?.imageId ?? previous?.imageID ?? '',
    ...(id ? { containerID: id } : {}),
    started: false,
    ...toldMounts(container),
  }

  const failure = failures.get(container.name)
  const hasDoneItsPart = role === 'init' && latest?.state === 'exited' && latest.exitCode === 0
  const mayStart = !terminal && !hasDoneItsPart && willStart(pod, container, latest)
  if (failure && mayStart && role !== 'ephemeral') {
    if (status.state?.terminated) status.lastState = status.state
    status.state = { waiting: { reason: failure.reason, message: failure.message } }
  } else if (failure && !latest) {
    status.state = { waiting: { reason: failure.reason, message: failure.message } }
  }
  judgeReadiness(status, container, role, latest, input)
  if (role !== 'ephemeral' && latest) tellResources(status, container, latest)
  const { stopSignal } = container.lifecycle ?? {}
  if (stopSignal && latest) Object.assign(status, { stopSignal })
  return status
}

/** What it was granted, and what it really may use. */
function tellResources(status: ApiContainerStatus, container: ContainerSpec, latest: ContainerStatus): void {
  const { requests } = container.resources ?? {}
  if (requests) status.allocatedResources = requests
  Object.assign(status, { resources: usedResources(container, latest) })
}

function judgeReadiness(
  status: ApiContainerStatus,
  container: ContainerSpec,
  role: ContainerRole,
  latest: ContainerStatus | undefined,
  input: ContainerStatusInput,
): void {
  const running = latest?.state === 'running' && status.state?.running !== undefined
  if (role === 'init') {
    status.ready = status.state?.terminated?.exitCode === 0 && status.state.terminated !== undefined
    status.started = running
    return
  }
  if (!running || !latest) return
  status.started = container.startupProbe ? input.isStarted(latest.id) === true : true
  status.ready = status.started && (container.readinessProbe ? input.isReady(latest.id) === true : true)
}

function previousStatus(pod: Pod, name: string, role: ContainerRole): ApiContainerStatus | undefined {
  const list =
    role === 'regular'
      ? pod.status?.containerStatuses
      : role === 'ephemeral'
        ? pod.status?.ephemeralContainerStatuses
        : pod.status?.initContainerStatuses
  return list?.find((status) => status.name === name)
}

function stateOf(status: ContainerStatus, runtimeName: string, waiting: ContainerState): ContainerState {
  switch (status.state) {
    case 'running':
      return { running: { startedAt: timestampOf(status.startedAt) } }
    case 'exited':
      return { terminated: terminatedOf(status, runtimeName) }
    case 'created':
      return waiting
    case 'unknown':
      return { terminated: LOST_AT_THE_END }
  }
}

function terminatedOf(status: ContainerStatus, runtimeName: string) {
  return {
    exitCode: status.exitCode,
    reason: status.reason || (status.exitCode === 0 ? 'Completed' : 'Error'),
    ...(status.message ? { message: status.message } : {}),
    startedAt: timestampOf(status.startedAt),
    finishedAt: timestampOf(status.finishedAt),
    containerID: `${runtimeName}://${status.id}`,
  }
}

/** The runtime knows nothing of it (yet, or any more): the API's memory is the best we have. */
function unseenStates(
  previous: ApiContainerStatus | undefined,
  role: ContainerRole,
  waiting: ContainerState,
  { pod, state, terminal, isRestartingAll }: ContainerStatusInput,
): Pick<ApiContainerStatus, 'state' | 'lastState'> {
  const lastState = previous?.lastState ?? {}
  const was = previous?.state
  if (isRestartingAll && was && !was.waiting) {
    return { state: { waiting: TAKEN_AWAY }, lastState: { terminated: { exitCode: 137, ...TAKEN_AWAY } } }
  }
  if (was?.terminated || (was?.waiting && terminal)) return { state: was, lastState }
  if (was?.running && terminal) return { state: { terminated: LOST_AT_THE_END }, lastState }
  // Those after it would not have begun before it was done.
  if (role === 'init' && (pod.spec?.containers ?? []).some(({ name }) => latestOf(state, name))) {
    return { state: { terminated: DONE_UNSEEN }, lastState }
  }
  if (was?.running && !lastState.terminated) return { state: waiting, lastState: { terminated: LOST_WHILE_RUNNING } }
  return { state: waiting, lastState }
}

const TAKEN_AWAY = {
  reason: RESTARTING_ALL,
  message: 'The container is removed because RestartAllContainers in place',
}

const DONE_UNSEEN = {
  exitCode: 0,
  reason: 'Completed',
  message:
    'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally',
}

const LOST_WHILE_RUNNING = {
  ...LOST_AT_THE_END,
  message: 'The container could not be located when the pod was deleted.  The container used to be Running',
}

function lastStateOf(
  latest: ContainerStatus,
  previous: ApiContainerStatus | undefined,
  { state, runtimeName }: ContainerStatusInput,
): ContainerState {
  const before = state.containers.find((one) => one.name === latest.name && one !== latest && one.state === 'exited')
  if (before) return { terminated: terminatedOf(before, runtimeName) }
  // The instance before may have been taken away already; the API remembers it.
  const isAnother = previous?.containerID !== `${runtimeName}://${latest.id}`
  return (isAnother && previous?.state?.terminated ? previous.state : previous?.lastState) ?? {}
}

/** No runtime here makes what is mounted below a read-only mount read-only too. */
function toldMounts({ volumeMounts = [] }: ContainerSpec): Pick<ApiContainerStatus, 'volumeMounts'> {
  if (volumeMounts.length === 0) return {}
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
    })),
  }
}

// The kubelet's own conditions of a pod; those of others (scheduler, readiness gates) are carried along untouched.
// Upstream: pkg/kubelet/status/generate.go.

import type { ContainerStatus, Pod, PodCondition } from 'kubernetes-types/core/v1'
import { observed } from '../kinds/pod-template/observed.ts'
import { initRole } from './pod-runtime-state.ts'

/** The conditions that the kubelet alone writes. */
export const OWN_CONDITIONS: readonly string[] = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
]

/** Others say of a pod that it is disrupted as well, each for reasons of their own. */
export const isOwnCondition = ({ type, reason }: PodCondition): boolean =>
  OWN_CONDITIONS.includes(type) || (type === 'DisruptionTarget' && reason === 'TerminationByKubelet')

type Condition = PodCondition & { observedGeneration?: number }

export type Verdict = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>

export function conditionsOf(
  pod: Pod,
  statuses: { init: ContainerStatus[]; regular: ContainerStatus[] },
  phase: string,
  options: { sandboxReady: boolean; now: string; resize?: readonly Verdict[] },
): PodCondition[] {
  const previous = pod.status?.conditions ?? []
  const containersReady = judgeContainers(pod, statuses, phase)
  const scheduled: Verdict = { type: 'PodScheduled', status: 'True' }
  const verdicts: Verdict[] = [
    { type: 'PodReadyToStartContainers', status: options.sandboxReady ? 'True' : 'False' },
    judgeInit(pod, statuses, phase),
    judgeReady(pod, containersReady),
    containersReady,
    scheduled,
    ...(options.resize ?? []).map((one) => (one.type === 'AllContainersRestarting' ? atTheEnd(one, phase) : one)),
  ]
  const { observedGeneration } = observed(pod)
  // Field by field, in the order of the type: then all are of one shape, and nobody has to put them in order.
  const own = verdicts.map(({ type, status, reason, message }) => {
    const before = previous.find((one) => one.type === type)
    const since = (before?.status === status ? before.lastTransitionTime : undefined) ?? options.now
    const lastProbeTime = null as unknown as string
    const condition: Condition =
      observedGeneration === undefined
        ? { type, status, lastProbeTime, lastTransitionTime: since }
        : { type, observedGeneration, status, lastProbeTime, lastTransitionTime: since }
    if (reason !== undefined) condition.reason = reason
    if (message !== undefined) condition.message = message
    return condition
  })
  return [
    ...own,
    ...previous.filter((one) => !OWN_CONDITIONS.includes(one.type) && !own.some(({ type }) => type === one.type)),
  ]
}

/** Of what a pod that is over does no more. */
function atTheEnd(verdict: Verdict, phase: string): Verdict {
  const reason = { Succeeded: 'PodCompleted', Failed: 'PodFailed' }[phase]
  return reason ? { type: verdict.type, status: 'False', reason } : verdict
}

function judgeInit(
  pod: Pod,
  { init, regular }: { init: ContainerStatus[]; regular: ContainerStatus[] },
  phase: string,
): Verdict {
  const inits = pod.spec?.initContainers ?? []
  const incomplete = inits
    .filter((container) => {
      const status = init.find(({ name }) => name === container.name)
      return initRole(container) === 'sidecar' ? !status?.started : !status?.ready
    })
    .map(({ name }) => name)
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' }
  // Once it was so, or a regular container has begun, the pod stays initialised, whatever becomes of its init containers.
  const begun = regular.some(
    (status) => status.state?.running || status.state?.terminated || status.lastState?.terminated,
  )
  const wasSo = pod.status?.conditions?.some(({ type, status }) => type === 'Initialized' && status === 'True')
  if (incomplete.length === 0 || begun || wasSo) return { type: 'Initialized', status: 'True' }
  return {
    type: 'Initialized',
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  }
}

function judgeContainers(
  pod: Pod,
  { init, regular }: { init: ContainerStatus[]; regular: ContainerStatus[] },
  phase: string,
): Verdict {
  const type = 'ContainersReady'
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => initRole(container) === 'sidecar')
  const all = [...sidecars, ...(pod.spec?.containers ?? [])]
  const statuses = [...init, ...regular]
  const unready = all.filter(({ name }) => !statuses.find((status) => status.name === name)?.ready)
  if (unready.length === 0) return { type, status: 'True' }
  const message = `containers with unready status: [${unready.map(({ name }) => name).join(' ')}]`
  return { type, status: 'False', reason: 'ContainersNotReady', message }
}

function judgeReady(pod: Pod, containersReady: Verdict): Verdict {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' }
  const conditions = pod.status?.conditions ?? []
  const waiting = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType)
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    if (condition.status === 'True') return []
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`]
  })
  if (waiting.length === 0) return { type: 'Ready', status: 'True' }
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: waiting.join(', ') }
}

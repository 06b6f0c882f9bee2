// A pod's whole status, from its spec and what the runtime says: pure, so that the same world always gives the same
// words. Upstream: kubelet_pods.go, generateAPIPodStatus.

import type { ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import type { ContainerStatus as RuntimeStatus } from '../container-runtime/container-runtime.ts'
import { qosClassOf } from '../kinds/pod-template/qos.ts'
import { type ContainerStatusInput, containerStatusOf } from './container-statuses.ts'
import { endAll, fitMessages } from './last-words.ts'
import { conditionsOf, isOwnCondition, type Verdict } from './pod-conditions.ts'
import { phaseOf } from './pod-phase.ts'
import { ephemeralOf, initRole, isAlive } from './pod-runtime-state.ts'
import { timestampOf } from './timestamp.ts'
import { wholeResourcesOf } from './whole-resources.ts'

export interface PodStatusInput extends ContainerStatusInput {
  now: number
  nodeIPs: readonly string[]
  resize?: readonly Verdict[]
  /** Set when the kubelet itself ended the pod: `DeadlineExceeded`, `OutOfcpu`, `Evicted` … */
  verdict?: { reason: string; message: string; condition?: Verdict; isRejection?: boolean } | undefined
}

export function podStatusOf(input: PodStatusInput): PodStatus {
  const { pod, state, nodeIPs, terminal } = input
  if (isRejected(input)) return rejectedStatusOf(input)
  // Nobody is told that a pod has failed while something of it still runs: others would begin in its place.
  const verdict = terminal || !state.containers.some(isAlive) ? input.verdict : undefined
  const init = (pod.spec?.initContainers ?? []).map((one) => containerStatusOf(one, initRole(one), input))
  const regular = (pod.spec?.containers ?? []).map((one) => containerStatusOf(one, 'regular', input))
  const ephemeral = ephemeralOf(pod).map((one) => containerStatusOf(one, 'ephemeral', input))

  const before = pod.status?.phase
  const isSettled = before === 'Succeeded' || before === 'Failed'
  const phase = verdict
    ? 'Failed'
    : isSettled
      ? before
      : phaseOf(pod, { init, regular }, { terminal, begun: hasBegun(input) })
  const now = timestampOf(input.now)
  const sandbox = state.sandboxes.find((one) => one.state === 'ready')
  const ips = pod.spec?.hostNetwork ? nodeIPs : sandbox && sandbox.ips.length > 0 ? sandbox.ips : podIPsBefore(pod)
  const generation = pod.metadata?.generation
  const reason = verdict ?? (isSettled ? { reason: pod.status?.reason, message: pod.status?.message } : undefined)

  const conditions = conditionsOf(pod, { init, regular }, phase, {
    sandboxReady: sandbox !== undefined && (pod.spec?.hostNetwork === true || sandbox.ips.length > 0),
    now,
    resize: [...(input.resize ?? []), ...(verdict?.condition ? [verdict.condition] : [])],
  })
  if (terminal) endAll(pod, { init, regular })
  return fitMessages({
    ...(generation ? { observedGeneration: generation } : {}),
    phase,
    conditions,
    ...(reason?.message ? { message: reason.message } : {}),
    ...(reason?.reason ? { reason: reason.reason } : {}),
    hostIP: nodeIPs[0]!,
    ...({ hostIPs: nodeIPs.map((ip) => ({ ip })) } as object),
    ...(ips.length > 0 ? { podIP: ips[0]!, podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: pod.status?.startTime ?? now,
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: byName(regular),
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: byName(ephemeral) } : {}),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod.spec),
    ...(wholeResourcesOf(pod) as object),
  })
}

/** In a new sandbox a pod begins anew. */
function hasBegun({ pod, state }: PodStatusInput): boolean {
  const [sandbox] = state.sandboxes
  const isHere = ({ sandboxId, state: is }: RuntimeStatus) => sandboxId === sandbox?.id && is !== 'created'
  const begun = sandbox?.state === 'ready' ? state.containers.filter(isHere) : []
  return (pod.spec?.containers ?? []).some((container) => begun.some(({ name }) => name === container.name))
}

/** Also one that an earlier kubelet turned away: nothing of it ever was here. */
const isRejected = ({ pod, state, verdict }: PodStatusInput) =>
  state.containers.length === 0 &&
  (verdict?.isRejection || (pod.status?.phase === 'Failed' && !pod.status.containerStatuses))

/** It has no containers to speak of: kubectl shows the reason in their place. Upstream: kubelet.go, rejectPod. */
function rejectedStatusOf({ pod, verdict, now }: PodStatusInput): PodStatus {
  const { status: told = {} } = pod
  const { reason, message } = verdict ?? told
  const generation = pod.metadata?.generation
  return {
    ...(generation ? { observedGeneration: generation } : {}),
    phase: 'Failed',
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    conditions: (told.conditions ?? []).filter((one) => !isOwnCondition(one)),
    startTime: told.startTime ?? timestampOf(now),
    qosClass: told.qosClass ?? qosClassOf(pod.spec),
  }
}

/** As upstream; those of init containers stay in the order in which they run. */
const byName = (statuses: ContainerStatus[]) => statuses.toSorted((a, b) => (a.name < b.name ? -1 : 1))

const podIPsBefore = (pod: Pod) => (pod.status?.podIPs ?? []).flatMap(({ ip }) => (ip ? [ip] : []))

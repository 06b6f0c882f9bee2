// A pod's phase from the state of its containers. Upstream: kubelet_pods.go, getPhase.

import type { ContainerStateTerminated, ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import { type ContainerSpec, initRole } from './pod-runtime-state.ts'
import { RESTARTING_ALL, restartsAfter } from './restart-policy.ts'

interface Statuses {
  init: ContainerStatus[]
  regular: ContainerStatus[]
}

/** `terminal`: nothing of it will be started any more. `begun`: a regular container has started in its present sandbox. */
export function phaseOf(
  pod: Pod,
  statuses: Statuses,
  { terminal, begun }: { terminal: boolean; begun: boolean },
): NonNullable<PodStatus['phase']> {
  const inits = countInits(pod, statuses)
  const sidecars = countSidecars(pod, statuses)
  const regular = countRegular(pod, statuses)
  const running = sidecars.running + regular.running
  const unknown = sidecars.unknown + regular.unknown
  const { waiting, stopped, succeeded } = regular

  if (inits.isOver) return 'Failed'
  if (terminal && stopped + waiting + inits.pending + sidecars.pending > 0 && running === 0 && regular.unknown === 0) {
    return stopped > 0 && stopped === succeeded && waiting === 0 && inits.failed === 0 ? 'Succeeded' : 'Failed'
  }
  if (inits.pending > 0 || (sidecars.pending > 0 && !begun)) return 'Pending'
  if (waiting + sidecars.waiting > 0 || unknown > 0) return 'Pending'
  // What serves the others runs to the end, and the pod does so too.
  if (running > 0) return 'Running'
  if (stopped === 0) return 'Pending'
  if (regular.restarting > 0) return 'Running'
  return stopped === succeeded ? 'Succeeded' : 'Failed'
}

/** How the container ended, or its instance before where the next one waits. */
const endOf = (status: ContainerStatus | undefined) =>
  status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)

const comesBack = (pod: Pod, container: ContainerSpec, { exitCode, reason }: ContainerStateTerminated) =>
  reason === RESTARTING_ALL || restartsAfter(pod, container, exitCode)

function countInits(pod: Pod, { init }: Statuses) {
  const counts = { pending: 0, failed: 0, isOver: false }
  for (const container of pod.spec?.initContainers ?? []) {
    if (initRole(container) === 'sidecar') continue
    const ended = endOf(statusOf(init, container))
    if (!ended) counts.pending++
    else if (ended.exitCode !== 0) {
      counts.failed++
      if (!comesBack(pod, container, ended)) counts.isOver = true
    }
  }
  return counts
}

/** One that has ended, and waits to be started again or not, counts for nothing. */
function countSidecars(pod: Pod, { init }: Statuses) {
  const counts = { pending: 0, running: 0, waiting: 0, unknown: 0 }
  for (const container of pod.spec?.initContainers ?? []) {
    if (initRole(container) !== 'sidecar') continue
    const status = statusOf(init, container)
    if (endOf(status)) continue
    if (!status?.started) counts.pending++
    if (status?.state?.running) counts.running++
    else if (status?.state?.waiting) counts.waiting++
    else counts.unknown++
  }
  return counts
}

function countRegular(pod: Pod, { regular }: Statuses) {
  const counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0, restarting: 0, unknown: 0 }
  for (const container of pod.spec?.containers ?? []) {
    const status = statusOf(regular, container)
    const ended = endOf(status)
    if (ended) {
      counts.stopped++
      if (status?.state?.terminated?.exitCode === 0) counts.succeeded++
      if (comesBack(pod, container, ended)) counts.restarting++
    } else if (status?.state?.running) counts.running++
    else if (status?.state?.waiting) counts.waiting++
    else counts.unknown++
  }
  return counts
}

const statusOf = (statuses: readonly ContainerStatus[], { name }: ContainerSpec) =>
  statuses.find((status) => status.name === name)

// A pod's phase from the state of its containers. Upstream: kubelet_pods.go, getPhase.

import type { ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import { initRole } from './pod-runtime-state.ts'

export function phaseOf(
  pod: Pod,
  statuses: { init: ContainerStatus[]; regular: ContainerStatus[] },
  terminal: boolean,
): NonNullable<PodStatus['phase']> {
  const policy = pod.spec?.restartPolicy ?? 'Always'
  let pendingInit = 0
  let failedInit = 0
  for (const container of pod.spec?.initContainers ?? []) {
    const status = statuses.init.find(({ name }) => name === container.name)
    if (initRole(container) === 'sidecar') {
      if (!status?.started && !status?.state?.terminated) pendingInit++
      continue
    }
    const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)
    if (!ended) pendingInit++
    else if (ended.exitCode !== 0) failedInit++
  }

  let running = 0
  let waiting = 0
  let stopped = 0
  let succeeded = 0
  let unknown = 0
  for (const container of pod.spec?.containers ?? []) {
    const state = statuses.regular.find(({ name }) => name === container.name)
    if (!state) unknown++
    else if (state.state?.running) running++
    else if (state.state?.terminated) {
      stopped++
      if (state.state.terminated.exitCode === 0) succeeded++
    } else if (state.state?.waiting) {
      if (state.lastState?.terminated) stopped++
      else waiting++
    } else unknown++
  }
  if (failedInit > 0 && policy === 'Never') return 'Failed'
  if (terminal && stopped + waiting + pendingInit > 0 && running === 0 && unknown === 0) {
    return stopped > 0 && stopped === succeeded && waiting === 0 && failedInit === 0 ? 'Succeeded' : 'Failed'
  }
  if ((pendingInit > 0 || failedInit > 0) && running === 0 && stopped === 0) return 'Pending'
  if (waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (policy === 'Always') return 'Running'
    if (stopped === succeeded) return 'Succeeded'
    return policy === 'Never' ? 'Failed' : 'Running'
  }
  return 'Pending'
}

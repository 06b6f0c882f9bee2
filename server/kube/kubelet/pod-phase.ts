// A pod's phase from the state of its containers. Upstream: kubelet_pods.go, getPhase.

import type { ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import { initRole } from './pod-runtime-state.ts'
import { restartsAfter } from './restart-policy.ts'

export function phaseOf(
  pod: Pod,
  statuses: { init: ContainerStatus[]; regular: ContainerStatus[] },
  terminal: boolean,
): NonNullable<PodStatus['phase']> {
  let pendingInit = 0
  let failedInit = 0
  let isInitOver = false
  for (const container of pod.spec?.initContainers ?? []) {
    const status = statuses.init.find(({ name }) => name === container.name)
    if (initRole(container) === 'sidecar') {
      if (!status?.started && !status?.state?.terminated) pendingInit++
      continue
    }
    const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)
    if (!ended) pendingInit++
    else if (ended.exitCode !== 0) {
      failedInit++
      if (!restartsAfter(pod, container, ended.exitCode)) isInitOver = true
    }
  }

  let running = 0
  let waiting = 0
  let stopped = 0
  let succeeded = 0
  let restarting = 0
  let unknown = 0
  for (const container of pod.spec?.containers ?? []) {
    const state = statuses.regular.find(({ name }) => name === container.name)
    if (!state) unknown++
    else if (state.state?.running) running++
    else if (state.state?.terminated) {
      stopped++
      if (state.state.terminated.exitCode === 0) succeeded++
      if (restartsAfter(pod, container, state.state.terminated.exitCode)) restarting++
    } else if (state.state?.waiting) {
      if (state.lastState?.terminated) {
        stopped++
        if (restartsAfter(pod, container, state.lastState.terminated.exitCode)) restarting++
      } else waiting++
    } else unknown++
  }
  if (isInitOver) return 'Failed'
  if (terminal && stopped + waiting + pendingInit > 0 && running === 0 && unknown === 0) {
    return stopped > 0 && stopped === succeeded && waiting === 0 && failedInit === 0 ? 'Succeeded' : 'Failed'
  }
  if ((pendingInit > 0 || failedInit > 0) && running === 0 && stopped === 0) return 'Pending'
  if (waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (restarting > 0) return 'Running'
    return stopped === succeeded ? 'Succeeded' : 'Failed'
  }
  return 'Pending'
}

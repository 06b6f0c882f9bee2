// What is made of container statuses before the API is told: nobody waits any more in a pod that is over, and what
// containers said at their ends has to fit into the pod. Upstream: pkg/kubelet/status/status_manager.go
// (TerminatePod, normalizeStatus).

import type { ContainerState, ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import { initRole } from './pod-runtime-state.ts'

/** Of all containers together. */
const MESSAGE_BYTES = 12 * 1024

export const LOST_AT_THE_END = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
}

/** Containers of a pod that is over, of which nobody knows how they ended. */
export function endAll(pod: Pod, { init, regular }: { init: ContainerStatus[]; regular: ContainerStatus[] }): void {
  const end = (status: ContainerStatus) => {
    if (!status.state?.terminated) status.state = { terminated: LOST_AT_THE_END }
  }
  if (isInitialized(pod, { init, regular })) regular.forEach(end)
  // Those behind the last one that has begun were never tried; the first one was in any case.
  init.slice(0, Math.max(1, init.findLastIndex(hasBegun) + 1)).forEach(end)
}

function isInitialized(pod: Pod, { init, regular }: { init: ContainerStatus[]; regular: ContainerStatus[] }): boolean {
  const last = pod.spec?.initContainers?.at(-1)
  if (!last || regular.some(hasBegun)) return true
  const status = init.find(({ name }) => name === last.name)
  return initRole(last) === 'sidecar' ? status?.started === true : status?.state?.terminated?.exitCode === 0
}

const hasBegun = ({ state, lastState }: ContainerStatus) => !state?.waiting || lastState?.terminated !== undefined

/** Each container has its share of the room for messages. */
export function fitMessages(status: PodStatus): PodStatus {
  const { initContainerStatuses, containerStatuses, ephemeralContainerStatuses } = status
  const all = [initContainerStatuses, containerStatuses, ephemeralContainerStatuses].flatMap((list) => list ?? [])
  const share = Math.floor(MESSAGE_BYTES / Math.max(1, all.length))
  const shorten = (state: ContainerState | undefined): ContainerState | undefined => {
    const { message } = state?.terminated ?? {}
    if (!state?.terminated || !message || Buffer.byteLength(message) <= share) return state
    return { terminated: { ...state.terminated, message: Buffer.from(message).subarray(0, share).toString() } }
  }
  for (const one of all) {
    const { state, lastState } = one
    if (state) one.state = shorten(state)!
    if (lastState) one.lastState = shorten(lastState)!
  }
  return status
}

// Why a Pod is not Ready, in one sentence: what `kubectl describe` would have told, for a person. Shared by all checks
// about Pods. `stuck` tells what waiting will not mend.

import type { Pod } from '../cluster-view.ts'

export interface PodTrouble {
  /** As the STATUS column of kubectl says it. */
  readonly status: string
  readonly message: string
  readonly stuck: boolean
}

const PULL_FAILED = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])
const CREATE_FAILED = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])

export function troubleOf(pod: Pod): PodTrouble {
  const name = `Pod \`${pod.metadata?.name}\``
  if (pod.metadata?.deletionTimestamp) return { status: 'Terminating', message: `${name} is going away.`, stuck: false }
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  for (const { state, lastState, image, name: container } of statuses) {
    const reason = state?.waiting?.reason ?? ''
    if (PULL_FAILED.has(reason)) {
      return {
        status: reason,
        message: `${name} cannot get its image \`${specImage(pod, container) ?? image}\`: no registry here has one of that name.`,
        stuck: true,
      }
    }
    if (reason === 'CrashLoopBackOff') {
      const exit = lastState?.terminated?.exitCode
      const how = exit === undefined ? 'keeps ending' : `keeps ending with exit code ${exit}`
      return {
        status: reason,
        message: `Container \`${container}\` of ${name} ${how}. \`kubectl logs ${pod.metadata?.name} --previous\` shows its last words.`,
        stuck: true,
      }
    }
    if (CREATE_FAILED.has(reason)) {
      return {
        status: reason,
        message: `Container \`${container}\` of ${name} cannot be made: ${state?.waiting?.message ?? reason}.`,
        stuck: true,
      }
    }
  }
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    return { status: 'Pending', message: `${name} has no node yet: ${scheduled.message ?? ''}`, stuck: true }
  }
  if (!pod.spec?.nodeName) {
    return { status: 'Pending', message: `${name} waits for the scheduler to choose a node.`, stuck: false }
  }
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
    const word = pod.status.phase === 'Failed' ? 'has failed' : 'has run to its end'
    return { status: pod.status.phase, message: `${name} ${word} and will not run again.`, stuck: true }
  }
  if (pod.status?.phase === 'Running') {
    return { status: 'Running', message: `${name} runs on ${pod.spec.nodeName}, but is not Ready yet.`, stuck: false }
  }
  return {
    status: 'ContainerCreating',
    message: `${name} is on ${pod.spec.nodeName}; its container is not started yet.`,
    stuck: false,
  }
}

const specImage = (pod: Pod, container: string) =>
  [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(({ name }) => name === container)?.image

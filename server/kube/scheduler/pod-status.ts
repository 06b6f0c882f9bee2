// What the scheduler writes into the status of pods: that one fits nowhere and why, and which node is being cleared for it.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../base/clock.ts'
import type { Client } from '../client/client.ts'
import { atRevision } from '../client/reconcile-context.ts'
import { Pod } from '../kinds/pod.ts'
import { observed } from '../kinds/pod-template/observed.ts'

export interface StatusWriter {
  client: Client
  clock: Clock
  /** The revision that made the scheduler write. */
  because: number
}

export async function patchStatus(pod: CorePod, status: object, { client, because }: StatusWriter): Promise<CorePod> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  const why = atRevision(because)
  return client
    .of(Pod)
    .patch(
      { namespace, name },
      'application/strategic-merge-patch+json',
      { metadata: { uid }, status },
      { subresource: 'status', ...(why ? { because: why } : {}) },
    )
}

export interface NotScheduled {
  /** Nothing fits, or something went wrong. */
  reason: 'Unschedulable' | 'SchedulerError'
  message: string
  /** Null takes an earlier one away, undefined leaves it. */
  nominatedNodeName?: string | null | undefined
}

/** Writes nothing when all is said already. */
export async function tellNotScheduled(pod: CorePod, told: NotScheduled, writer: StatusWriter): Promise<void> {
  const { reason, message, nominatedNodeName } = told
  const current = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  const isSaid = current?.status === 'False' && current.reason === reason && current.message === message
  const nominates =
    nominatedNodeName !== undefined && (nominatedNodeName ?? '') !== (pod.status?.nominatedNodeName ?? '')
  if (isSaid && !nominates) return
  const lastTransitionTime = current?.status === 'False' ? current.lastTransitionTime : isoTime(writer.clock)
  const condition = { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime, ...observed(pod) }
  await patchStatus(pod, { conditions: [condition], ...(nominates ? { nominatedNodeName } : {}) }, writer)
}

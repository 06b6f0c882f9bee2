// Leaves a note in a pod's status that it did not end by itself: Jobs and people read it afterwards.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isNotFound } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import type { ReconcileContext } from '../client/reconcile-context.ts'
import { Pod } from '../kinds/pod.ts'
import { observed } from '../kinds/pod-template/observed.ts'
import { podCondition } from './pod-state.ts'

export interface Disruption {
  at: string
  reason: string
  message: string
  /** For pods whose kubelet will never report again. */
  phase?: 'Failed'
}

export async function disruptPod(
  client: Client,
  pod: CorePod,
  { at, reason, message, phase }: Disruption,
): Promise<void> {
  if (podCondition(pod, 'DisruptionTarget')?.status === 'True' && (!phase || pod.status?.phase === phase)) return
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  const told = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime: at }
  const condition = { ...told, ...observed(pod) }
  await client
    .of(Pod)
    .patch(
      { namespace, name },
      'application/strategic-merge-patch+json',
      { metadata: { uid }, status: { conditions: [condition], ...(phase ? { phase } : {}) } },
      { subresource: 'status' },
    )
}

/** The same, and then it is deleted; it may have gone: says whether it was there. */
export async function driveOff(
  { client, report, key }: Pick<ReconcileContext, 'client' | 'report' | 'key'>,
  pod: CorePod,
  disruption: Disruption,
): Promise<boolean> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  try {
    await disruptPod(client, pod, disruption)
    await client.of(Pod).delete({ namespace, name }, uid ? { uid } : {})
    report.did.push(`deleted ${key}`)
    return true
  } catch (err) {
    if (!isNotFound(err)) throw err
    return false
  }
}

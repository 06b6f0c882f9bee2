// Sends away the victims of a preemption: each is told why in a condition and an Event, then deleted. Pods of lower
// priority that were promised room on the node lose the promise.
// Upstream: kubernetes/pkg/scheduler/framework/preemption/executor.go.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../base/clock.ts'
import { isNotFound } from '../apimachinery/status-error.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import { atRevision } from '../client/reconcile-context.ts'
import { Pod } from '../kinds/pod.ts'
import { observed } from '../kinds/pod-template/observed.ts'
import type { Preemption } from './framework.ts'
import { DEFAULT_PREEMPTION } from './plugins/default-preemption.ts'
import { patchStatus, type StatusWriter } from './pod-status.ts'
import type { PodsInPreBind } from './pods-in-pre-bind.ts'
import type { WaitingPods } from './waiting-pods.ts'

export interface MakeRoomOptions extends StatusWriter {
  recorder: EventRecorder
  /** Less important pods that were promised room there. */
  losers: readonly CorePod[]
  /** Who waits there for somebody's leave is not bound yet: it goes back into the line. */
  waiting: WaitingPods
  inPreBind: PodsInPreBind
}

/** Rejects when a victim could not be sent away; the others may be gone then. */
export async function makeRoom(pod: CorePod, preemption: Preemption, options: MakeRoomOptions): Promise<void> {
  const broken = options.losers.map((loser) => patchStatus(loser, { nominatedNodeName: null }, options))
  await Promise.allSettled(broken) // They find out anyway, at their next turn.
  await Promise.all(
    preemption.victims
      .filter(({ metadata }) => !metadata?.deletionTimestamp)
      .map((victim) => sendAway(victim, pod, preemption.node, options)),
  )
}

async function sendAway(victim: CorePod, pod: CorePod, node: string, options: MakeRoomOptions): Promise<void> {
  const { recorder, because, waiting, inPreBind } = options
  const why = atRevision(because)
  const waiter = waiting.get(victim.metadata?.uid)
  waiter?.reject(DEFAULT_PREEMPTION, 'preempted')
  const isHere = waiter !== undefined || inPreBind.cancel(victim, `preempted by ${DEFAULT_PREEMPTION}`)
  if (!isHere && !(await evict(victim, pod, options))) return
  const reason = 'Preempted'
  const where = isHere ? ' (in kube-scheduler memory).' : ''
  const text = `Preempted by pod ${pod.metadata?.uid} on node ${node}${where}`
  recorder.record({ about: victim, kind: Pod, type: 'Normal', reason, message: text, ...(why ? { because: why } : {}) })
}

/** False when it is gone already. */
async function evict(victim: CorePod, pod: CorePod, options: MakeRoomOptions): Promise<boolean> {
  const { client, clock, because } = options
  const why = atRevision(because)
  const { namespace = '', name = '', uid } = victim.metadata ?? {}
  try {
    const message = `${pod.spec?.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message }
    await patchStatus(
      victim,
      { conditions: [{ ...condition, ...observed(victim), lastTransitionTime: isoTime(clock) }] },
      options,
    )
    await client.of(Pod).delete({ namespace, name }, { ...(uid ? { uid } : {}), ...(why ? { because: why } : {}) })
  } catch (err) {
    if (isNotFound(err)) return false
    throw err
  }
  return true
}

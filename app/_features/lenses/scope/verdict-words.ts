// What the scheduler says of a pod, in words for people.

import type { ScheduleTrace } from '../../../../server/base/trace.ts'

const EVENTS: Record<string, string> = {
  'node-added': 'a new node',
  'node-updated': 'a change of a node',
  'pod-removed': 'a pod that leaves a node',
  'pod-scaled-down': 'a pod that asks for less',
  'pod-assigned': 'another pod that gets a node',
  'storage-changed': 'a change of claims or volumes',
  'claim-changed': 'a change of a ResourceClaim',
  'devices-changed': 'other devices, or other classes of them',
}

/** `NodeResourcesFit 81, TaintToleration 0 → 300`: as the plug-in gave it, and what it counts where that differs. */
export function scoreWords(scores: NonNullable<ScheduleTrace['nodes'][number]['scores']>): string {
  return Object.entries(scores)
    .map(([plugin, { raw, weighted }]) => `${plugin} ${raw === weighted ? raw : `${raw} → ${weighted}`}`)
    .join(', ')
}

/** What would have the pod tried again; empty for one that has a node. */
export function wokenWords({ wokenBy = [] }: ScheduleTrace): string[] {
  return wokenBy.map(({ plugin, events }) => `${plugin}: ${events.map((event) => EVENTS[event] ?? event).join(', ')}`)
}

export function preemptionWords({ preemption }: ScheduleTrace): string | undefined {
  if (!preemption) return undefined
  return `On ${preemption.node} room is made for it; these have to go: ${preemption.victims.join(', ')}`
}

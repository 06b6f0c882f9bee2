// What the scheduler says of a pod, in words for people.

import type { ScheduleTrace } from '../../../../server/base/trace.ts'

const EVENTS: Record<string, string> = {
  'node-added': 'a new node',
  'node-updated': 'a change of a node',
  'node-removed': 'a node that goes',
  'pod-removed': 'a pod that leaves a node',
  'pod-scaled-down': 'a pod that asks for less',
  'pod-relabelled': 'a pod that gets other labels',
  'pod-assigned': 'another pod that gets a node',
  'pod-changed': 'a change of the pod itself',
  'volume-claim-changed': 'a change of its claims',
  'volume-changed': 'a change of a volume',
  'storage-class-changed': 'a change of a StorageClass',
  'csi-node-changed': 'a node whose drivers have more room for volumes',
  'csi-driver-changed': 'a change of a driver',
  'storage-capacity-changed': 'a driver that has more room',
  'volume-detached': 'a volume that leaves a node',
  'claim-changed': 'a change of a ResourceClaim',
  'device-class-changed': 'another class of devices',
  'devices-changed': 'other devices',
}

/** In one sentence. */
export function outcomeWords({ chosen, gate, nodes, more }: ScheduleTrace): string {
  if (gate) return 'It is not in line yet: no node was looked at.'
  const fit = nodes.filter(({ failed }) => !failed).length
  const looked = nodes.length + more
  if (!chosen) return looked === 0 ? 'There is no node.' : 'It fits nowhere.'
  if (fit === 1) return `It goes to ${chosen}, the only node that fits: nobody scores it.`
  const scores = nodes.map(({ score = -1 }) => score)
  const best = scores.filter((score) => score === Math.max(...scores)).length
  return best === 1
    ? `It goes to ${chosen}, the best of those that fit.`
    : `It goes to ${chosen}: ${best} that fit are equally good, and a lot is drawn.`
}

export interface ScoreLine {
  plugin: string
  /** In a measure of the plug-in's own. */
  gave: number
  /** In the sum, brought between 0 and 100 and times the plug-in's weight. */
  counts: number
}

/** The heaviest first. */
export function scoreLines(scores: NonNullable<ScheduleTrace['nodes'][number]['scores']>): ScoreLine[] {
  return Object.entries(scores)
    .map(([plugin, { raw, weighted }]) => ({ plugin, gave: raw, counts: weighted }))
    .sort((a, b) => b.counts - a.counts)
}

/** What would have the pod tried again; empty for one that has a node. */
export function wokenWords({ wokenBy = [] }: ScheduleTrace): { plugin: string; events: string }[] {
  return wokenBy.map(({ plugin, events }) => ({
    plugin,
    events: events.map((event) => EVENTS[event] ?? event).join(', '),
  }))
}

/** Upstream's reasons, with what they mean. */
const MAKING_ROOM: readonly [RegExp, string][] = [
  [/^(\d+) No preemption victims found/, 'no pod there is less important than this one'],
  [/^(\d+) Preemption is not helpful/, 'it would not fit even if pods went'],
  [/^not eligible due to preemptionPolicy=Never/, 'Its preemptionPolicy is Never: it waits its turn.'],
  [/^not eligible due to a terminating pod/, 'A pod is leaving for it already; it waits for that.'],
  [/^(\d+) (.+)$/, 'even without the less important pods: $2'],
]

/** Whether sending pods away would help; empty where that was not asked. */
export function roomWords({ preemption, message = '' }: ScheduleTrace): string[] {
  if (preemption) {
    return [`On ${preemption.node} room is made for it; these have to go: ${preemption.victims.join(', ')}`]
  }
  const told = /preemption: (?:0\/\d+ nodes are available: )?(.*?)\.?$/.exec(message)?.[1]
  if (!told) return []
  return told.split(/, (?=\d+ )/).map((reason) => {
    const [pattern, words] = MAKING_ROOM.find(([known]) => known.test(reason)) ?? [/^/, reason]
    const [, count, why = ''] = pattern.exec(reason) ?? []
    const meaning = words.replace('$2', why)
    return count ? `On ${count === '1' ? '1 node' : `${count} nodes`} ${meaning}` : meaning
  })
}

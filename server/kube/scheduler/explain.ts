// A decision as the trace tells it: per node the plug-in that refused it and why, or what each plug-in gave it; and for a
// pod that fitted nowhere, what came of making room and what would have it tried again.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ScheduleTrace } from '../../base/trace.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import { CLUSTER_EVENTS } from './cluster-event.ts'
import type { Gate } from './cluster-news.ts'
import type { Decision } from './cycle.ts'
import type { Profile } from './profile.ts'

/** The trace keeps thousands of decisions: of a large cluster each tells the best nodes, and some of those that refused. */
const MOST_NODES = 20

export interface Moment {
  at: number
  durationMs: number
}

export function explain(pod: string, profile: Profile, decision: Decision, moment: Moment): ScheduleTrace {
  const { scores, rejections, chosen } = decision
  const fitting = scores.kept(MOST_NODES)
  const refused = rejections.size > 0 ? Array.from(rejections).slice(0, MOST_NODES) : []
  const looked = scores.nodes.length + rejections.size
  return {
    type: 'schedule',
    ...moment,
    scheduler: profile.schedulerName,
    pod,
    // Nobody looks at most decisions, and the trace remembers thousands of them.
    get nodes() {
      return [
        ...fitting().map(({ name, total, scores: byPlugin }) => ({ name, score: total, scores: byPlugin })),
        ...refused.map(([name, { plugin, reasons }]) => ({ name, failed: { plugin, reason: reasons.join(', ') } })),
      ]
    },
    more: looked - Math.min(scores.nodes.length, MOST_NODES) - refused.length,
    ...(chosen === undefined ? whyNowhere(profile, decision) : { chosen }),
  }
}

function whyNowhere({ plugins }: Profile, { message = '', rejectedBy, postFilter }: Decision): Partial<ScheduleTrace> {
  const { preemption } = postFilter ?? {}
  const wokenBy = Array.from(rejectedBy, (plugin) => ({
    plugin,
    events: [...(plugins.find(({ name }) => name === plugin)?.wokenBy ?? CLUSTER_EVENTS)],
  }))
  return {
    message,
    wokenBy,
    ...(preemption ? { preemption: { node: preemption.node, victims: preemption.victims.map(keyOf) } } : {}),
  }
}

/** A pod that is not in line yet, and for whose sake. */
export const explainGate = (pod: Pod, { plugin, message }: Gate, at: number): ScheduleTrace => ({
  type: 'schedule',
  at,
  durationMs: 0,
  scheduler: pod.spec?.schedulerName ?? 'default-scheduler',
  pod: keyOf(pod),
  nodes: [],
  more: 0,
  message,
  gate: plugin,
})

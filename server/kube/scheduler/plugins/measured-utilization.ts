// Prefers nodes that really use little, whatever their pods have asked for. Off unless a profile enables it:
//
//   plugins: {score: {enabled: [{name: MeasuredUtilization, weight: 5}]}}
//
// In the manner of scheduler-plugins' Trimaran (LoadVariation, LowRisk); not one of upstream's own.

import { type PodResources, podResources } from '../../kinds/placement/pod-resources.ts'
import { MAX_SCORE, type Plugin } from '../framework.ts'
import type { NodeUsage } from '../node-usage.ts'

const NAME = 'MeasuredUtilization'

export function measuredUtilization(usage: NodeUsage): Plugin {
  return {
    name: NAME,
    isOptional: true,
    preScore(state, pod, feasible) {
      usage.refresh()
      state.set(NAME, podResources(pod))
      return feasible.some(({ name }) => usage.of(name))
    },
    /** By the scarcer of processor and memory, were the pod there. A node that nobody has measured comes last. */
    score(state, _, { name: node, allocatable }) {
      const used = usage.of(node)
      if (!used) return 0
      const { requests } = state.get(NAME) as PodResources
      const share = (name: string) =>
        Math.min(1, ((used.get(name) ?? 0) + (requests.get(name) ?? 0)) / (allocatable.get(name) || 1))
      return Math.floor(MAX_SCORE * (1 - Math.max(share('cpu'), share('memory'))))
    },
    reserve: (_, pod, node) => usage.place(pod, node),
  }
}

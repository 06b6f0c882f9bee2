// Room for the pod's requests, and for the pod itself; nodes with most room left over score best (LeastAllocated).
// Upstream: plugins/noderesources/{fit,least_allocated}.go.

import { MAX_SCORE, type Plugin, type Rejection } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import { amountsOf, type PodResources, podResources } from '../pod-resources.ts'

const STATE = 'NodeResourcesFit'

/** What is missing on the node, one reason per resource. */
function insufficient({ requests }: PodResources, node: NodeInfo): Rejection | undefined {
  const reasons: string[] = []
  let neverFits = false
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods')
  for (const [name, amount] of requests) {
    if (amount === 0) continue
    const allocatable = node.allocatable.get(name) ?? 0
    if (amount <= allocatable - (node.requested.get(name) ?? 0)) continue
    reasons.push(`Insufficient ${name}`)
    // Even an empty node would be too small.
    if (amount > allocatable) neverFits = true
  }
  return reasons.length > 0 ? { reasons, unresolvable: neverFits } : undefined
}

const leftOver = (requested: number, capacity: number) =>
  capacity === 0 || requested > capacity ? 0 : Math.floor(((capacity - requested) * MAX_SCORE) / capacity)

export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  preFilter(state, pod) {
    state.set(STATE, podResources(pod))
    return undefined
  },
  filter: (state, _, node) => insufficient(state.get(STATE) as PodResources, node),
  score(state, _, node) {
    const { nonZeroCpu, nonZeroMemory } = state.get(STATE) as PodResources
    const cpu = leftOver(node.nonZeroCpu + nonZeroCpu, node.allocatable.get('cpu') ?? 0)
    const memory = leftOver(node.nonZeroMemory + nonZeroMemory, node.allocatable.get('memory') ?? 0)
    return Math.floor((cpu + memory) / 2)
  },
  mayHelp(event, pod) {
    if (event.type === 'pod-removed') return true
    if (event.type === 'pod-assigned' || event.type === 'storage-changed') return false
    const allocatable = amountsOf(event.node.status?.allocatable)
    const fits = [...podResources(pod).requests].every(([name, amount]) => amount <= (allocatable.get(name) ?? 0))
    if (event.type === 'node-added' || !fits) return fits
    const before = amountsOf(event.previous.status?.allocatable)
    return [...allocatable].some(([name, amount]) => amount > (before.get(name) ?? 0))
  },
}

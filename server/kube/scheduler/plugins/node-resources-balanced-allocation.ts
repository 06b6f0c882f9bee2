// Prefers nodes where CPU and memory would be used in equal shares, so that neither runs out while the other lies
// idle. Upstream: plugins/noderesources/balanced_allocation.go.

import { type PodResources, podResources, type Resources } from '../../kinds/placement/pod-resources.ts'
import { MAX_SCORE, type Plugin } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

const STATE = 'NodeResourcesBalancedAllocation'

function share({ allocatable, requested }: NodeInfo, name: string, more: Resources): number {
  const capacity = allocatable.get(name)
  return capacity === 0 ? 1 : Math.min(1, (requested.get(name) + (more.get(name) ?? 0)) / capacity)
}

export const nodeResourcesBalancedAllocation: Plugin = {
  name: STATE,
  preScore(state, pod) {
    const resources = podResources(pod)
    state.set(STATE, resources)
    // Who asks for nothing unbalances nothing.
    return (resources.requests.get('cpu') ?? 0) > 0 || (resources.requests.get('memory') ?? 0) > 0
  },
  score(state, _, node) {
    const { requests } = state.get(STATE) as PodResources
    const difference = share(node, 'cpu', requests) - share(node, 'memory', requests)
    // Of two values the standard deviation is half their difference.
    const deviation = Math.abs(difference) / 2
    return Math.floor((1 - deviation) * MAX_SCORE)
  },
}

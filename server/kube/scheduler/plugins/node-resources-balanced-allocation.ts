// Prefers nodes where CPU and memory would be used in equal shares, so that neither runs out while the other lies
// idle. Upstream: plugins/noderesources/balanced_allocation.go.

import { MAX_SCORE, type Plugin } from '../framework.ts'
import { type PodResources, podResources } from '../pod-resources.ts'

const STATE = 'NodeResourcesBalancedAllocation'

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
    const share = (name: string) => {
      const capacity = node.allocatable.get(name) ?? 0
      const used = (node.requested.get(name) ?? 0) + (requests.get(name) ?? 0)
      return capacity === 0 ? 1 : Math.min(1, used / capacity)
    }
    // Of two values the standard deviation is half their difference.
    const deviation = Math.abs(share('cpu') - share('memory')) / 2
    return Math.floor((1 - deviation) * MAX_SCORE)
  },
}

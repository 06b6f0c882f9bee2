// Prefers nodes where resources would be used in equal shares, so that none runs out while another lies idle: by default
// processor and memory. Upstream: plugins/noderesources/balanced_allocation.go.

import { isScalar, type PodResources, podResources, type Resources } from '../../kinds/placement/pod-resources.ts'
import { MAX_SCORE, type Plugin } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

const STATE = 'NodeResourcesBalancedAllocation'

export interface NodeResourcesBalancedAllocationArguments {
  resources: readonly { name: string }[]
}

export const PROCESSOR_AND_MEMORY = { resources: [{ name: 'cpu' }, { name: 'memory' }] }

/** Undefined for what says nothing: the node has none of it, or it is none of its own and the pod asks for none. */
function share({ allocatable, requested }: NodeInfo, name: string, more: Resources): number | undefined {
  const capacity = allocatable.get(name)
  const asked = more.get(name) ?? 0
  if (capacity === 0 || (isScalar(name) && asked === 0)) return undefined
  return Math.min(1, (requested.get(name) + asked) / capacity)
}

function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

export function nodeResourcesBalancedAllocation({ resources }: NodeResourcesBalancedAllocationArguments): Plugin {
  return {
    name: STATE,
    preScore(state, pod) {
      const wanted = podResources(pod)
      state.set(STATE, wanted)
      // Who asks for nothing unbalances nothing.
      return resources.some(({ name }) => (wanted.requests.get(name) ?? 0) > 0)
    },
    score(state, _, node) {
      const { requests } = state.get(STATE) as PodResources
      const shares = resources.flatMap(({ name }) => share(node, name, requests) ?? [])
      // Of two values it is half their difference, which rounds as upstream's.
      const deviation = shares.length === 2 ? Math.abs(shares[0]! - shares[1]!) / 2 : standardDeviation(shares)
      return Math.floor((1 - deviation) * MAX_SCORE)
    },
  }
}

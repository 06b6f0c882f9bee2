// Prefers nodes whose resources the pod brings closer to equal shares, so that none runs out while another lies idle: by
// default processor and memory. Nodes are told apart by what the pod makes better or worse, not by how balanced they are.
//
//   75 where it changes nothing; up to 100 where it evens out what was used unevenly, down to 50 the other way round
//
// Upstream: plugins/noderesources/balanced_allocation.go.

import { isScalar, type PodResources, podResources, type Resources } from '../../kinds/placement/pod-resources.ts'
import { MAX_SCORE, type Plugin } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

const STATE = 'NodeResourcesBalancedAllocation'

export interface NodeResourcesBalancedAllocationArguments {
  resources: readonly { name: string }[]
}

export const PROCESSOR_AND_MEMORY = { resources: [{ name: 'cpu' }, { name: 'memory' }] }

/** Of what tells nothing there is none: the node has none of it, or it is none of its own and the pod asks for none. */
function shares({ allocatable, requested }: NodeInfo, names: readonly string[], more: Resources) {
  const [before, after]: [number[], number[]] = [[], []]
  for (const name of names) {
    const capacity = allocatable.get(name)
    const asked = more.get(name) ?? 0
    if (capacity === 0 || (isScalar(name) && asked === 0)) continue
    before.push(Math.min(1, requested.get(name) / capacity))
    after.push(Math.min(1, (requested.get(name) + asked) / capacity))
  }
  return { before, after }
}

function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** 100 where all are used alike. */
function balanceOf(values: readonly number[]): number {
  // Of two values it is half their difference, which rounds as upstream's.
  const deviation = values.length === 2 ? Math.abs(values[0]! - values[1]!) / 2 : standardDeviation(values)
  return Math.trunc((1 - deviation) * MAX_SCORE)
}

export function nodeResourcesBalancedAllocation({ resources }: NodeResourcesBalancedAllocationArguments): Plugin {
  const names = resources.map(({ name }) => name)
  return {
    name: STATE,
    preScore(state, pod) {
      const wanted = podResources(pod)
      state.set(STATE, wanted)
      // Who asks for nothing unbalances nothing.
      return names.some((name) => (wanted.requests.get(name) ?? 0) > 0)
    },
    score(state, _, node) {
      const { requests } = state.get(STATE) as PodResources
      const { before, after } = shares(node, names, requests)
      return MAX_SCORE / 2 + Math.trunc((MAX_SCORE / 2 + balanceOf(after) - balanceOf(before)) / 2)
    },
  }
}

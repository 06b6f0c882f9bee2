// Pods that are too many where they are: more than their share of one owner's pods on a node, or of alike pods in a
// topology. Upstream: descheduler's RemoveDuplicates and RemovePodsViolatingTopologySpreadConstraint.

import type { Pod, TopologySpreadConstraint } from 'kubernetes-types/core/v1'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import type { Arguments } from './policy.ts'
import { type Place, priorityOf, type Strategy, wouldTake } from './world.ts'

/** On each node at most as many pods of one owner as there are when they are dealt out to all nodes that would take them. */
export const duplicates =
  ({ excludeOwnerKinds }: Arguments['RemoveDuplicates']): Strategy =>
  ({ places }) => {
    const isMeant = (pod: Pod) => {
      const owner = controllerOf(pod)
      return owner !== undefined && !excludeOwnerKinds.includes(owner.kind)
    }
    const byOwner = Map.groupBy(
      places.flatMap(({ pods }) => pods).filter(isMeant),
      (pod) => `${controllerOf(pod)?.uid}`,
    )
    return Array.from(byOwner.values()).flatMap((pods) => {
      const nodes = places.filter(({ node }) => wouldTake(node, pods[0]!)).length
      if (nodes < 2) return []
      const share = Math.ceil(pods.length / nodes)
      return Array.from(Map.groupBy(pods, ({ spec }) => spec?.nodeName).values()).flatMap((onNode) =>
        onNode.toSorted(leastImportantFirst).slice(0, Math.max(0, onNode.length - share)),
      )
    })
  }

/** As many as it takes until no topology has more than `maxSkew` above the emptiest. */
export const violatesTopologySpread =
  ({ constraints: kinds }: Arguments['RemovePodsViolatingTopologySpreadConstraint']): Strategy =>
  ({ places }) => {
    const isMeant = (whenUnsatisfiable: string) => kinds.some((kind) => kind === whenUnsatisfiable)
    const all = places.flatMap(({ pods }) => pods)
    const constraints = new Map<string, { namespace: string; constraint: TopologySpreadConstraint; pod: Pod }>()
    for (const pod of all) {
      const namespace = pod.metadata?.namespace ?? ''
      for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
        if (!isMeant(constraint.whenUnsatisfiable)) continue
        constraints.set(JSON.stringify([namespace, constraint]), { namespace, constraint, pod })
      }
    }
    const gone = new Set<Pod>()
    for (const { namespace, constraint, pod } of constraints.values()) {
      const selector = selectorOfObject(constraint.labelSelector)
      const alike = (other: Pod) =>
        other.metadata?.namespace === namespace && !gone.has(other) && selector.matches(other.metadata?.labels)
      for (const surplus of surplusOf(domainsOf(places, constraint.topologyKey, pod), alike, constraint.maxSkew)) {
        gone.add(surplus)
      }
    }
    return [...gone]
  }

/** Pods by topology; only where the pod could be. */
function domainsOf(places: readonly Place[], topologyKey: string, pod: Pod): Pod[][] {
  const named = places.filter(({ node }) => node.metadata?.labels?.[topologyKey] !== undefined && wouldTake(node, pod))
  const domains = Map.groupBy(named, ({ node }) => node.metadata?.labels?.[topologyKey])
  return Array.from(domains.values(), (inDomain) => inDomain.flatMap(({ pods }) => pods))
}

function surplusOf(domains: Pod[][], alike: (pod: Pod) => boolean, maxSkew: number): Pod[] {
  const counted = domains.map((pods) => ({ pods: pods.filter(alike).sort(leastImportantFirst), count: 0 }))
  for (const domain of counted) domain.count = domain.pods.length
  const surplus: Pod[] = []
  for (;;) {
    counted.sort((a, b) => a.count - b.count)
    const [emptiest, fullest] = [counted[0], counted.at(-1)]
    if (!emptiest || !fullest || fullest.count - emptiest.count <= maxSkew) return surplus
    const next = fullest.pods.shift()
    if (!next) return surplus
    surplus.push(next)
    fullest.count--
    // Where it will be made anew.
    emptiest.count++
  }
}

const leastImportantFirst = (a: Pod, b: Pod) => priorityOf(a) - priorityOf(b)

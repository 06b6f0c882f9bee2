// Puts pods near those they want to be near, and far from those they want to be far from: what must hold filters, what
// is preferred scores. Near means: on nodes with the same value of a label, the term's topology key.
//
//   the pod's own terms look at the pods that are there; the terms of those look at the pod
//
// Upstream: plugins/interpodaffinity/{filtering,scoring}.go.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import {
  type AffinityTerm,
  matchesAll,
  type NamespaceLabels,
  type PodAffinity,
  podAffinityOf,
} from '../../kinds/placement/pod-affinity.ts'
import { type ClusterEvent, hasOtherLabels } from '../cluster-event.ts'
import { type CycleState, MAX_SCORE, type Plugin, reject, rejectForGood, SKIP } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeList } from '../node-list.ts'

const NAME = 'InterPodAffinity'
const FILTER = `${NAME}/filter`
const SCORE = `${NAME}/score`
export interface InterPodAffinityArguments {
  /** What a pod that must be near the new one adds to the score, though the new one did not ask. */
  hardPodAffinityWeight: number
  /** Pods that wish for nothing are not scored by what others wish. */
  ignorePreferredTermsOfExistingPods: boolean
}

/** A number for each pair of topology key and value. */
class Topologies {
  readonly #numbers = new Map<string, Map<string, number>>()

  get isEmpty(): boolean {
    return this.#numbers.size === 0
  }

  add({ topologyKey }: AffinityTerm, node: NodeInfo, number: number): void {
    const value = node.labels[topologyKey]
    if (value === undefined) return
    const values = this.#numbers.get(topologyKey) ?? new Map<string, number>()
    this.#numbers.set(topologyKey, values.set(value, (values.get(value) ?? 0) + number))
  }

  at(key: string, node: NodeInfo): number {
    return this.#numbers.get(key)?.get(node.labels[key] ?? '') ?? 0
  }

  /** Over all keys. */
  sum(node: NodeInfo): number {
    let sum = 0
    for (const key of this.#numbers.keys()) if (key in node.labels) sum += this.at(key, node)
    return sum
  }

  anyAt(node: NodeInfo): boolean {
    for (const key of this.#numbers.keys()) if (key in node.labels && this.at(key, node) > 0) return true
    return false
  }
}

interface FilterState {
  affinity: PodAffinity | undefined
  /** Pods that match all terms the pod must be near to. */
  near: Topologies
  /** Pods that match a term the pod must be far from. */
  far: Topologies
  /** Pods that must be far from this one. */
  repelled: Topologies
  matchesItself: boolean
}

function filterState(pod: Pod, nodes: NodeList, labels: NamespaceLabels): FilterState {
  const affinity = podAffinityOf(pod)
  const { near: nearTerms = [], far: farTerms = [] } = affinity ?? {}
  const [near, far, repelled] = [new Topologies(), new Topologies(), new Topologies()]
  for (const node of nodes.withAffinity) {
    for (const { affinity: theirs } of node.withAffinity.values()) {
      for (const term of theirs.far) {
        if (term.matches(pod, labels)) repelled.add(term, node, 1)
      }
    }
  }
  const asks = nearTerms.length > 0 || farTerms.length > 0
  for (const node of asks ? nodes.all : []) {
    for (const other of node.pods.values()) {
      if (matchesAll(nearTerms, other, labels)) for (const term of nearTerms) near.add(term, node, 1)
      for (const term of farTerms) if (term.matches(other, labels)) far.add(term, node, 1)
    }
  }
  return { affinity, near, far, repelled, matchesItself: matchesAll(nearTerms, pod, labels) }
}

/** All wanted neighbours are there, or the pod is the first of a group that wants to be near itself. */
function isNear({ affinity, near, matchesItself }: FilterState, node: NodeInfo): boolean {
  const terms = affinity?.near ?? []
  if (!terms.every(({ topologyKey }) => topologyKey in node.labels)) return false
  return terms.every(({ topologyKey }) => near.at(topologyKey, node) > 0) || (near.isEmpty && matchesItself)
}

function scores(pod: Pod, nodes: NodeList, labels: NamespaceLabels, told: InterPodAffinityArguments): Topologies {
  const wishes = podAffinityOf(pod)?.preferred ?? []
  const result = new Topologies()
  if (wishes.length === 0 && told.ignorePreferredTermsOfExistingPods) return result
  const hardWeight = told.hardPodAffinityWeight
  for (const node of nodes.withAffinity) {
    for (const { affinity } of node.withAffinity.values()) {
      for (const term of hardWeight > 0 ? affinity.near : []) {
        if (term.matches(pod, labels)) result.add(term, node, hardWeight)
      }
      for (const term of affinity.preferred) if (term.matches(pod, labels)) result.add(term, node, term.weight)
    }
  }
  for (const node of wishes.length > 0 ? nodes.all : []) {
    for (const other of node.pods.values()) {
      for (const term of wishes) if (term.matches(other, labels)) result.add(term, node, term.weight)
    }
  }
  return result
}

export function interPodAffinity(labels: NamespaceLabels, told: InterPodAffinityArguments): Plugin {
  return {
    name: NAME,
    weight: 2,
    preFilter(state, pod, nodes) {
      const found = filterState(pod, nodes, labels)
      const { near = [], far = [] } = found.affinity ?? {}
      if (near.length + far.length === 0 && found.repelled.isEmpty) return SKIP
      state.set(FILTER, found)
      return undefined
    },
    filter(state: CycleState, _, node) {
      const found = state.get(FILTER) as FilterState
      if (!isNear(found, node)) return rejectForGood("node(s) didn't match pod affinity rules")
      if (found.far.anyAt(node)) return reject("node(s) didn't match pod anti-affinity rules")
      if (found.repelled.anyAt(node)) return reject("node(s) didn't satisfy existing pods anti-affinity rules")
      return undefined
    },
    preScore(state, pod, _, all) {
      const topologies = scores(pod, all, labels, told)
      state.set(SCORE, topologies)
      return !topologies.isEmpty
    },
    score: (state, _, node) => (state.get(SCORE) as Topologies).sum(node),
    normalize(_state, _pod, entries) {
      let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
      for (const { score } of entries) [min, max] = [Math.min(min, score), Math.max(max, score)]
      const range = max - min
      for (const entry of entries) entry.score = range > 0 ? Math.trunc((MAX_SCORE * (entry.score - min)) / range) : 0
    },
    wokenBy: ['node-added', 'node-updated', 'pod-removed', 'pod-relabelled', 'pod-assigned', 'pod-changed'],
    mayHelp: (event, pod) => mayHelp(event, pod, labels),
  }
}

function mayHelp(event: ClusterEvent, pod: Pod, labels: NamespaceLabels): boolean {
  const { near = [], far = [] } = podAffinityOf(pod) ?? {}
  switch (event.type) {
    case 'node-added':
      return far.length > 0 || near.some(({ topologyKey }) => topologyOf(event.node, topologyKey) !== undefined)
    case 'node-updated': {
      const moved = ({ topologyKey }: AffinityTerm) => ({
        from: topologyOf(event.previous, topologyKey),
        to: topologyOf(event.node, topologyKey),
      })
      const comes = near.map(moved).some(({ from, to }) => to !== undefined && to !== from)
      return comes || far.map(moved).some(({ from, to }) => from !== undefined && to !== from)
    }
    case 'pod-changed':
      return hasOtherLabels(event.pod, event.previous)
    case 'pod-relabelled': {
      const { pod: now, previous } = event
      if (matchesAll(near, now, labels) && !matchesAll(near, previous, labels)) return true
      return matchesAll(far, previous, labels) && !matchesAll(far, now, labels)
    }
    case 'pod-assigned':
      return matchesAll(near, event.pod, labels)
    case 'pod-removed':
      // Of several that it has to be far from, a pod that matches them all: so it is upstream.
      return matchesAll(far, event.pod, labels) || matchesAll(podAffinityOf(event.pod)?.far ?? [], pod, labels)
    default:
      return true
  }
}

const topologyOf = ({ metadata }: Node, key: string) => metadata?.labels?.[key]

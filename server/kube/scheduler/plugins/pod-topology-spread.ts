// Spreads alike pods over topologies (nodes, zones): hard constraints filter, soft ones score. Pods of a Service or
// ReplicaSet that say nothing are spread softly over hosts and zones by default.
//
//   topologyKey zone, maxSkew 1      zone a: ●●●   zone b: ●●   zone c: ●●      the next may go to b or c:
//                                    in a it would be 4 against a minimum of 2
//
// Upstream: plugins/podtopologyspread/{filtering,scoring,common}.go.

import type { Pod, TopologySpreadConstraint } from 'kubernetes-types/core/v1'
import { type Selector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import { nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { untolerated } from '../../apimachinery/tolerations.ts'
import { type CycleState, MAX_SCORE, type Plugin, reject, rejectForGood, SKIP } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'
import type { NodeList } from '../node-list.ts'

const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'
const NAME = 'PodTopologySpread'
const HARD = `${NAME}/hard`
const SOFT = `${NAME}/soft`
const MISMATCH = "node(s) didn't match pod topology spread constraints"

interface Constraint {
  topologyKey: string
  maxSkew: number
  minDomains: number
  selector: Selector
  /** Whether nodes that the pod's affinity (taints) rule out count as domains. */
  honourAffinity: boolean
  honourTaints: boolean
}

interface Hard {
  constraint: Constraint
  /** Matching pods by domain. */
  counts: Map<string, number>
  min: number
  selfMatch: number
}

interface Soft {
  constraints: Constraint[]
  /** Per constraint: matching pods by domain. Undefined for hostnames: a node's are counted when it is scored. */
  counts: (Map<string, number> | undefined)[]
  weights: number[]
  /** Nodes without one of the labels; only with constraints that the pod itself asks for. */
  ignored: Set<string>
}

/** What pods without constraints of their own are spread by; only with `ScheduleAnyway`, or by none. */
export interface PodTopologySpreadArguments {
  defaultConstraints: readonly { topologyKey: string; maxSkew: number }[]
}

export const SYSTEM_DEFAULTS = [
  { topologyKey: HOSTNAME, maxSkew: 3 },
  { topologyKey: ZONE, maxSkew: 5 },
]

export interface DefaultSpreading {
  /** What selects the pod: its Services and its ReplicaSet together; undefined when nothing does. */
  selectorFor(pod: Pod): Selector | undefined
}

/** What `matchLabelKeys` mean is in the selector already: the API server puts it there. */
function constraintOf(told: TopologySpreadConstraint): Constraint {
  return {
    topologyKey: told.topologyKey,
    maxSkew: told.maxSkew,
    minDomains: told.minDomains ?? 1,
    selector: selectorOfObject(told.labelSelector),
    honourAffinity: told.nodeAffinityPolicy !== 'Ignore',
    honourTaints: told.nodeTaintsPolicy === 'Honor',
  }
}

function constraintsOf(pod: Pod, when: 'DoNotSchedule' | 'ScheduleAnyway'): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when)
    .map(constraintOf)
}

const counts = (node: NodeInfo, constraint: Constraint, pod: Pod) =>
  (!constraint.honourAffinity || (node.node && nodeMatchesPod(pod, node.node))) &&
  (!constraint.honourTaints ||
    !untolerated(node.node?.spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute']))

function matchingPods(node: NodeInfo, selector: Selector, namespace: string | undefined): number {
  let count = 0
  for (const { metadata } of node.pods.values()) {
    if (metadata?.namespace !== namespace || metadata?.deletionTimestamp) continue
    if (selector.matches(metadata?.labels)) count++
  }
  return count
}

function hardState(pod: Pod, nodes: NodeList): Hard[] {
  const constraints = constraintsOf(pod, 'DoNotSchedule')
  return constraints.map((constraint) => {
    const byDomain = new Map<string, number>()
    for (const node of nodes.all) {
      // Only nodes that have all the labels take part.
      if (!constraints.every(({ topologyKey }) => topologyKey in node.labels)) continue
      if (!counts(node, constraint, pod)) continue
      const domain = node.labels[constraint.topologyKey] ?? ''
      const here = matchingPods(node, constraint.selector, pod.metadata?.namespace)
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + here)
    }
    // Domains that should be there and are not count as empty ones.
    const min = byDomain.size < constraint.minDomains ? 0 : Math.min(...byDomain.values())
    const selfMatch = constraint.selector.matches(pod.metadata?.labels) ? 1 : 0
    return { constraint, counts: byDomain, min: Number.isFinite(min) ? min : 0, selfMatch }
  })
}

function softState(
  pod: Pod,
  feasible: readonly NodeInfo[],
  nodes: NodeList,
  defaults: DefaultSpreading & PodTopologySpreadArguments,
) {
  let constraints = constraintsOf(pod, 'ScheduleAnyway')
  const requireLabels = constraints.length > 0
  if (!pod.spec?.topologySpreadConstraints?.length) {
    const selector = defaults.selectorFor(pod)
    if (!selector) return undefined
    const soft = { minDomains: 1, selector, honourAffinity: true, honourTaints: false }
    constraints = defaults.defaultConstraints.map((told) => ({ ...told, ...soft }))
  }
  if (constraints.length === 0) return undefined
  const hasLabels = (node: NodeInfo) => constraints.every(({ topologyKey }) => topologyKey in node.labels)
  const ignored = new Set(requireLabels ? feasible.filter((node) => !hasLabels(node)).map(({ name }) => name) : [])
  const domains = constraints.map(
    ({ topologyKey }) =>
      new Set(feasible.filter(({ name }) => !ignored.has(name)).map((node) => node.labels[topologyKey])),
  )
  const byConstraint = constraints.map((constraint, index) => {
    if (constraint.topologyKey === HOSTNAME) return undefined
    const byDomain = new Map<string, number>()
    const isAnywhere = [...domains[index]!].some((domain) => domain !== undefined)
    for (const node of isAnywhere ? nodes.all : []) {
      const domain = node.labels[constraint.topologyKey]
      if (domain === undefined || !domains[index]!.has(domain) || !counts(node, constraint, pod)) continue
      const here = matchingPods(node, constraint.selector, pod.metadata?.namespace)
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + here)
    }
    return byDomain
  })
  // A topology of many domains would otherwise drown one of few.
  const weights = domains.map(({ size }) => Math.log(size + 2))
  return { constraints, counts: byConstraint, weights, ignored } satisfies Soft
}

export function podTopologySpread(defaults: DefaultSpreading & PodTopologySpreadArguments): Plugin {
  return {
    name: NAME,
    weight: 2,
    preFilter(state, pod, nodes) {
      const hard = hardState(pod, nodes)
      if (hard.length === 0) return SKIP
      state.set(HARD, hard)
      return undefined
    },
    filter(state: CycleState, _, node) {
      for (const { constraint, counts: byDomain, min, selfMatch } of state.get(HARD) as Hard[]) {
        const domain = node.labels[constraint.topologyKey]
        if (domain === undefined) return rejectForGood(`${MISMATCH} (missing required label)`)
        if ((byDomain.get(domain) ?? 0) + selfMatch - min > constraint.maxSkew) return reject(MISMATCH)
      }
      return undefined
    },
    preScore(state, pod, feasible, all) {
      const soft = softState(pod, feasible, all, defaults)
      state.set(SOFT, soft)
      return soft !== undefined
    },
    score(state, pod, node) {
      const { constraints, counts: byConstraint, weights, ignored } = state.get(SOFT) as Soft
      if (ignored.has(node.name)) return 0
      let score = 0
      for (const [index, { topologyKey, maxSkew, selector }] of constraints.entries()) {
        const domain = node.labels[topologyKey]
        if (domain === undefined) continue
        const byDomain = byConstraint[index]
        const there = byDomain ? (byDomain.get(domain) ?? 0) : matchingPods(node, selector, pod.metadata?.namespace)
        score += there * (weights[index] ?? 0) + (maxSkew - 1)
      }
      return Math.round(score)
    },
    normalize(state, _, scores) {
      const { ignored } = state.get(SOFT) as Soft
      let [min, max] = [Number.POSITIVE_INFINITY, 0]
      for (const { node, score } of scores)
        if (!ignored.has(node.name)) [min, max] = [Math.min(min, score), Math.max(max, score)]
      for (const entry of scores) {
        if (ignored.has(entry.node.name)) entry.score = 0
        else entry.score = max === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (max + min - entry.score)) / max)
      }
    },
    wokenBy: ['node-added', 'node-updated', 'pod-removed', 'pod-assigned'],
    mayHelp(event, pod) {
      if (event.type !== 'pod-removed' && event.type !== 'pod-assigned') return true
      return event.pod.metadata?.namespace === pod.metadata?.namespace
    },
  }
}

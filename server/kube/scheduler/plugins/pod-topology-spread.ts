// Spreads alike pods over topologies (nodes, zones): hard constraints filter, soft ones score. Pods of a Service or
// ReplicaSet that say nothing are spread softly over hosts and zones by default.
//
//   topologyKey zone, maxSkew 1      zone a: ●●●   zone b: ●●   zone c: ●●      the next may go to b or c:
//                                    in a it would be 4 against a minimum of 2
//
// Upstream: plugins/podtopologyspread/{filtering,scoring,common}.go.

import type { Node, Pod, TopologySpreadConstraint } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import {
  formatSelector,
  matchNothing,
  type Selector,
  selectorOf,
  selectorOfMap,
  selectorOfObject,
} from '../../apimachinery/label-selector.ts'
import { nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { untolerated } from '../../apimachinery/tolerations.ts'
import { type ClusterEvent, hasOtherTolerations } from '../cluster-event.ts'
import { type CycleState, MAX_SCORE, type Plugin, reject, rejectForGood, SKIP } from '../framework.ts'
import type { NodeInfo, PodSelection } from '../node-info.ts'
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
  /** The pods to spread among. */
  others: PodSelection
  selectsItself: boolean
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
  /** Nodes without one of the labels; unless by the constraints that the scheduler has anyway. */
  ignored: Set<string>
}

type When = 'DoNotSchedule' | 'ScheduleAnyway'

/** What pods without constraints of their own are spread by. */
export interface PodTopologySpreadArguments {
  defaultConstraints: readonly { topologyKey: string; maxSkew: number; whenUnsatisfiable: When }[]
}

export const SYSTEM_DEFAULTS: PodTopologySpreadArguments['defaultConstraints'] = [
  { topologyKey: HOSTNAME, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: ZONE, maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
]

export interface DefaultSpreading {
  /** What selects the pod: its Services and its ReplicaSet together; undefined when nothing does. */
  selectorFor(pod: Pod): Selector | undefined
}

/** One and the same for the same question, so that nodes need not count their pods again for each pod of an owner. */
class Selections {
  readonly #known = new Map<string, PodSelection>()

  of({ metadata }: Pod, selector: Selector): PodSelection {
    const namespace = metadata?.namespace
    const key = `${namespace}/${selector === matchNothing ? '!' : formatSelector(selector)}`
    let known = this.#known.get(key)
    if (!known) {
      if (this.#known.size >= MOST_SELECTIONS) this.#known.clear()
      known = { namespace, selector }
      this.#known.set(key, known)
    }
    return known
  }
}

const MOST_SELECTIONS = 1000

/** As the pod is labelled now: the API server puts `matchLabelKeys` into the selector as it was labelled then. */
function selectorOfConstraint({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, pod: Pod): Selector {
  const selector = selectorOfObject(labelSelector)
  if (!labelSelector || matchLabelKeys.length === 0) return selector
  const labels = pod.metadata?.labels ?? {}
  const own = Object.fromEntries(matchLabelKeys.flatMap((key) => (key in labels ? [[key, labels[key]!]] : [])))
  return selectorOf([...selectorOfMap(own).requirements, ...selector.requirements])
}

function constraintOf(told: TopologySpreadConstraint, pod: Pod, selections: Selections): Constraint {
  const selector = selectorOfConstraint(told, pod)
  return {
    topologyKey: told.topologyKey,
    maxSkew: told.maxSkew,
    minDomains: told.minDomains ?? 1,
    // Upstream counts nobody where all are selected.
    others: selections.of(pod, selector.requirements.length > 0 ? selector : matchNothing),
    selectsItself: selector.matches(pod.metadata?.labels),
    honourAffinity: told.nodeAffinityPolicy !== 'Ignore',
    honourTaints: told.nodeTaintsPolicy === 'Honor',
  }
}

type Defaults = DefaultSpreading & PodTopologySpreadArguments

function constraintsOf(pod: Pod, when: When, defaults: Defaults, selections: Selections): Constraint[] {
  const isMeant = ({ whenUnsatisfiable }: { whenUnsatisfiable: string }) => whenUnsatisfiable === when
  const own = pod.spec?.topologySpreadConstraints ?? []
  if (own.length > 0) return own.filter(isMeant).map((told) => constraintOf(told, pod, selections))
  const told = defaults.defaultConstraints.filter(isMeant)
  const selector = told.length > 0 ? defaults.selectorFor(pod) : undefined
  if (!selector) return []
  const others = selections.of(pod, selector)
  const selectsItself = selector.matches(pod.metadata?.labels)
  const same = { minDomains: 1, others, selectsItself, honourAffinity: true, honourTaints: false }
  return told.map(({ topologyKey, maxSkew }) => ({ topologyKey, maxSkew, ...same }))
}

const counts = (node: NodeInfo, constraint: Constraint, pod: Pod) =>
  (!constraint.honourAffinity || (node.node && nodeMatchesPod(pod, node.node))) &&
  (!constraint.honourTaints ||
    !untolerated(node.node?.spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute']))

function hardState(pod: Pod, nodes: NodeList, defaults: Defaults, selections: Selections): Hard[] {
  const constraints = constraintsOf(pod, 'DoNotSchedule', defaults, selections)
  return constraints.map((constraint) => {
    const byDomain = new Map<string, number>()
    for (const node of nodes.all) {
      // Only nodes that have all the labels take part.
      if (!constraints.every(({ topologyKey }) => topologyKey in node.labels)) continue
      if (!counts(node, constraint, pod)) continue
      const domain = node.labels[constraint.topologyKey] ?? ''
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + node.countPods(constraint.others))
    }
    // Domains that should be there and are not count as empty ones.
    const min = byDomain.size < constraint.minDomains ? 0 : Math.min(...byDomain.values())
    const selfMatch = constraint.selectsItself ? 1 : 0
    return { constraint, counts: byDomain, min: Number.isFinite(min) ? min : 0, selfMatch }
  })
}

function softState(
  pod: Pod,
  feasible: readonly NodeInfo[],
  nodes: NodeList,
  defaults: Defaults,
  selections: Selections,
) {
  const constraints = constraintsOf(pod, 'ScheduleAnyway', defaults, selections)
  if (constraints.length === 0) return undefined
  const hasOwn = (pod.spec?.topologySpreadConstraints ?? []).length > 0
  const requireLabels = hasOwn || defaults.defaultConstraints !== SYSTEM_DEFAULTS
  const hasLabels = (node: NodeInfo) => constraints.every(({ topologyKey }) => topologyKey in node.labels)
  const ignored = new Set(requireLabels ? feasible.filter((node) => !hasLabels(node)).map(({ name }) => name) : [])
  // Each host is a domain of its own.
  const domains = constraints.map(({ topologyKey }) =>
    topologyKey === HOSTNAME ? undefined : domainsOf(topologyKey, feasible, ignored),
  )
  const byConstraint = constraints.map((constraint, index) => {
    const there = domains[index]
    if (!there) return undefined
    const byDomain = new Map<string, number>()
    const isAnywhere = there.size > (there.has(undefined) ? 1 : 0)
    for (const node of isAnywhere ? nodes.all : []) {
      const domain = node.labels[constraint.topologyKey]
      if (domain === undefined || !there.has(domain) || (requireLabels && !hasLabels(node))) continue
      if (!counts(node, constraint, pod)) continue
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + node.countPods(constraint.others))
    }
    return byDomain
  })
  // A topology of many domains would otherwise drown one of few.
  const weights = domains.map((there) => Math.log((there?.size ?? feasible.length - ignored.size) + 2))
  return { constraints, counts: byConstraint, weights, ignored } satisfies Soft
}

function domainsOf(topologyKey: string, nodes: readonly NodeInfo[], ignored: ReadonlySet<string>) {
  const domains = new Set<string | undefined>()
  for (const node of nodes) if (!ignored.has(node.name)) domains.add(node.labels[topologyKey])
  return domains
}

/** Whether there are other domains after it, or other pods in them. */
function movesCounts(event: ClusterEvent, pod: Pod, constraints: readonly Constraint[]): boolean {
  const takesPart = ({ metadata }: Node) =>
    constraints.every(({ topologyKey }) => Object.hasOwn(metadata?.labels ?? {}, topologyKey))
  const isOurs = ({ metadata }: Pod) => metadata?.namespace === pod.metadata?.namespace
  const selects = ({ others }: Constraint, { metadata }: Pod) => others.selector.matches(metadata?.labels)
  switch (event.type) {
    case 'node-added':
    case 'node-removed':
      return takesPart(event.node)
    case 'node-updated': {
      const { node, previous } = event
      if (takesPart(node) !== takesPart(previous)) return true
      const moves = ({ topologyKey }: Constraint) =>
        node.metadata?.labels?.[topologyKey] !== previous.metadata?.labels?.[topologyKey]
      return takesPart(node) && (constraints.some(moves) || !deepEqual(node.spec?.taints, previous.spec?.taints))
    }
    case 'pod-assigned':
    case 'pod-removed':
      return isOurs(event.pod) && constraints.some((constraint) => selects(constraint, event.pod))
    case 'pod-changed': {
      const { pod: now, previous } = event
      if (constraints.some(({ honourTaints }) => honourTaints) && hasOtherTolerations(now, previous)) return true
      return constraints.some((constraint) => selects(constraint, now) !== selects(constraint, previous))
    }
    case 'pod-relabelled': {
      const changes = (constraint: Constraint) => selects(constraint, event.pod) !== selects(constraint, event.previous)
      return isOurs(event.pod) && constraints.some(changes)
    }
    default:
      return false
  }
}

export function podTopologySpread(defaults: Defaults): Plugin {
  const selections = new Selections()
  return {
    name: NAME,
    weight: 2,
    heedsTaints: true,
    preFilter(state, pod, nodes) {
      const hard = hardState(pod, nodes, defaults, selections)
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
      const soft = softState(pod, feasible, all, defaults, selections)
      state.set(SOFT, soft)
      return soft !== undefined
    },
    score(state, _, node) {
      const { constraints, counts: byConstraint, weights, ignored } = state.get(SOFT) as Soft
      if (ignored.has(node.name)) return 0
      const { labels } = node
      let score = 0
      for (let at = 0; at < constraints.length; at++) {
        const { topologyKey, maxSkew, others } = constraints[at]!
        const domain = labels[topologyKey]
        if (domain === undefined) continue
        const byDomain = byConstraint[at]
        const there = byDomain ? (byDomain.get(domain) ?? 0) : node.countPods(others)
        score += there * weights[at]! + (maxSkew - 1)
      }
      return Math.round(score)
    },
    normalize(state, _, scores) {
      const { ignored } = state.get(SOFT) as Soft
      let min = Number.POSITIVE_INFINITY
      let max = 0
      for (const { node, score } of scores) {
        if (ignored.has(node.name)) continue
        min = Math.min(min, score)
        max = Math.max(max, score)
      }
      for (const entry of scores) {
        if (ignored.has(entry.node.name)) entry.score = 0
        else entry.score = max === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (max + min - entry.score)) / max)
      }
    },
    wokenBy: [
      'node-added',
      'node-updated',
      'node-removed',
      'pod-removed',
      'pod-relabelled',
      'pod-assigned',
      'pod-changed',
    ],
    mayHelp: (event, pod) => movesCounts(event, pod, constraintsOf(pod, 'DoNotSchedule', defaults, selections)),
  }
}

// Makes room for a pod that fits nowhere by pushing out pods of lower priority: on each node where that would help,
// as few as possible, and of the nodes the one where it hurts least.
//
//   all lower ones away: does it fit? ─► let them back one by one, the most important first, as long as it still fits
//   ─► who could not come back is a victim
//
// Upstream: plugins/defaultpreemption, framework/preemption.

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { countReasons } from '../fit-error.ts'
import type { Plugin, PostFilterResult, PostFilterWorld, Preemption, Rejection } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

/** Of a large cluster, so many nodes are tried: this share of those that may help, but at least so many. */
export interface DefaultPreemptionArguments {
  minCandidateNodesPercentage: number
  minCandidateNodesAbsolute: number
}

export const DEFAULT_PREEMPTION = 'DefaultPreemption'
const NOT_HELPFUL = 'Preemption is not helpful for scheduling'

export const priorityOf = (pod: Pod): number => pod.spec?.priority ?? 0

export function defaultPreemption(
  budgets: () => readonly PodDisruptionBudget[],
  limits: DefaultPreemptionArguments,
): Plugin {
  return {
    name: DEFAULT_PREEMPTION,
    postFilter(_state, pod, world): PostFilterResult {
      const ineligible = whyNotEligible(pod, world)
      if (ineligible) return refuse(ineligible)
      const { candidates, verdicts } = tryNodes(pod, world, budgets(), limits)
      const best = leastHarm(candidates)
      if (best) return { message: '', preemption: best, candidates }
      const message = `0/${world.nodes.size} nodes are available: ${countReasons(verdicts)}.`
      return { ...refuse(message), clearsNomination: true }
    },
  }
}

const refuse = (message: string): PostFilterResult => ({ message: `preemption: ${message}` })

function whyNotEligible(pod: Pod, { nodes, rejections }: PostFilterWorld): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = pod.status?.nominatedNodeName
  if (!nominated || rejections.get(nominated)?.unresolvable) return undefined
  const node = nodes.get(nominated)
  const leaving = [...(node?.pods.values() ?? [])].some(
    (other) => priorityOf(other) < priorityOf(pod) && isLeavingForAnother(other),
  )
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

function isLeavingForAnother({ metadata, status }: Pod): boolean {
  const target = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  return !!metadata?.deletionTimestamp && target?.status === 'True' && target.reason === 'PreemptionByScheduler'
}

function tryNodes(
  pod: Pod,
  world: PostFilterWorld,
  budgets: readonly PodDisruptionBudget[],
  { minCandidateNodesPercentage, minCandidateNodesAbsolute }: DefaultPreemptionArguments,
) {
  const { nodes, rejections, random } = world
  const verdicts: Rejection[] = []
  const mayHelp = nodes.all.filter(({ name }) => rejections.get(name)?.unresolvable === false)
  for (let count = mayHelp.length; count < nodes.size; count++)
    verdicts.push({ reasons: [NOT_HELPFUL], unresolvable: true })
  const enough = Math.max(minCandidateNodesAbsolute, Math.floor((mayHelp.length * minCandidateNodesPercentage) / 100))
  const offset = Math.floor(random() * mayHelp.length)
  const candidates: Preemption[] = []
  let harmless = 0
  for (let tried = 0; tried < mayHelp.length; tried++) {
    if (harmless > 0 && candidates.length >= enough) break
    const found = victimsOn(pod, mayHelp[(offset + tried) % mayHelp.length]!, world, budgets)
    if ('reasons' in found) {
      verdicts.push(found)
      continue
    }
    candidates.push(found)
    if (found.violations === 0) harmless++
  }
  return { candidates, verdicts }
}

function victimsOn(
  pod: Pod,
  found: NodeInfo,
  { rejectionOn }: PostFilterWorld,
  budgets: readonly PodDisruptionBudget[],
): Preemption | Rejection {
  const node = found.clone()
  const lower = [...node.pods.values()].filter((other) => priorityOf(other) < priorityOf(pod))
  if (lower.length === 0) return { reasons: ['No preemption victims found for incoming pod'], unresolvable: true }
  for (const other of lower) node.removePod(keyOf(other))
  const rejection = rejectionOn(node)
  if (rejection) return rejection
  const { violating, others } = byBudgets(lower.sort(byImportance), budgets)
  const stays = (other: Pod) => {
    node.addPod(other)
    if (!rejectionOn(node)) return true
    node.removePod(keyOf(other))
    return false
  }
  const violated = violating.filter((other) => !stays(other))
  const victims = [...violated, ...others.filter((other) => !stays(other))].sort(byImportance)
  return { node: found.name, victims, violations: violated.length }
}

const startOf = ({ status }: Pod) => (status?.startTime ? Date.parse(status.startTime) : Number.POSITIVE_INFINITY)

/** The most important first: by priority, then who has run longest. */
function byImportance(a: Pod, b: Pod): number {
  if (priorityOf(a) !== priorityOf(b)) return priorityOf(b) - priorityOf(a)
  const [first, second] = [startOf(a), startOf(b)]
  return first === second ? 0 : first - second
}

/** Who may go by all budgets, and who should not: a budget that allows two disruptions lets the first two go. */
function byBudgets(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]) {
  const allowed = new Map(budgets.map((budget) => [budget, budget.status?.disruptionsAllowed ?? 0]))
  const groups: { violating: Pod[]; others: Pod[] } = { violating: [], others: [] }
  for (const pod of pods) {
    let violates = false
    for (const [budget, left] of allowed) {
      if (!covers(budget, pod)) continue
      allowed.set(budget, left - 1)
      if (left <= 0) violates = true
    }
    groups[violates ? 'violating' : 'others'].push(pod)
  }
  return groups
}

function covers({ metadata, spec, status }: PodDisruptionBudget, { metadata: pod }: Pod): boolean {
  if (metadata?.namespace !== pod?.namespace) return false
  const selector = selectorOfObject(spec?.selector)
  if (selector.requirements.length === 0 || !selector.matches(pod?.labels)) return false
  // The API server has let it go already.
  return !status?.disruptedPods?.[pod?.name ?? '']
}

/** Fewer broken budgets, then a less important first victim, less in all, fewer, and who has run less long. */
export function leastHarm(candidates: readonly Preemption[]): Preemption | undefined {
  // Priorities are lifted above zero, so that many of them weigh more than few.
  const sum = ({ victims }: Preemption) => victims.reduce((total, pod) => total + priorityOf(pod) + 2 ** 31, 0)
  const longest = ({ victims }: Preemption) => {
    const [first] = victims
    return Math.min(...victims.filter((pod) => first && priorityOf(pod) === priorityOf(first)).map(startOf))
  }
  const harms: ((candidate: Preemption) => number)[] = [
    ({ violations }) => violations,
    ({ victims: [first] }) => (first ? priorityOf(first) : Number.NEGATIVE_INFINITY),
    sum,
    ({ victims }) => victims.length,
    (candidate) => -longest(candidate),
  ]
  let left = candidates.filter(({ victims }) => victims.length > 0)
  for (const harm of harms) {
    const least = Math.min(...left.map(harm))
    left = left.filter((candidate) => harm(candidate) === least)
  }
  return left[0]
}

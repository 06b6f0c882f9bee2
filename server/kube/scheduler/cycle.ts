// One decision: which node for this pod. Pure but for the random choice among equals; what the world is like comes in
// as node infos, what was decided goes out with every reason, for Events, conditions and the trace.
//
//   prepare (preFilter) ─► findFeasible (filter) ─┬─ some ─► scoreNodes ─► the best
//                                                 └─ none ─► giveUp (postFilter)
//
// Upstream: schedulePod in kubernetes/pkg/scheduler/schedule_one.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { fitMessage } from './fit-error.ts'
import {
  type CycleState,
  type NodeRejection,
  type Plugin,
  type PostFilterResult,
  type Rejection,
  SKIP,
} from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { NodeList } from './node-list.ts'
import { Scores, scoreNodes } from './scores.ts'
import { type StageWatch, statusOf, unwatched } from './stage-watch.ts'

export interface Decision {
  state: CycleState
  chosen?: string
  /** Of the nodes that fit; of a single one nobody asks how good it is. */
  scores: Scores
  rejections: Map<string, NodeRejection>
  /** When nothing was chosen: why, in words, and by whom. */
  message?: string
  rejectedBy: Set<string>
  /** What came of trying to make room, when nothing fitted. */
  postFilter?: PostFilterResult
  /** So many nodes were looked at. */
  looked: number
}

export interface CycleOptions {
  plugins: readonly Plugin[]
  random: () => number
  /** Pods that wait for room on the node and go before this one: the room is theirs. */
  nominatedOn?: (node: string, before: Pod) => readonly Pod[]
  /** How many of all nodes are enough, in percent; 0 for as many as the size of the cluster asks for. */
  percentageOfNodesToScore?: number
  /** Others choose as well, though no plug-in scores. */
  isChosenByOthers?: boolean
  /** Where to begin looking; moves on from cycle to cycle, so that all nodes get their turn. */
  startAt: number
  /** Told of each stage that was gone through. */
  watch?: StageWatch
}

export function decide(pod: Pod, nodes: NodeList, options: CycleOptions): Decision {
  const search = findFeasible(pod, nodes, options)
  if (search.feasible.length === 0) return giveUp(pod, search)
  return choose(search, scoresOf(pod, search), options.random)
}

/** What is known after the filters. */
export interface Search {
  nodes: NodeList
  options: CycleOptions
  state: CycleState
  judge: Judge
  feasible: NodeInfo[]
  rejections: Map<string, NodeRejection>
  /** From a preFilter: the same for all nodes. */
  everywhere?: NodeRejection
  looked: number
}

/** All nodes of a small cluster; of a large one, so many fitting nodes as make a good choice likely. */
export function enoughNodes(count: number, asked = 0): number {
  if (count <= 100 || asked >= 100) return count
  const percentage = asked || Math.max(5, 50 - Math.floor(count / 125))
  return Math.max(100, Math.floor((count * percentage) / 100))
}

export function findFeasible(pod: Pod, nodes: NodeList, options: CycleOptions): Search {
  const { plugins, watch = unwatched } = options
  const prepared = watch(
    'PreFilter',
    () => prepare(pod, nodes, plugins),
    ({ rejection }) => statusOf(rejection),
  )
  const judge = judgeOf(pod, nodes, options, prepared)
  const rejections = new Map<string, NodeRejection>()
  const search: Search = { nodes, options, state: prepared.state, judge, feasible: [], rejections, looked: 0 }
  if (nodes.size === 0) return search
  if (prepared.rejection) {
    for (const { name } of nodes.all) rejections.set(name, prepared.rejection)
    return { ...search, everywhere: prepared.rejection }
  }
  return watch('Filter', () => look(pod, search, prepared.only))
}

function look(pod: Pod, search: Search, only: Only | undefined): Search {
  const { nodes, judge, rejections } = search
  const { plugins, isChosenByOthers, startAt, percentageOfNodesToScore } = search.options
  // Room was made for it there: nobody else need be asked.
  const nominated = pod.status?.nominatedNodeName ? nodes.get(pod.status.nominatedNodeName) : undefined
  if (nominated && !judge(nominated)) return { ...search, feasible: [nominated] }
  const candidates = only ? nodes.all.filter(({ name }) => only.nodes.has(name)) : nodes.all
  if (only) rejectOthers(nodes, only, rejections)
  const isChosen = isChosenByOthers || plugins.some(({ score }) => score)
  const enough = isChosen ? enoughNodes(candidates.length, percentageOfNodesToScore) : 1
  for (; search.looked < candidates.length && search.feasible.length < enough; search.looked++) {
    const node = candidates[(startAt + search.looked) % candidates.length]!
    const rejection = judge(node)
    if (rejection) rejections.set(node.name, rejection)
    else search.feasible.push(node)
  }
  return search
}

interface Only {
  nodes: ReadonlySet<string>
  plugins: string[]
}

function rejectOthers(nodes: NodeList, only: Only, rejections: Map<string, NodeRejection>): void {
  const reasons = [`node(s) didn't satisfy plugin(s) [${only.plugins.join(' ')}]`]
  const rejection = { plugin: only.plugins[0] ?? '', reasons, unresolvable: true }
  for (const { name } of nodes.all) if (!only.nodes.has(name)) rejections.set(name, rejection)
}

interface Prepared {
  state: CycleState
  /** Those whose filter has something to say. */
  filters: readonly Plugin[]
  only?: Only
  rejection?: NodeRejection
}

function prepare(pod: Pod, nodes: NodeList, plugins: readonly Plugin[]): Prepared {
  const state: CycleState = new Map()
  const filters: Plugin[] = []
  let only: Only | undefined
  for (const plugin of plugins) {
    const result = plugin.preFilter?.(state, pod, nodes)
    if (plugin.filter && result !== SKIP) filters.push(plugin)
    if (!result || result === SKIP) continue
    if ('reasons' in result) return { state, filters, rejection: { ...result, plugin: plugin.name } }
    only = {
      nodes: only ? new Set([...only.nodes].filter((name) => result.only.has(name))) : result.only,
      plugins: [...(only?.plugins ?? []), plugin.name].sort(),
    }
    if (only.nodes.size === 0) return { state, filters, rejection: { ...nowhere(only), plugin: plugin.name } }
  }
  return { state, filters, ...(only ? { only } : {}) }
}

function nowhere({ plugins }: Only): Rejection {
  const reason =
    plugins.length === 1
      ? `node(s) didn't satisfy plugin ${plugins[0]}`
      : `node(s) didn't satisfy plugin(s) [${plugins.join(' ')}] simultaneously`
  return { reasons: [reason], unresolvable: true }
}

/** Why the pod does not fit on the node; with what is `supposed`, on a node that is not as the cycle found it. */
type Judge = (node: NodeInfo, supposed?: boolean) => NodeRejection | undefined

function judgeOf(pod: Pod, nodes: NodeList, { plugins, nominatedOn }: CycleOptions, found: Prepared): Judge {
  /** What plug-ins know of all nodes has to be worked out again when one of them is another. */
  const suppose = (node: NodeInfo): NodeRejection | undefined => {
    const supposed = prepare(pod, nodes.with(node), plugins)
    return supposed.rejection ?? firstRejection(supposed, pod, node)
  }
  return (node, supposed = false) => {
    const waiting = nominatedOn?.(node.name, pod)
    if (waiting && waiting.length > 0) {
      const full = node.clone()
      for (const other of waiting) full.addPod(other)
      const rejection = suppose(full)
      // It must fit without them as well: it may want to be near them, and they may never come.
      if (rejection) return rejection
    }
    return supposed ? suppose(node) : firstRejection(found, pod, node)
  }
}

function firstRejection({ filters, state }: Prepared, pod: Pod, node: NodeInfo): NodeRejection | undefined {
  for (const plugin of filters) {
    const rejection = plugin.filter?.(state, pod, node)
    if (rejection) return { ...rejection, plugin: plugin.name }
  }
  return undefined
}

/** Nothing fits: a last try to make room, and the reasons. */
export function giveUp(pod: Pod, search: Search): Decision {
  const { nodes, state, rejections, everywhere, looked } = search
  const decision = { state, scores: new Scores([]), rejections, looked }
  if (nodes.size === 0) {
    return { ...decision, rejectedBy: new Set<string>(), message: fitMessage(0, { byNode: rejections }) }
  }
  const rejectedBy = new Set(Array.from(rejections.values(), ({ plugin }) => plugin))
  const watch = search.options.watch ?? unwatched
  const postFilter = watch(
    'PostFilter',
    () => lastTry(pod, search),
    ({ preemption }) => (preemption ? 'Success' : 'Unschedulable'),
  )
  const message = fitMessage(nodes.size, { everywhere, byNode: rejections, postFilter: postFilter.message })
  return { ...decision, rejectedBy, message, postFilter }
}

export function scoresOf(pod: Pod, { feasible, nodes, state, options }: Search): Scores {
  if (feasible.length === 1) return new Scores(feasible)
  return scoreNodes(pod, { feasible, all: nodes, state, plugins: options.plugins, watch: options.watch ?? unwatched })
}

export function choose({ state, rejections, looked }: Search, scores: Scores, random: () => number): Decision {
  const best = scores.best(random)
  return { state, rejections, looked, scores, rejectedBy: new Set(), ...(best ? { chosen: best.name } : {}) }
}

/**
 * The first plug-in that can make room has the last word; of the others all are heard. Nobody is after one that has worked
 * out nothing yet, since a plug-in before it had refused all nodes at once: it says that, in upstream's words.
 */
function lastTry(pod: Pod, { nodes, options, rejections, judge, state, everywhere }: Search): PostFilterResult {
  const { plugins, random } = options
  const prepared = everywhere ? plugins.findIndex(({ name }) => name === everywhere.plugin) : plugins.length
  const world = { nodes, rejections, random, rejectionOn: (node: NodeInfo) => judge(node, true) }
  const results: PostFilterResult[] = []
  for (const [at, plugin] of plugins.entries()) {
    if (plugin.postFilter && plugin.preFilter && at > prepared) {
      results.push({ message: 'not found' })
      break
    }
    const result = plugin.postFilter?.(state, pod, world)
    if (result) results.push(result)
    if (result?.preemption) break
  }
  const errand = results.find((result) => result.errand)?.errand
  const preempting = results.find(({ preemption }) => preemption)
  if (preempting) return { ...preempting, ...(errand ? { errand } : {}) }
  return {
    ...(errand ? { errand } : {}),
    message: results
      .map(({ message }) => message)
      .filter(Boolean)
      .join(', '),
    clearsNomination: results.length === 0 || results.some(({ clearsNomination }) => clearsNomination),
  }
}

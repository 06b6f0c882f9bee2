// One decision: which node for this pod. Pure but for the random choice among equals; what the world is like comes in
// as node infos, what was decided goes out with every reason, for Events, conditions and the trace.
// Upstream: schedulePod in kubernetes/pkg/scheduler/schedule_one.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { fitMessage } from './fit-error.ts'
import {
  type CycleState,
  MAX_SCORE,
  type NodeRejection,
  type Plugin,
  type PostFilterResult,
  type Preemption,
} from './framework.ts'
import type { NodeInfo } from './node-info.ts'

export interface Scored {
  node: NodeInfo
  total: number
  /** What each plug-in contributed, weight included. */
  scores: Record<string, number>
}

export interface Decision {
  state: CycleState
  chosen?: string
  scored: Scored[]
  rejections: Map<string, NodeRejection>
  /** When nothing was chosen: why, in words, and by whom. */
  message?: string
  rejectedBy: Set<string>
  /** Who has to go so that the pod fits. */
  preemption?: Preemption
  clearsNomination?: boolean
}

export interface CycleOptions {
  plugins: readonly Plugin[]
  random: () => number
  /** Pods that wait for room on the node and go before this one: the room is theirs. */
  nominatedOn?: (node: string, before: Pod) => readonly Pod[]
  /** How many of all nodes are enough, in percent; 0 for as many as the size of the cluster asks for. */
  percentageOfNodesToScore?: number
  /** Where to begin looking; moves on from cycle to cycle, so that all nodes get their turn. */
  startAt: number
}

export function decide(pod: Pod, nodes: readonly NodeInfo[], options: CycleOptions): Decision & { looked: number } {
  const { plugins, random } = options
  const state: CycleState = new Map()
  const rejections = new Map<string, NodeRejection>()
  const decision = { state, scored: [], rejections, rejectedBy: new Set<string>(), looked: 0 }
  if (nodes.length === 0) return { ...decision, message: fitMessage(0, { byNode: rejections }) }
  for (const plugin of plugins) {
    const rejection = plugin.preFilter?.(state, pod, nodes)
    if (!rejection) continue
    for (const { name } of nodes) rejections.set(name, { ...rejection, plugin: plugin.name })
    const message = fitMessage(nodes.length, { everywhere: rejection, byNode: rejections })
    return { ...decision, rejectedBy: new Set([plugin.name]), message }
  }
  const judge = judgeOf(pod, nodes, options, state)
  const { feasible, looked } = findFeasible(pod, nodes, { ...options, judge, rejections })
  if (feasible.length === 0) {
    const { message: postFilter, ...rest } = lastTry(pod, nodes, { ...options, judge, rejections, state })
    const message = fitMessage(nodes.length, { byNode: rejections, postFilter })
    const rejectedBy = new Set([...rejections.values()].map(({ plugin }) => plugin))
    return { ...decision, ...rest, looked, message, rejectedBy }
  }
  const scored = feasible.length === 1 ? [unscored(feasible[0]!)] : scoreAll(pod, feasible, nodes, state, plugins)
  return { ...decision, looked, scored, chosen: pickBest(scored, random).node.name }
}

const unscored = (node: NodeInfo): Scored => ({ node, total: 0, scores: {} })

/** All nodes of a small cluster; of a large one, so many fitting nodes as make a good choice likely. */
export function enoughNodes(count: number, asked = 0): number {
  if (count <= 100 || asked >= 100) return count
  const percentage = asked || Math.max(5, 50 - Math.floor(count / 125))
  return Math.max(100, Math.floor((count * percentage) / 100))
}

/** Why the pod does not fit on the node; with what is `supposed`, on a node that is not as the cycle found it. */
type Judge = (node: NodeInfo, supposed?: boolean) => NodeRejection | undefined

function judgeOf(pod: Pod, nodes: readonly NodeInfo[], options: CycleOptions, state: CycleState): Judge {
  const { plugins, nominatedOn } = options
  const filters = plugins.filter((plugin) => plugin.filter)
  /** What plug-ins know of all nodes has to be worked out again when one of them is another. */
  const suppose = (node: NodeInfo): NodeRejection | undefined => {
    const supposed: CycleState = new Map()
    const others = nodes.map((other) => (other.name === node.name ? node : other))
    for (const plugin of plugins) {
      const rejection = plugin.preFilter?.(supposed, pod, others)
      if (rejection) return { ...rejection, plugin: plugin.name }
    }
    return firstRejection(filters, supposed, pod, node)
  }
  return (node, supposed = false) => {
    const waiting = nominatedOn?.(node.name, pod) ?? []
    if (waiting.length > 0) {
      const full = node.clone()
      for (const other of waiting) full.addPod(other)
      const rejection = suppose(full)
      // It must fit without them as well: it may want to be near them, and they may never come.
      if (rejection) return rejection
    }
    return supposed ? suppose(node) : firstRejection(filters, state, pod, node)
  }
}

function findFeasible(
  pod: Pod,
  nodes: readonly NodeInfo[],
  {
    startAt,
    judge,
    rejections,
    percentageOfNodesToScore,
  }: CycleOptions & { judge: Judge; rejections: Map<string, NodeRejection> },
): { feasible: NodeInfo[]; looked: number } {
  // Room was made for it there: nobody else need be asked.
  const nominated = nodes.find(({ name }) => name === pod.status?.nominatedNodeName)
  if (nominated && !judge(nominated)) return { feasible: [nominated], looked: 0 }
  const enough = enoughNodes(nodes.length, percentageOfNodesToScore)
  const feasible: NodeInfo[] = []
  let looked = 0
  for (; looked < nodes.length && feasible.length < enough; looked++) {
    const node = nodes[(startAt + looked) % nodes.length]!
    const rejection = judge(node)
    if (rejection) rejections.set(node.name, rejection)
    else feasible.push(node)
  }
  return { feasible, looked }
}

/** The first plug-in that can make room has the last word; of the others all are heard. */
function lastTry(
  pod: Pod,
  nodes: readonly NodeInfo[],
  told: CycleOptions & { judge: Judge; rejections: Map<string, NodeRejection>; state: CycleState },
): PostFilterResult {
  const { plugins, rejections, random, judge, state } = told
  const world = { nodes, rejections, random, rejectionOn: (node: NodeInfo) => judge(node, true) }
  const results: PostFilterResult[] = []
  for (const plugin of plugins) {
    const result = plugin.postFilter?.(state, pod, world)
    if (result?.preemption) return result
    if (result) results.push(result)
  }
  return {
    message: results
      .map(({ message }) => message)
      .filter(Boolean)
      .join(', '),
    clearsNomination: results.some(({ clearsNomination }) => clearsNomination),
  }
}

function firstRejection(filters: readonly Plugin[], state: CycleState, pod: Pod, node: NodeInfo) {
  for (const plugin of filters) {
    const rejection = plugin.filter?.(state, pod, node)
    if (rejection) return { ...rejection, plugin: plugin.name }
  }
  return undefined
}

function scoreAll(
  pod: Pod,
  feasible: readonly NodeInfo[],
  all: readonly NodeInfo[],
  state: CycleState,
  plugins: readonly Plugin[],
): Scored[] {
  const results = feasible.map(unscored)
  for (const plugin of plugins) {
    if (!plugin.score || plugin.preScore?.(state, pod, feasible, all) === false) continue
    const scores = feasible.map((node) => ({ node, score: plugin.score?.(state, pod, node) ?? 0 }))
    plugin.normalize?.(state, pod, scores)
    for (const [index, { score }] of scores.entries()) {
      if (score < 0 || score > MAX_SCORE)
        throw new Error(`plug-in ${plugin.name} scored ${score}, not 0 to ${MAX_SCORE}`)
      const weighted = score * (plugin.weight ?? 1)
      const result = results[index]!
      result.scores[plugin.name] = weighted
      result.total += weighted
    }
  }
  return results
}

/** Among equals each has the same chance, though the list is walked only once. */
function pickBest(scored: readonly Scored[], random: () => number): Scored {
  let best = scored[0]!
  let equals = 1
  for (const candidate of scored.slice(1)) {
    if (candidate.total > best.total) {
      best = candidate
      equals = 1
    } else if (candidate.total === best.total && random() < 1 / ++equals) best = candidate
  }
  return best
}

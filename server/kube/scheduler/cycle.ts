// One decision: which node for this pod. Pure but for the random choice among equals; what the world is like comes in
// as node infos, what was decided goes out with every reason, for Events, conditions and the trace.
// Upstream: schedulePod in kubernetes/pkg/scheduler/schedule_one.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { fitMessage } from './fit-error.ts'
import { type CycleState, MAX_SCORE, type NodeRejection, type Plugin } from './framework.ts'
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
}

export interface CycleOptions {
  plugins: readonly Plugin[]
  random: () => number
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
  const { feasible, looked } = findFeasible(pod, nodes, { ...options, state, rejections })
  if (feasible.length === 0) {
    const postFilter = plugins.map((plugin) => plugin.postFilter?.(state, pod, rejections).message).filter(Boolean)
    const message = fitMessage(nodes.length, { byNode: rejections, postFilter: postFilter.join(', ') })
    return { ...decision, looked, message, rejectedBy: new Set([...rejections.values()].map(({ plugin }) => plugin)) }
  }
  const scored = feasible.length === 1 ? [unscored(feasible[0]!)] : scoreAll(pod, feasible, nodes, state, plugins)
  return { ...decision, looked, scored, chosen: pickBest(scored, random).node.name }
}

const unscored = (node: NodeInfo): Scored => ({ node, total: 0, scores: {} })

/** All nodes of a small cluster; of a large one, so many fitting nodes as make a good choice likely. */
export function enoughNodes(count: number): number {
  if (count <= 100) return count
  const percentage = Math.max(5, 50 - Math.floor(count / 125))
  return Math.max(100, Math.floor((count * percentage) / 100))
}

function findFeasible(
  pod: Pod,
  nodes: readonly NodeInfo[],
  { plugins, startAt, state, rejections }: CycleOptions & { state: CycleState; rejections: Map<string, NodeRejection> },
): { feasible: NodeInfo[]; looked: number } {
  const filters = plugins.filter((plugin) => plugin.filter)
  const enough = enoughNodes(nodes.length)
  const feasible: NodeInfo[] = []
  let looked = 0
  for (; looked < nodes.length && feasible.length < enough; looked++) {
    const node = nodes[(startAt + looked) % nodes.length]!
    const rejection = firstRejection(filters, state, pod, node)
    if (rejection) rejections.set(node.name, rejection)
    else feasible.push(node)
  }
  return { feasible, looked }
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

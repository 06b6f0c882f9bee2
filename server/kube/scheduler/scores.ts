// What each plug-in said of each node that fits, and what that comes to.

import type { Pod } from 'kubernetes-types/core/v1'
import { type CycleState, MAX_SCORE, type NodeScore, type Plugin } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { NodeList } from './node-list.ts'
import type { StageWatch } from './stage-watch.ts'

export interface PluginScore {
  /** As the plug-in gave it, in a measure of its own. */
  raw: number
  /** Brought between 0 and 100, times the plug-in's weight: what counts. */
  weighted: number
}

export interface Scored {
  name: string
  total: number
  scores: Record<string, PluginScore>
}

interface Column {
  plugin: string
  raw: readonly number[]
  weighted: readonly number[]
}

export class Scores {
  readonly nodes: readonly NodeInfo[]
  /** Numbers in plain arrays: typed ones of this size are each a piece of memory outside the heap. */
  readonly #totals: number[]
  readonly #columns: Column[] = []

  constructor(nodes: readonly NodeInfo[]) {
    this.nodes = nodes
    this.#totals = nodes.map(() => 0)
  }

  add({ plugin, raw, weighted }: Column): void {
    this.#columns.push({ plugin, raw, weighted })
    for (let at = 0; at < weighted.length; at++) this.#totals[at]! += weighted[at]!
  }

  /** Among equals each has the same chance, though the list is walked only once. */
  best(random: () => number): NodeInfo | undefined {
    let best = 0
    let equals = 1
    for (let at = 1; at < this.nodes.length; at++) {
      const difference = this.#totals[at]! - this.#totals[best]!
      if (difference > 0) equals = 1
      if (difference > 0 || (difference === 0 && random() < 1 / ++equals)) best = at
    }
    return this.nodes[best]
  }

  #highest(most: number): number[] {
    const order: number[] = []
    for (let at = 0; at < this.nodes.length; at++) {
      const total = this.#totals[at]!
      if (order.length === most && total <= this.#totals[order[most - 1]!]!) continue
      let place = order.length
      while (place > 0 && this.#totals[order[place - 1]!]! < total) place--
      order.splice(place, 0, at)
      if (order.length > most) order.pop()
    }
    return order
  }

  /** Of more nodes than `most`, only the best, and those first. */
  told(most = Number.POSITIVE_INFINITY): Scored[] {
    return this.kept(most)()
  }

  /** The same for later: holds on to so many numbers, and becomes objects when somebody asks. */
  kept(most: number): () => Scored[] {
    const order = this.nodes.length > most ? this.#highest(most) : Array.from(this.nodes.keys())
    const names = order.map((at) => this.nodes[at]!.name)
    const totals = order.map((at) => this.#totals[at]!)
    const columns = this.#columns.map(({ plugin, raw, weighted }) => ({
      plugin,
      raw: order.map((at) => raw[at]!),
      weighted: order.map((at) => weighted[at]!),
    }))
    return toldLater({ names, totals, columns })
  }
}

/** Outside of what made them: a function there would hold on to all that its neighbours see, and so to every number. */
function toldLater({ names, totals, columns }: { names: string[]; totals: number[]; columns: Column[] }) {
  return (): Scored[] =>
    names.map((name, at) => ({
      name,
      total: totals[at]!,
      scores: Object.fromEntries(
        columns.map(({ plugin, raw, weighted }) => [plugin, { raw: raw[at]!, weighted: weighted[at]! }]),
      ),
    }))
}

interface Scoring {
  feasible: NodeInfo[]
  all: NodeList
  state: CycleState
  plugins: readonly Plugin[]
  watch: StageWatch
}

export function scoreNodes(pod: Pod, { feasible, all, state, plugins, watch }: Scoring): Scores {
  const asked = watch('PreScore', () =>
    plugins.filter((plugin) => plugin.score && plugin.preScore?.(state, pod, feasible, all) !== false),
  )
  return watch('Score', () => {
    const result = new Scores(feasible)
    const entries = feasible.map((node) => ({ node, score: 0 }))
    for (const plugin of asked) result.add(columnOf(plugin, pod, state, entries))
    return result
  })
}

function columnOf(plugin: Plugin, pod: Pod, state: CycleState, entries: NodeScore[]): Column {
  const raw = new Array<number>(entries.length)
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at]!
    entry.score = plugin.score!(state, pod, entry.node)
    raw[at] = entry.score
  }
  plugin.normalize?.(state, pod, entries)
  const weighted = new Array<number>(entries.length)
  const weight = plugin.weight ?? 1
  for (let at = 0; at < entries.length; at++) {
    const { score } = entries[at]!
    if (score < 0 || score > MAX_SCORE) throw new Error(`plug-in ${plugin.name} scored ${score}, not 0 to ${MAX_SCORE}`)
    weighted[at] = score * weight
  }
  return { plugin: plugin.name, raw, weighted }
}

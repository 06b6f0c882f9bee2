// One decision of the scheduler as a grid: machines across, plug-ins down, what each gave that counts, the sum below; and what the
// sums would have been had some plug-ins weighed more or less.

import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import type { Selection } from '../picture/selection.ts'

export interface Column {
  node: string
  /** The plug-in that refused it, and why. */
  failed?: { plugin: string; reason: string }
  /** By plug-in, times what was asked for here. */
  counts: ReadonlyMap<string, number>
  /** Undefined where nobody was asked to score it. */
  sum: number | undefined
  isChosen: boolean
}

export interface Grid {
  /** Those that tell machines apart first. */
  plugins: string[]
  columns: Column[]
  /** The largest of all cells. */
  most: number
}

/** By how much a plug-in weighs more than it did; 1 for those that are not in it. */
export type Factors = ReadonlyMap<string, number>

/** That of the chosen Pod; else the newest. */
export function decisionFor(
  { verdicts }: Pick<PictureModel, 'verdicts'>,
  selection: Selection,
): ScheduleTrace | undefined {
  if (selection && 'object' in selection && selection.object.resource === 'pods') {
    const { namespace, name } = selection.object
    return verdicts.find(({ pod }) => pod === `${namespace}/${name}`)
  }
  return verdicts[0]
}

export function gridOf({ nodes, chosen }: Pick<ScheduleTrace, 'nodes' | 'chosen'>, factors: Factors): Grid {
  const columns = nodes.map(({ name, failed, scores = {}, score }): Column => {
    const counts = new Map(
      Object.entries(scores).map(([plugin, { weighted }]) => [plugin, weighted * (factors.get(plugin) ?? 1)]),
    )
    const sum = score === undefined ? undefined : [...counts.values()].reduce((all, one) => all + one, 0)
    return { node: name, ...(failed ? { failed } : {}), counts, sum, isChosen: name === chosen }
  })
  const spread = (plugin: string) => {
    const all = columns.flatMap(({ counts }) => counts.get(plugin) ?? [])
    return Math.max(...all) - Math.min(...all)
  }
  const plugins = [...new Set(nodes.flatMap(({ scores = {} }) => Object.keys(scores)))]
  const spreads = new Map(plugins.map((plugin) => [plugin, spread(plugin)]))
  return {
    plugins: plugins.sort((one, other) => spreads.get(other)! - spreads.get(one)! || one.localeCompare(other)),
    columns,
    most: Math.max(0, ...columns.flatMap(({ counts }) => [...counts.values()])),
  }
}

/** Who would have the Pod by these sums; several where a lot would be drawn. */
export function winnersOf({ columns }: Pick<Grid, 'columns'>): string[] {
  const most = Math.max(...columns.flatMap(({ sum }) => sum ?? []))
  return columns.filter(({ sum }) => sum === most).map(({ node }) => node)
}

/** What other weights would have changed; empty where nothing is asked, or nobody scores. */
export function insteadWords(grid: Grid, factors: Factors): string {
  const winners = winnersOf(grid)
  if (winners.length === 0 || ![...factors.values()].some((factor) => factor !== 1)) return ''
  const chosen = grid.columns.find(({ isChosen }) => isChosen)?.node
  if (winners.length > 1) return `With your weights a lot would be drawn among ${winners.join(', ')}.`
  const [winner] = winners
  return winner === chosen
    ? `With your weights it would go to ${winner} as well.`
    : `With your weights it would go to ${winner}.`
}

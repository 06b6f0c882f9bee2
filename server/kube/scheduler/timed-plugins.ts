// The same plug-ins, with a watch on each: what `scheduler_plugin_execution_duration_seconds` counts. Looking costs more than
// a filter does, so that only every tenth cycle is looked at, as upstream.

import type { Clock } from '../../base/clock.ts'
import type { Plugin } from './framework.ts'

/** Upstream's names of the stages. */
const STAGES = {
  preFilter: 'PreFilter',
  filter: 'Filter',
  postFilter: 'PostFilter',
  preScore: 'PreScore',
  score: 'Score',
  normalize: 'ScoreExtensionNormalize',
} as const
type Stage = keyof typeof STAGES

export type Timed = (labels: { plugin: string; extension_point: string; status: string }) => {
  observe(seconds: number): void
}

export function timedPlugins(plugins: readonly Plugin[], clock: Clock, timed: Timed): Plugin[] {
  return plugins.map((plugin) => {
    const stages = (Object.keys(STAGES) as Stage[]).filter((stage) => plugin[stage])
    const watchedStages = stages.map((stage) => {
      const work = plugin[stage] as (...args: unknown[]) => unknown
      // Kept: some hundred nodes are scored in one decision.
      const byStatus = new Map<string, ReturnType<Timed>>()
      const seriesOf = (status: string) => {
        const known = byStatus.get(status)
        if (known) return known
        const series = timed({ plugin: plugin.name, extension_point: STAGES[stage], status })
        byStatus.set(status, series)
        return series
      }
      const watched = (...args: unknown[]) => {
        const began = clock.monotonic()
        const result = work(...args)
        seriesOf(statusOf(result)).observe((clock.monotonic() - began) / 1000)
        return result
      }
      return [stage, watched] as const
    })
    return { ...plugin, ...Object.fromEntries(watchedStages) }
  })
}

function statusOf(result: unknown): string {
  if (result === 'skip' || result === false) return 'Skip'
  if (typeof result !== 'object' || result === null || !('reasons' in result)) return 'Success'
  return (result as { unresolvable?: boolean }).unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
}

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

export type Timed = (labels: { plugin: string; extension_point: string; status: string }, seconds: number) => void

export function timedPlugins(plugins: readonly Plugin[], clock: Clock, told: Timed): Plugin[] {
  return plugins.map((plugin) => {
    const stages = (Object.keys(STAGES) as Stage[]).filter((stage) => plugin[stage])
    const timed = stages.map((stage) => {
      const work = plugin[stage] as (...args: unknown[]) => unknown
      const watched = (...args: unknown[]) => {
        const began = clock.monotonic()
        const result = work(...args)
        const labels = { plugin: plugin.name, extension_point: STAGES[stage], status: statusOf(result) }
        told(labels, (clock.monotonic() - began) / 1000)
        return result
      }
      return [stage, watched] as const
    })
    return { ...plugin, ...Object.fromEntries(timed) }
  })
}

function statusOf(result: unknown): string {
  if (result === 'skip' || result === false) return 'Skip'
  if (typeof result !== 'object' || result === null || !('reasons' in result)) return 'Success'
  return (result as { unresolvable?: boolean }).unresolvable ? 'UnschedulableAndUnresolvable' : 'Unschedulable'
}

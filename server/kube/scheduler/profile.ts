// A profile: under which name pods ask for it, and which plug-ins decide about them at which stage.
//
//   all plug-ins ─ multiPoint ─► those that take part ─ each stage's own list ─► those that take part there
//
// Upstream: kubernetes/pkg/scheduler/profile, framework/runtime/framework.go (expandMultiPointPlugins).

import type { Plugin } from './framework.ts'
import type { ExtensionPoint, PluginSet, ProfileConfiguration } from './scheduler-configuration.ts'

export interface Profile {
  schedulerName: string
  plugins: readonly Plugin[]
  /** 0: as many as the size of the cluster asks for. */
  percentageOfNodesToScore: number
}

/** What goes with each stage: a plug-in that does not filter need not prepare for it. */
const MEMBERS: Record<ExtensionPoint, readonly (keyof Plugin)[]> = {
  preEnqueue: ['preEnqueue'],
  queueSort: [],
  // What prepares for a stage goes with that stage: on its own it does nothing.
  preFilter: [],
  filter: ['preFilter', 'filter', 'wokenBy', 'mayHelp'],
  postFilter: ['postFilter'],
  preScore: [],
  score: ['preScore', 'score', 'normalize'],
  reserve: ['reserve', 'unreserve'],
  permit: ['permit'],
  preBind: ['preBindPreFlight', 'preBind'],
  bind: ['bind'],
  postBind: [],
}

/** They are no plug-ins here: the queue does so by itself, whatever a profile says. */
const BUILT_IN = ['PrioritySort', 'SchedulingGates']

/** Throws for a plug-in that does not exist, and for a profile that could bind nothing. */
export function buildProfile(told: ProfileConfiguration, all: readonly Plugin[], percentage: number): Profile {
  const { schedulerName, plugins: sets, percentageOfNodesToScore = percentage } = told
  const names = all.map(({ name }) => name)
  for (const [point, set] of Object.entries(sets)) {
    const unknown = [...(set?.enabled ?? []), ...(set?.disabled ?? [])].find(
      ({ name }) => name !== '*' && !names.includes(name) && !BUILT_IN.includes(name),
    )
    if (unknown) {
      const known = names.join(', ')
      throw new Error(`profile ${schedulerName}: ${point}: there is no plug-in "${unknown.name}"; there are ${known}`)
    }
  }
  const plugins = all.map((plugin) => atItsPoints(plugin, sets)).filter((plugin) => plugin !== undefined)
  if (!plugins.some(({ bind }) => bind)) throw new Error(`profile ${schedulerName}: at least one bind plugin is needed`)
  return { schedulerName, plugins, percentageOfNodesToScore }
}

function atItsPoints(plugin: Plugin, sets: ProfileConfiguration['plugins']): Plugin | undefined {
  const everywhere = isOn(plugin, sets.multiPoint, !plugin.isOptional)
  const points = Object.keys(MEMBERS) as ExtensionPoint[]
  const on = points.filter((point) => isOn(plugin, sets[point], everywhere))
  const off = points.filter((point) => !on.includes(point)).flatMap((point) => MEMBERS[point])
  if (on.length === 0) return undefined
  const weight = weightOf(plugin, sets.score) ?? weightOf(plugin, sets.multiPoint) ?? plugin.weight
  const own = Object.fromEntries(Object.entries(plugin).filter(([member]) => !off.includes(member as keyof Plugin)))
  return { ...own, name: plugin.name, ...(weight ? { weight } : {}) }
}

function isOn({ name }: Plugin, set: PluginSet | undefined, before: boolean): boolean {
  if (set?.enabled.some((entry) => entry.name === name)) return true
  return before && !set?.disabled.some((entry) => entry.name === name || entry.name === '*')
}

const weightOf = ({ name }: Plugin, set: PluginSet | undefined) =>
  set?.enabled.find((entry) => entry.name === name)?.weight

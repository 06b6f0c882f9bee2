// A check judges the cluster, never what was typed. It says what it saw and what it wanted, and, where something is
// missing, names it in the words of the learner's own objects.
//
//   ok       the aim is reached
//   waiting  nothing is wrong, it is only not there yet (not typed yet, or the cluster is still working on it)
//   failed   something is there that will not become right by waiting

import type { AccessQuestion, ClusterView, Memory } from './cluster-view.ts'
import type { LoopName } from './loops.ts'

export interface Verdict {
  readonly state: 'ok' | 'waiting' | 'failed'
  /** One or two sentences; Markdown code spans for names. Empty when ok. */
  readonly message: string
  readonly saw: string
  readonly wanted: string
  /** Share of the aim that is reached, 0 to 1. */
  readonly credit: number
}

export interface Check {
  /** Unique in its step. */
  readonly id: string
  /** What is true when it is ok, as a statement: "3 Pods of `web` are Ready". */
  readonly aim: string
  readonly judge: (cluster: ClusterView) => Verdict
  /**
   * Of a check that judges what was typed into the answer block of the same id: what would be right now. Tests type it,
   * and so does a learner's way back to a step.
   */
  readonly rightAnswer?: (cluster: ClusterView) => string | undefined
  /** Whose work this waits for. While one of them is held, what is not there yet is nobody's mistake. */
  readonly loops?: readonly LoopName[]
  /** Asked at every change while the step is open; the last answer is in `cluster.before.seen` under the check's id. */
  readonly remembers?: (cluster: ClusterView, memory: Memory | undefined) => Memory | undefined
  /** What has to be asked of the API server before this can be judged; the answers are in `cluster.access`. */
  readonly asks?: readonly AccessQuestion[]
}

interface Seen {
  saw: string
  wanted: string
  credit?: number
}

export const ok = (seen: Seen): Verdict => ({ state: 'ok', message: '', ...seen, credit: 1 })

export const waiting = (message: string, seen: Seen): Verdict => ({ state: 'waiting', message, credit: 0, ...seen })

export const failed = (message: string, seen: Seen): Verdict => ({ state: 'failed', message, credit: 0, ...seen })

/** `2 Pods`, `1 Pod`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** `a, b and c`, each as code; at most three, then how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `\`${name}\``)
  const more = names.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

// Who needs help, and in which order an instructor looks at a room. A learner is stuck when
//
//   the same check has failed for six minutes or more, whatever they have tried,
//   or they have typed the same command five times running while a check does not hold,
//   or nothing has been typed for six minutes since a check failed.
//
// Not yet is not stuck: a check that waits (for the learner's next command, for an image) never makes anybody stuck.

import type { LearnerFacts } from './follow-learner.ts'

const MINUTE = 60_000
const STUCK_AFTER_MS = 6 * MINUTE
const SAME_COMMAND_TIMES = 5

export interface Stuck {
  since: number
  /** One sentence: why we think so. */
  why: string
}

export function stuckness(facts: LearnerFacts, now: number): Stuck | undefined {
  const { check, command } = facts
  if (!check) return undefined
  if (command && command.times >= SAME_COMMAND_TIMES) {
    return { since: check.since, why: `Typed the same command ${command.times} times.` }
  }
  if (check.state !== 'failed' || now - check.since < STUCK_AFTER_MS) return undefined
  const quietSince = Math.max(check.since, command?.at ?? 0)
  const minutes = Math.floor((now - quietSince) / MINUTE)
  const why =
    now - quietSince >= STUCK_AFTER_MS
      ? `Has not run a command for ${minutes} min.`
      : `${check.tries === 1 ? '1 command' : `${check.tries} commands`} since, and the same check fails.`
  return { since: check.since, why }
}

export type TileState = 'stuck' | 'offline' | 'failing' | 'waiting' | 'working' | 'away' | 'done'

interface Placed {
  state: TileState
  /** Since when stuck; 0 for all others. */
  stuckSince: number
  hand: { since: number } | null
  name: string
}

const ORDER: readonly TileState[] = ['stuck', 'offline', 'failing', 'waiting', 'working', 'away', 'done']

/** Stuck by time; then raised hands; then offline, failing, waiting, working, not here; done last. */
export function inOrder<T extends Placed>(tiles: readonly T[]): T[] {
  return [...tiles].sort((a, b) => {
    const stuck = Number(b.state === 'stuck') - Number(a.state === 'stuck')
    if (stuck !== 0) return stuck
    if (a.state === 'stuck' && a.stuckSince !== b.stuckSince) return a.stuckSince - b.stuckSince
    const hands = Number(b.hand !== null) - Number(a.hand !== null)
    if (hands !== 0 && a.state !== 'stuck') return hands
    return ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.name.localeCompare(b.name)
  })
}

// Whom the pages of one learner show. Somebody may be removed, or go on to another lab, while others look: then there is
// nothing to connect to, and the page says so instead of trying, until they are back.

import { useRef } from 'react'
import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'

export interface WhoIsShown {
  name: string
  /** Undefined until the wall has been heard, and while they are gone. */
  tile: Tile | undefined
  /** Why nothing of them is shown; empty while something is. */
  gone: string
  /** Where they are instead. */
  nowIn: string | null
}

/** `before`: as they were when they were last on the wall. */
export function whoIsShown(
  tiles: readonly Tile[] | undefined,
  sessionId: string,
  before: Tile | undefined,
): WhoIsShown {
  const tile = tiles?.find((one) => one.sessionId === sessionId)
  const name = tile?.name ?? before?.name ?? 'A learner'
  if (tile || !tiles) return { name, tile, gone: '', nowIn: null }
  if (!before) return { name, tile, gone: 'Nobody in this class has this lab open.', nowIn: null }
  const now = tiles.find(({ learnerId }) => learnerId === before.learnerId)
  if (!now) return { name, tile, gone: hasLeft(name), nowIn: null }
  return { name, tile, gone: `${name} has left this lab.`, nowIn: now.sessionId }
}

export const hasLeft = (name: string) => `${name} is not in this class any more.`

export function useWhoIsShown(tiles: readonly Tile[] | undefined, sessionId: string): WhoIsShown {
  const before = useRef<Tile>(undefined)
  const shown = whoIsShown(tiles, sessionId, before.current)
  if (shown.tile) before.current = shown.tile
  return shown
}

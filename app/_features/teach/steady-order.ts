'use client'

// Tiles change places at most every ten seconds and never under the pointer, so that nobody clicks on the wrong learner.

import { useRef } from 'react'
import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'

const SORT_EVERY_MS = 10_000

/** The tiles as they are now, in the order in which they stand on the page. */
export function useSteadyOrder(tiles: readonly Tile[], now: number, isUnderPointer: boolean): Tile[] {
  const kept = useRef<{ at: number; order: string[] }>({ at: 0, order: [] })
  const isNew = tiles.some(({ learnerId }) => !kept.current.order.includes(learnerId))
  if (
    isNew ||
    tiles.length !== kept.current.order.length ||
    (now - kept.current.at >= SORT_EVERY_MS && !isUnderPointer)
  ) {
    kept.current = { at: now, order: tiles.map(({ learnerId }) => learnerId) }
  }
  const byId = new Map(tiles.map((tile) => [tile.learnerId, tile]))
  return kept.current.order.flatMap((id) => byId.get(id) ?? [])
}

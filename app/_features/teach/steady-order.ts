'use client'

// Tiles change places, and groups, at most every ten seconds and never under a pointer that moves, so that nobody clicks on
// the wrong learner. A pointer that was left lying somewhere holds nothing: who got stuck has to come to the top.

import { useRef } from 'react'
import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'

const SORT_EVERY_MS = 10_000

export type Group = 'stuck' | 'working' | 'away' | 'done'

/** A tile, and the group that it stands in: it may have to wait for that of its state. */
export interface Placed {
  tile: Tile
  group: Group
}

export interface Places {
  /** When they were put in order. */
  at: number
  groups: ReadonlyMap<string, Group>
}

export const noPlaces: Places = { at: 0, groups: new Map() }

/** The tiles as they are now, in the order in which they stand on the page. */
export function useSteadyOrder(tiles: readonly Tile[], now: number, isInUse: boolean): Placed[] {
  const kept = useRef(noPlaces)
  kept.current = placesAfter(kept.current, tiles, now, isInUse)
  const byId = new Map(tiles.map((tile) => [tile.learnerId, tile]))
  return [...kept.current.groups].flatMap(([id, group]) => {
    const tile = byId.get(id)
    return tile ? { tile, group } : []
  })
}

/** Whoever has come since stands last in their group, so that the others stay. */
export function placesAfter(before: Places, tiles: readonly Tile[], now: number, isInUse: boolean): Places {
  const groups = new Map(tiles.map((tile) => [tile.learnerId, groupOf(tile)]))
  if (before.groups.size === 0 || (!isInUse && now - before.at >= SORT_EVERY_MS)) return { at: now, groups }
  const stayed = [...before.groups].filter(([id]) => groups.has(id))
  for (const [id] of stayed) groups.delete(id)
  return { at: before.at, groups: new Map([...stayed, ...groups]) }
}

function groupOf({ state }: Tile): Group {
  return state === 'stuck' || state === 'done' || state === 'away' ? state : 'working'
}

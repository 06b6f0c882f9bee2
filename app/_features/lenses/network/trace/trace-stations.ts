// The hops in one machine's kernel as cards below each other, and how high each is. Where there is no room for all, those that
// say least are left to the list.

import type { Rect } from '../../canvas/picture-layout.ts'
import type { DrawnHop, Leg } from './trace-legs.ts'

export interface Station extends Rect {
  leg: Leg
  drawn: DrawnHop
  /** How many of the rules that it chose among are shown. */
  rows: number
  /** Its words stand below its title; else behind it, as far as there is room. */
  isBelow: boolean
}

const title = 26
const row = 18
const words = 18
/** As wide as they come. */
const letter = 6.6
const mostRows = 4
const gaps = { most: 10, least: 3 }

/** What decided nothing goes first. */
const leastTelling = ['filter', 'masquerade', 'route', 'policy'] as const

/** From the widest that there is room for. */
const looks = [
  { rows: mostRows, below: 'all' },
  { rows: mostRows, below: 'service' },
  { rows: 1, below: 'service' },
  { rows: 1, below: 'none' },
  { rows: 0, below: 'none' },
] as const
type Look = (typeof looks)[number]

export function stationsOf(legs: readonly Leg[], room: Rect): { stations: Station[]; folded: number } {
  const all = legs.flatMap((leg) => leg.hops.map((drawn) => ({ leg, drawn })))
  // The packet meets what is drawn below first where the way goes up.
  let shown = [...all.filter(({ leg }) => !leg.rises), ...all.filter(({ leg }) => leg.rises).toReversed()]
  const needs = (look: Look) =>
    shown.reduce((sum, { drawn }) => sum + sizeOf(drawn, room.width, look).height + gaps.least, 0)
  for (const kind of leastTelling) {
    if (needs(looks[1]) <= room.height) break
    shown = shown.filter(({ drawn: { hop } }) => hop.kind !== kind || hop.state === 'fail')
  }
  const look = looks.find((one) => needs(one) <= room.height) ?? looks[4]
  const sizes = shown.map(({ drawn }) => sizeOf(drawn, room.width, look))
  const spare = room.height - sizes.reduce((sum, { height }) => sum + height, 0)
  const gap = Math.max(gaps.least, Math.min(gaps.most, spare / Math.max(1, shown.length)))
  let { y } = room
  const stations = shown.map((one, index) => {
    const station = { ...one, ...sizes[index]!, x: room.x, y, width: room.width }
    y += station.height + gap
    return station
  })
  return { stations, folded: all.length - shown.length }
}

/** A reason is never cut, what only went well may be. */
function sizeOf({ hop }: DrawnHop, width: number, look: Look): Pick<Station, 'rows' | 'isBelow' | 'height'> {
  const rows = Math.min(look.rows, hop.choice?.length ?? 0)
  if (hop.state === 'fail') {
    return { rows, isBelow: true, height: title + words * Math.ceil((hop.says.length * letter) / (width - 20)) }
  }
  if (rows > 0) return { rows, isBelow: true, height: title + rows * row + 4 }
  const isBelow = look.below === 'all' || (look.below === 'service' && hop.kind === 'service')
  return { rows, isBelow, height: isBelow ? title + words : title }
}

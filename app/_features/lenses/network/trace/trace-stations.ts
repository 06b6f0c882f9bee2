// The hops in one machine's kernel as cards below each other, and how high each is. Where there is no room for all, those that
// say least are left to the list.

import type { Rect } from '../../canvas/picture-layout.ts'
import type { DrawnHop, Leg } from './trace-legs.ts'

export interface Station extends Rect {
  leg: Leg
  drawn: DrawnHop
  /** How many of the rules that it chose among are shown. */
  rows: number
  /** Its words stand below its title, or behind it as far as there is room. */
  isTall: boolean
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

export function stationsOf(legs: readonly Leg[], room: Rect): { stations: Station[]; folded: number } {
  const all = legs.flatMap((leg) => leg.hops.map((drawn) => ({ leg, drawn, rows: rowsOf(drawn) })))
  // The packet meets what is drawn below first where the way goes up.
  let shown = [...all.filter(({ leg }) => !leg.rises), ...all.filter(({ leg }) => leg.rises).toReversed()]
  const needs = (isTall = false) => shown.reduce((sum, one) => sum + heightOf(one, room.width, isTall) + gaps.least, 0)
  for (const kind of leastTelling) {
    if (needs() <= room.height) break
    shown = shown.filter(({ drawn: { hop } }) => hop.kind !== kind || hop.state === 'fail')
  }
  const isTall = needs(true) <= room.height
  const spare = room.height - shown.reduce((sum, one) => sum + heightOf(one, room.width, isTall), 0)
  const gap = Math.max(gaps.least, Math.min(gaps.most, spare / Math.max(1, shown.length)))
  let { y } = room
  const stations = shown.map((one) => {
    const station = { ...one, isTall, x: room.x, y, width: room.width, height: heightOf(one, room.width, isTall) }
    y += station.height + gap
    return station
  })
  return { stations, folded: all.length - shown.length }
}

const rowsOf = ({ hop }: DrawnHop) => Math.min(mostRows, hop.choice?.length ?? 0)

/** A reason is never cut, what only went well may be. */
function heightOf({ drawn: { hop }, rows }: { drawn: DrawnHop; rows: number }, width: number, isTall: boolean): number {
  if (hop.state === 'fail') return title + words * Math.ceil((hop.says.length * letter) / (width - 20))
  if (rows > 0) return title + rows * row + 4
  return isTall || hop.kind === 'service' ? title + words : title
}

// Which of many matches goes first. The Gateway API says: the exact path, the longest prefix, one with a method, the most
// headers, the most query parameters, the oldest route, the first in it. A location of nginx is chosen by its path alone,
// so each is given all that could answer there, in that order.

import type { Match } from './route-matches.ts'
import type { Condition, Location } from './site.ts'

export function locationsOf(matches: readonly Match[]): Location[] {
  const places = new Map(matches.map(({ path, isExact }) => [`${isExact} ${bare(path, isExact)}`, { path, isExact }]))
  const ordered = [...matches].sort(compare)
  return Array.from(places.values(), (place) => {
    const fitting = ordered.filter((match) => answersAt(match, place)).map(({ rule }) => rule)
    const last = fitting.findIndex(({ conditions }) => conditions.length === 0)
    return { ...place, rules: last < 0 ? fitting : fitting.slice(0, last + 1) }
  })
}

function answersAt(match: Match, place: { path: string; isExact: boolean }): boolean {
  if (match.isExact) return place.isExact && match.path === place.path
  const prefix = bare(match.path, false)
  const path = bare(place.path, place.isExact)
  return path === prefix || path.startsWith(`${prefix}/`)
}

/** Written with or without a `/` at its end, a prefix is the same one. */
const bare = (path: string, isExact: boolean) => (isExact ? path : path.replace(/\/$/, ''))

function compare(a: Match, b: Match): number {
  const count = ({ rule }: Match, of: Condition['of']) => rule.conditions.filter((one) => one.of === of).length
  return (
    Number(b.isExact) - Number(a.isExact) ||
    bare(b.path, b.isExact).length - bare(a.path, a.isExact).length ||
    count(b, 'method') - count(a, 'method') ||
    count(b, 'header') - count(a, 'header') ||
    count(b, 'query') - count(a, 'query') ||
    a.age.localeCompare(b.age)
  )
}

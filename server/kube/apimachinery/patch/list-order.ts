// The order of a merged list: first what the patch wishes, then what the server knows.
//
//   known (before)     a b c d        list (merged)   a b c d x
//   wished (patch)     c x a
//   named by the patch, in its order  c x a
//   the server's own, in its order    b d
//   interleaved                       b goes before c, as it was before; d after all   →  b c x a d
//
// Upstream: normalizeElementOrder in apimachinery/pkg/util/strategicpatch/patch.go.

import { isJsonObject, type JsonValue } from '../json.ts'

export interface MergedOrder {
  list: readonly JsonValue[]
  wished: readonly JsonValue[]
  known: readonly JsonValue[]
  /** How objects are told apart; undefined for scalars. */
  mergeKey: string | undefined
}

export function mergedOrder({ list, wished, known, mergeKey }: MergedOrder): JsonValue[] {
  const idOf = (element: JsonValue) => (mergeKey && isJsonObject(element) ? element[mergeKey] : element)
  const wishedRank = rankOf(wished.map(idOf))
  const knownRank = rankOf(known.map(idOf))

  const named = byRank(
    list.filter((element) => wishedRank.has(idOf(element))),
    (element) => wishedRank.get(idOf(element)),
  )
  const own = byRank(
    list.filter((element) => !wishedRank.has(idOf(element))),
    (element) => knownRank.get(idOf(element)),
  )
  return interleave(own, named, (left, right) => {
    const before = knownRank.get(idOf(left))
    const after = knownRank.get(idOf(right))
    return before !== undefined && after !== undefined && before < after
  })
}

/** The first place of each value. */
function rankOf(ids: readonly (JsonValue | undefined)[]): Map<JsonValue | undefined, number> {
  const ranks = new Map<JsonValue | undefined, number>()
  for (const [place, id] of ids.entries()) if (!ranks.has(id)) ranks.set(id, place)
  return ranks
}

// Upstream's comparison calls anything unknown smaller than everything, which its insertion sort turns into "moves to
// the front". Elements without a rank are rare (a list both replaced and ordered), but clients see the outcome.
function byRank(list: JsonValue[], rank: (element: JsonValue) => number | undefined): JsonValue[] {
  const known = list.filter((element) => rank(element) !== undefined).sort((a, b) => rank(a)! - rank(b)!)
  const unknown = list.filter((element) => rank(element) === undefined).reverse()
  return [...unknown, ...known]
}

/** Keeps both orders; an `own` element goes first only where the server had it before the other. */
function interleave(
  own: JsonValue[],
  named: JsonValue[],
  goesBefore: (own: JsonValue, named: JsonValue) => boolean,
): JsonValue[] {
  const merged: JsonValue[] = []
  let nextOwn = 0
  for (const element of named) {
    while (nextOwn < own.length && goesBefore(own[nextOwn]!, element)) merged.push(own[nextOwn++]!)
    merged.push(element)
  }
  return [...merged, ...own.slice(nextOwn)]
}

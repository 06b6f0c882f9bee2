// How long a value is as JSON, without writing it: enough to know that it is too long.

/** Longer than so many characters, of which each takes a byte at least? Looks no further than it must. */
export const isLongerThan = (value: unknown, most: number): boolean => left(value, most) < 0

/** What remains of `most`; names and texts count with their quotes, anything else as one. */
function left(value: unknown, most: number): number {
  if (typeof value === 'string') return most - value.length - 2
  if (typeof value !== 'object' || value === null) return most - 1
  let rest = most - 1
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && rest >= 0; at++) rest = left(value[at], rest - 1)
    return rest
  }
  for (const key in value) {
    const inner = value[key as keyof typeof value] as unknown
    if (inner !== undefined) rest = left(inner, rest - key.length - 4)
    if (rest < 0) break
  }
  return rest
}

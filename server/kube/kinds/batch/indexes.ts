// `1,3-5,7`: how Jobs write sets of indexes.

const MOST = 64 * 1024

/** In order; a sentence when the text is no such set, or names an index that the Job has not. */
export function parseIndexes(text: string, completions: number): number[] | string {
  if (text === '') return []
  if (text.length > MOST) return `the length of the specified indexes exceeds ${MOST} characters`
  const indexes: number[] = []
  for (const part of text.split(',')) {
    const bounds = part.split('-')
    if (bounds.length > 2) {
      return `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`
    }
    for (const bound of bounds) {
      if (!/^\d+$/.test(bound)) return `cannot convert string to integer for index: ${JSON.stringify(bound)}`
      if (Number(bound) >= completions) return `too large index: ${JSON.stringify(bound)}`
    }
    const [from = 0, to = from] = bounds.map(Number)
    if (bounds.length > 1 && to <= from) return `non-increasing order, previous: ${from}, current: ${to}`
    const last = indexes.at(-1) ?? -1
    if (from <= last) return `non-increasing order, previous: ${last}, current: ${from}`
    for (let index = from; index <= to; index++) indexes.push(index)
  }
  return indexes
}

export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...new Set(indexes)].sort((a, b) => a - b)
  const parts: string[] = []
  for (let at = 0; at < sorted.length; ) {
    const first = sorted[at] as number
    let last = first
    while (sorted[at + 1] === last + 1) last = sorted[++at] as number
    at++
    // Two in a row are told one by one.
    parts.push(last === first ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`)
  }
  return parts.join(',')
}

// Where a part begins in a text, in a time that grows with their lengths and not with the product of these, which is what
// comparing at each place takes, and what JavaScript's own search takes of long parts (Knuth, Morris and Pratt's way).

/** One place after the other, those that overlap as well. Of texts, or of their characters. */
export function* placesOf(part: ArrayLike<string>, text: ArrayLike<string>): Generator<number> {
  /** How much of the part's beginning stands before each place of it. */
  const before = new Uint32Array(part.length)
  for (let at = 1, same = 0; at < part.length; at++) {
    while (same > 0 && part[at] !== part[same]) same = before[same - 1]!
    if (part[at] === part[same]) same++
    before[at] = same
  }
  for (let at = 0, same = 0; at < text.length; at++) {
    while (same > 0 && (same === part.length || text[at] !== part[same])) same = before[same - 1]!
    if (text[at] === part[same]) same++
    if (same === part.length) yield at + 1 - same
  }
}

/** JavaScript's own search is faster, and cannot take long for so few. */
const FEW = 16

export function hasPart(text: string, part: string): boolean {
  if (part.length <= FEW) return text.includes(part)
  return !placesOf(part, text).next().done
}

export function splitBy(text: string, by: string): string[] {
  if (by.length <= FEW) return by === '' ? [...text] : text.split(by)
  const parts: string[] = []
  let from = 0
  for (const place of placesOf(by, text)) {
    if (place < from) continue
    parts.push(text.slice(from, place))
    from = place + by.length
  }
  return [...parts, text.slice(from)]
}

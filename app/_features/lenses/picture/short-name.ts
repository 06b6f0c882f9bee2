// Names cut in the middle: people tell Pods apart by the end, and a revision or a reason is never cut at all.

export function shortName(name: string, most: number): string {
  if (name.length <= most) return name
  const dash = name.lastIndexOf('-')
  const hasEnd = dash > 0 && name.length - dash < most
  if (!hasEnd && most < 8) return `…${name.slice(1 - most)}`
  const tail = hasEnd ? name.slice(dash) : name.slice(-(most >> 1))
  const head = name.slice(0, Math.max(0, most - tail.length - 1)).replace(/-[^-]{0,3}$/, '-')
  return head.length > 1 ? `${head}…${tail}` : `…${tail}`
}

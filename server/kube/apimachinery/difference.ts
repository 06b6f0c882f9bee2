// How two values differ, as people read it: their JSON line by line, in the form of `diff -u`.
// Upstream: apimachinery/pkg/util/diff, which shows Go's structures with all fields that are not set; here only those that are.

const AROUND = 10

export function differenceOf(from: unknown, to: unknown): string {
  const [before, after] = [linesOf(from), linesOf(to)]
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  let end = 0
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const first = Math.max(0, start - AROUND)
  const behind = Math.min(end, AROUND)
  const range = (lines: string[]) => {
    const count = lines.length - end + behind - first
    return count === 1 ? `${first + 1}` : `${first + 1},${count}`
  }
  return [
    '--- expected',
    '+++ got',
    `@@ -${range(before)} +${range(after)} @@`,
    ...before.slice(first, start).map((line) => ` ${line}`),
    ...before.slice(start, before.length - end).map((line) => `-${line}`),
    ...after.slice(start, after.length - end).map((line) => `+${line}`),
    ...after.slice(after.length - end, after.length - end + behind).map((line) => ` ${line}`),
    '',
  ].join('\n')
}

const linesOf = (value: unknown) => JSON.stringify(value, inOrder, 2).split('\n')

const inOrder = (_: string, value: unknown) =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

// JSON values as Go's `%v` prints them, for messages that learners may look up: `map[image:nginx ports:[80 443]]`.

import type { JsonValue } from '../json.ts'

export function goFormat(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goFormat).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const entries = Object.keys(value).sort()
  return `map[${entries.map((key) => `${key}:${goFormat(value[key])}`).join(' ')}]`
}

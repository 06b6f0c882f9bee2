// Can the patterns of a schema be read, and are they small enough together? Upstream has no such bound; it compiles a
// pattern much faster, and has a process for one cluster.

import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { compilePattern, MOST_STEPS, stepsOf, TOO_LARGE } from '../../schemas/structural/patterns.ts'

export function patternErrors(schema: JsonSchema, at: string): FieldError[] {
  /** What is wrong with each, however often it stands in the schema. */
  const problems = new Map<string, string | undefined>()
  let steps = 0
  const problemOf = (pattern: string) => {
    steps += stepsOf(pattern)
    if (steps > MOST_STEPS) return TOO_LARGE
    try {
      compilePattern(pattern)
      return undefined
    } catch (err) {
      return (err as Error).message
    }
  }
  const errors: FieldError[] = []
  for (const [pattern, place] of patternsOf(schema, at)) {
    if (!problems.has(pattern)) problems.set(pattern, problemOf(pattern))
    const problem = problems.get(pattern)
    const why = `must be a valid regular expression, but isn't: ${problem}`
    if (problem) errors.push(fieldError.invalid(`${place}.pattern`, pattern, why))
  }
  return errors
}

function* patternsOf(schema: JsonSchema, at: string): Generator<[pattern: string, place: string]> {
  const { pattern, items, properties = {}, additionalProperties: rest, not } = schema
  if (pattern) yield [pattern, at]
  if (items) yield* patternsOf(items, `${at}.items`)
  for (const [name, inner] of Object.entries(properties)) yield* patternsOf(inner, `${at}.properties[${name}]`)
  if (typeof rest === 'object') yield* patternsOf(rest, `${at}.additionalProperties`)
  for (const name of ['anyOf', 'allOf', 'oneOf'] as const) {
    for (const [index, inner] of (schema[name] ?? []).entries()) yield* patternsOf(inner, `${at}.${name}[${index}]`)
  }
  if (not) yield* patternsOf(not, `${at}.not`)
}

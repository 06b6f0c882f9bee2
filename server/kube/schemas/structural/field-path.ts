// Paths to one field, `.spec.a` or `.spec['a']`: which field selectors and rules name. They lead through properties and
// maps, never into lists. Upstream: apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go ValidFieldPath.

import type { JsonSchema } from './json-schema.ts'

interface FoundField {
  /** As field errors name it: `spec.a`, `spec[a]` in a map. */
  path: string
  schema: JsonSchema
}

const TOKEN = /'.*?(?<!\\)'|'.*$|[.[\]]|[^.[\]]+/gs
const UNESCAPED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
}
const ENDS = 'unexpected end of JSON path'
const NO_FIELD = 'does not refer to a valid field'

/** A text says why there is none. */
export function findField(root: JsonSchema, text: string, { allowsBrackets = true } = {}): FoundField | string {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token)
  let found: FoundField = { path: '', schema: root }
  while (tokens.length > 0) {
    const token = tokens.shift()!
    if (token !== '.' && token !== '[') return `expected [ or . but got: ${token}`
    if (token === '[' && !allowsBrackets) return 'array notation is not allowed'
    const told = tokens.shift()
    if (told === undefined) return ENDS
    const name = token === '.' ? { value: told } : unquoted(told)
    if (typeof name === 'string') return name
    const next = stepInto(found, name.value)
    if (!next) return NO_FIELD
    found = next
    if (token === '.') continue
    const end = tokens.shift()
    if (end !== ']') return end === undefined ? ENDS : `expected ] but got ${end}`
  }
  return found
}

function stepInto({ path, schema }: FoundField, name: string): FoundField | undefined {
  const { properties = {}, additionalProperties: rest } = schema
  if (Object.keys(properties).length > 0) {
    const next = Object.hasOwn(properties, name) ? properties[name] : undefined
    return next && { path: path ? `${path}.${name}` : name, schema: next }
  }
  return typeof rest === 'object' ? { path: `${path}[${name}]`, schema: rest } : undefined
}

function unquoted(told: string): { value: string } | string {
  if (told.length < 2 || !told.startsWith("'") || !told.endsWith("'")) {
    return `expected single quoted string but got ${told}`
  }
  const inner = told.slice(1, -1)
  const wrong = inner.match(/\\./g)?.find((escaped) => !(escaped.charAt(1) in UNESCAPED))
  if (wrong) return `invalid string literal: invalid escape char ${wrong}`
  return { value: inner.replace(/\\(.)/g, (_, letter: string) => UNESCAPED[letter] ?? '') }
}

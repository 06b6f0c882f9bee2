// What may be typed at the cursor, and what a field is: the same schema as the API server's, so both say the same.

import { type CursorPlace, cursorAt, fieldAt } from './cursor.ts'
import {
  apiVersionOf,
  type KnownSchemas,
  kindsIn,
  type Place,
  pathOf,
  placeAt,
  placeOfKind,
  type Schema,
  typeWords,
} from './schema.ts'

export interface Suggestion {
  label: string
  /** What is put in; `label` if nothing else. */
  insert: string
  detail: string
  info: string
}

export interface Suggestions {
  from: number
  options: Suggestion[]
}

/** What an object of the API has at its top, before its kind is known. */
const TOP: Schema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string', description: 'Which part of the API this is for, as in apps/v1.' },
    kind: { type: 'string', description: 'What this is, as in Deployment.' },
    metadata: { type: 'object', description: 'Name, namespace, labels and annotations.' },
  },
}

export function suggest(text: string, offset: number, known: KnownSchemas): Suggestions | undefined {
  const cursor = cursorAt(text, offset)
  if (!cursor) return undefined
  const found = cursor.typing === 'name' ? names(cursor, known, columnOf(text, cursor.from)) : values(cursor, known)
  // A name that is being exchanged has its colon already.
  const hasColon = cursor.typing === 'name' && /^[\w./-]*["']?:/.test(text.slice(offset))
  const options = hasColon ? found.map((option) => ({ ...option, insert: option.label })) : found
  return options.length > 0 ? { from: cursor.from, options } : undefined
}

export interface FieldWords {
  from: number
  to: number
  name: string
  type: string
  description: string
}

export function describe(text: string, offset: number, known: KnownSchemas): FieldWords | undefined {
  const field = fieldAt(text, offset)
  const root = field && placeOfKind(known, field.apiVersion, field.kind)
  const place = root && placeAt(root, field.path)
  if (!field || !place) return undefined
  const { schema } = place
  const { from, to } = field
  return { from, to, name: String(field.path.at(-1)), type: typeWords(schema), description: schema.description ?? '' }
}

function names(cursor: CursorPlace, known: KnownSchemas, column: number): Suggestion[] {
  const place = parentOf(cursor, known)
  const required = new Set(place?.schema.required)
  return Object.entries(place?.schema.properties ?? {})
    .filter(([name]) => !cursor.siblings.has(name) && !(cursor.path.length === 0 && name === 'status'))
    .map(([name, schema]) => {
      const field = placeAt(place!, [name])?.schema ?? schema
      return {
        label: name,
        insert: `${name}:${opening(field, column)}`,
        detail: required.has(name) ? `${typeWords(field)}, required` : typeWords(field),
        info: field.description ?? '',
      }
    })
}

function parentOf(cursor: CursorPlace, known: KnownSchemas): Place | undefined {
  const root = placeOfKind(known, cursor.apiVersion, cursor.kind) ?? { schema: TOP, all: {} }
  return placeAt(root, cursor.path)
}

/** What comes after the colon: a value beside it, or the first line of what is inside. */
function opening(schema: Schema, column: number): string {
  const inside = `\n${' '.repeat(column + 2)}`
  if (schema.type === 'array') return `${inside}- `
  if (schema.type === 'object' && !schema.oneOf) return inside
  return ' '
}

function values(cursor: CursorPlace, known: KnownSchemas): Suggestion[] {
  const plain = (words: Iterable<string>, detail = '') =>
    [...words].map((word) => ({ label: word, insert: word, detail, info: '' }))
  const [name] = cursor.path
  if (cursor.path.length === 1 && name === 'apiVersion') return plain(known.groupVersions.map(apiVersionOf))
  if (cursor.path.length === 1 && name === 'kind') return kinds(cursor, known)
  const root = placeOfKind(known, cursor.apiVersion, cursor.kind)
  const schema = root && placeAt(root, cursor.path)?.schema
  if (schema?.enum) return plain(schema.enum.filter(Boolean))
  if (schema?.type === 'boolean') return plain(['true', 'false'])
  return []
}

function kinds({ apiVersion }: CursorPlace, known: KnownSchemas): Suggestion[] {
  const all = known.loaded.get(pathOf(apiVersion))
  if (!all) return []
  return [...kindsIn(all, apiVersion)]
    .filter(([kind]) => !kind.endsWith('List'))
    .map(([kind, { description = '' }]) => ({ label: kind, insert: kind, detail: apiVersion, info: description }))
}

const columnOf = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1)

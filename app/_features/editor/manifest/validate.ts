// What is wrong with a manifest before anybody is asked: the YAML itself, fields that the kind does not have, values of
// the wrong type, and what is missing. Each problem has its place, and words that say what to do.

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import { nearest } from './nearest.ts'
import { parseManifest } from './parse.ts'
import {
  allows,
  apiVersionOf,
  fieldOf,
  isOpen,
  itemOf,
  type KnownSchemas,
  kindsIn,
  type Place,
  pathOf,
  placeOfKind,
  typeWords,
  type ValueType,
} from './schema.ts'

export interface Problem {
  from: number
  to: number
  /** From 1, as editors and kubectl count. */
  line: number
  column: number
  message: string
}

/** The group versions that a manifest speaks of, as paths: what has to be loaded before it can be validated. */
export function groupVersionsIn(text: string): string[] {
  const found = new Set<string>()
  for (const [, , version] of text.matchAll(/^\s*(-\s+)?["']?apiVersion["']?:\s*["']?([\w./-]+)/gm)) {
    if (version) found.add(pathOf(version))
  }
  return [...found]
}

export function validate(text: string, known: KnownSchemas): Problem[] {
  const { documents, lines } = parseManifest(text)
  const problems: Problem[] = []
  for (const document of documents) {
    const report: Report = (from, to, message) => {
      const { line, col } = lines.linePos(from)
      problems.push({ from, to: Math.max(to, Math.min(from + 1, text.length)), line, column: col, message })
    }
    for (const { pos, message } of document.errors) report(pos[0], pos[1], message)
    if (document.errors.length === 0) new Validator(document, known, report).object(document.contents)
  }
  return problems.sort((one, other) => one.from - other.from)
}

type Report = (from: number, to: number, message: string) => void

class Validator {
  readonly #document: Document.Parsed
  readonly #known: KnownSchemas
  readonly #report: Report

  constructor(document: Document.Parsed, known: KnownSchemas, report: Report) {
    this.#document = document
    this.#known = known
    this.#report = report
  }

  /** An object of the API, with apiVersion and kind. */
  object(node: Node | null): void {
    if (!node || (isScalar(node) && node.value === null)) return
    if (isMap(node)) this.#ofKind(node)
    else this.#at(node, 'A manifest is an object: apiVersion, kind, metadata and what belongs to it.')
  }

  #ofKind(node: YAMLMap): void {
    const apiVersion = this.#text(node, 'apiVersion')
    const kind = this.#text(node, 'kind')
    if (!apiVersion)
      this.#missing(node, 'apiVersion is missing: it says which part of the API this is for, as in apps/v1.')
    if (!kind) this.#missing(node, 'kind is missing: it says what this is, as in Deployment.')
    if (!apiVersion || !kind) return
    const version = apiVersion.text
    const all = this.#known.loaded.get(pathOf(version))
    const place = placeOfKind(this.#known, version, kind.text)
    if (version === 'v1' && kind.text === 'List') this.#list(node)
    else if (!this.#known.groupVersions.includes(pathOf(version))) {
      const close = nearest(version, this.#known.groupVersions.map(apiVersionOf))
      this.#at(apiVersion.node, `Your cluster serves no version "${version}".${mean(close)}`)
    } else if (all && !place) {
      const close = nearest(kind.text, kindsIn(all, version).keys())
      this.#at(kind.node, `No matches for kind "${kind.text}" in version "${version}".${mean(close)}`)
    } else if (place) {
      this.#value(node, place, '')
      this.#name(node)
    }
  }

  #list(node: YAMLMap): void {
    const items = this.#resolve(node.get('items', true) as Node | null)
    if (isSeq(items)) for (const item of items.items) this.object(this.#resolve(item as Node))
  }

  /** No schema asks for a name, but nothing is made without one. */
  #name(node: YAMLMap): void {
    const metadata = this.#resolve(node.get('metadata', true) as Node | null)
    const names = isMap(metadata) ? metadata : undefined
    if (names?.get('name') || names?.get('generateName')) return
    this.#missing(names && names.items.length > 0 ? names : node, 'metadata.name is missing: every object has a name.')
  }

  #value(unresolved: Node | null, place: Place, path: string): void {
    const node = this.#resolve(unresolved)
    // Null is as good as leaving the field out.
    if (!node || (isScalar(node) && node.value === null)) return
    const { schema } = place
    const is = typeOf(node)
    if (is && !allows(schema, is)) {
      const quoted = schema.type === 'string' && isScalar(node) ? ` Put quotes around it: "${node.source}".` : ''
      this.#at(node, `${path || 'This'} must be ${typeWords(schema)}, not ${typeWords({ type: is })}.${quoted}`)
      return
    }
    if (isMap(node)) this.#fields(node, place, path)
    if (isSeq(node)) {
      const item = itemOf(place)
      if (item) for (const [index, one] of node.items.entries()) this.#value(one as Node, item, `${path}[${index}]`)
    }
    if (schema.enum && isScalar(node) && typeof node.value === 'string' && !schema.enum.includes(node.value)) {
      const close = nearest(node.value, schema.enum)
      this.#at(node, `${path} must be one of ${schema.enum.map((one) => one || '""').join(', ')}.${mean(close)}`)
    }
  }

  #fields(node: YAMLMap, place: Place, path: string): void {
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      if (!isScalar(key)) continue
      // Fields that are merged in (`<<: *anchor`) were looked at where the anchor is.
      if (typeof key.value === 'symbol') continue
      const name = String(key.value)
      const field = fieldOf(place, name)
      const fieldPath = path ? `${path}.${name}` : name
      if (field) this.#value(value, field, fieldPath)
      else if (!isOpen(place)) {
        const close = nearest(name, Object.keys(place.schema.properties ?? {}))
        this.#at(key, `Unknown field "${fieldPath}".${mean(close)}`)
      }
    }
    for (const name of place.schema.required ?? []) {
      if (node.get(name) == null)
        this.#missing(node, `${path ? `${path}.` : ''}${name} is missing, and it is required.`)
    }
  }

  #text(node: YAMLMap, name: string): { text: string; node: Node } | undefined {
    const value = this.#resolve(node.get(name, true) as Node | null)
    return isScalar(value) && typeof value.value === 'string' && value.value
      ? { text: value.value, node: value }
      : undefined
  }

  #resolve(node: Node | null | undefined): Node | null {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? null
  }

  /** What is missing is told at the first field that is there. */
  #missing(node: YAMLMap, message: string): void {
    const [first] = node.items as Pair<Node>[]
    this.#at(first?.key ?? node, message)
  }

  #at(node: Node, message: string): void {
    const [from, to] = node.range ?? [0, 0]
    this.#report(from, isMap(node) || isSeq(node) ? Math.min(to, from + 1) : to, message)
  }
}

function typeOf(node: Node): ValueType | undefined {
  if (isMap(node)) return 'object'
  if (isSeq(node)) return 'array'
  if (!isScalar(node)) return undefined
  switch (typeof node.value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'boolean'
    case 'bigint':
      return 'integer'
    case 'number':
      return Number.isInteger(node.value) ? 'integer' : 'number'
  }
  return undefined
}

const mean = (close: string | undefined): string => (close ? ` Did you mean "${close}"?` : '')

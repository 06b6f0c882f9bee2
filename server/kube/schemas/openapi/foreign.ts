// OpenAPI v2 of servers behind this one, put into this server's own: the paths of their group version, and the
// definitions these lead to. Two definitions of one name that differ are kept apart by another name.
// Upstream: kube-openapi/pkg/aggregator.

import { deepEqual } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'

export interface ForeignDocuments {
  /** `apis/<group>/<version>` */
  path: string
  v2?: JsonObject
  v3?: JsonObject
}

interface Part {
  paths: JsonObject
  definitions: JsonObject
}

const DEFINITIONS = '#/definitions/'

export function withForeign(own: Part, foreign: readonly ForeignDocuments[]): Part {
  const merged = { paths: { ...own.paths }, definitions: { ...own.definitions } }
  for (const { path, v2 } of foreign) if (v2) add(merged, v2, `/${path}/`)
  return merged
}

function add(merged: Part, document: JsonObject, prefix: string): void {
  const definitions = objectAt(document, 'definitions')
  const wanted = Object.entries(objectAt(document, 'paths')).filter(([path]) => path.startsWith(prefix))
  const reached = new Set<string>()
  const reach = (name: string) => {
    if (reached.has(name) || !(name in definitions)) return
    reached.add(name)
    for (const next of referencesIn(definitions[name])) reach(next)
  }
  for (const [, operations] of wanted) for (const name of referencesIn(operations)) reach(name)
  const nameOf = new Map<string, string>()
  for (const name of reached) nameOf.set(name, freeName(merged.definitions, name, definitions[name]))
  for (const name of reached) merged.definitions[nameOf.get(name)!] = renamed(definitions[name], nameOf)
  for (const [path, operations] of wanted) merged.paths[path] = renamed(operations, nameOf)
}

function freeName(taken: JsonObject, name: string, definition: JsonValue | undefined): string {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name}_v${count}`
    if (!(candidate in taken) || deepEqual(taken[candidate], definition)) return candidate
  }
}

function* referencesIn(value: JsonValue | undefined): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* referencesIn(one)
  else if (isJsonObject(value)) {
    const { $ref } = value
    if (typeof $ref === 'string' && $ref.startsWith(DEFINITIONS)) yield $ref.slice(DEFINITIONS.length)
    for (const one of Object.values(value)) yield* referencesIn(one)
  }
}

function renamed(value: JsonValue | undefined, nameOf: ReadonlyMap<string, string>): JsonValue {
  if (Array.isArray(value)) return value.map((one) => renamed(one, nameOf))
  if (!isJsonObject(value)) return value ?? null
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const name = key === '$ref' && typeof one === 'string' ? nameOf.get(one.slice(DEFINITIONS.length)) : undefined
      return [key, name === undefined ? renamed(one, nameOf) : `${DEFINITIONS}${name}`]
    }),
  )
}

function objectAt(document: JsonObject, key: string): JsonObject {
  const found = document[key]
  return isJsonObject(found) ? found : {}
}

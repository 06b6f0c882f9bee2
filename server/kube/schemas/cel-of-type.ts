// A built-in kind as expressions see it, for checking them before they run. What Go writes in a form of its own (times,
// amounts, numbers that may be texts) is anything here: expressions get it as it stands on the wire.
// Upstream: apiserver/pkg/cel/common/schemas.go SchemaDeclType.

import type { CelType } from '../cel/cel-type.ts'
import type { GroupVersionKind, Schemas, ValueType } from './schemas.ts'
import { celTypeOf } from './structural/cel-of-schema.ts'
import type { JsonSchema } from './structural/json-schema.ts'

const DYN: CelType = { kind: 'dyn' }

/** A kind that is metadata and nothing else: what all objects share. */
const ANY = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' }

/** Of any kind that is served; undefined where nothing is known of one. */
export function celTypeOfKind(schemas: Schemas, kind: GroupVersionKind & { schema?: JsonSchema }): CelType | undefined {
  if (!kind.schema) return celTypeOfBuiltIn(schemas, kind)
  const own = celTypeOf(kind.schema, { isRoot: true })
  const any = celTypeOfBuiltIn(schemas, ANY)
  if (own?.kind !== 'object' || any?.kind !== 'object') return undefined
  return { ...own, fields: { ...own.fields, ...any.fields } }
}

function celTypeOfBuiltIn(schemas: Schemas, gvk: GroupVersionKind): CelType | undefined {
  const root = schemas.typeOf(gvk)
  const known = new Map<string, CelType>()
  /** Types that hold themselves are anything the second time. */
  const typeNamed = (name: string, above: readonly string[]): CelType => {
    const type = schemas.type(name)
    if (!type || above.includes(name)) return DYN
    const found = known.get(name)
    if (found) return found
    const fields: Record<string, CelType> = {}
    for (const [field, { type: value }] of type.fields) fields[field] = typeOf(value, [...above, name])
    const made: CelType = { kind: 'object', isOwn: true, fields }
    known.set(name, made)
    return made
  }
  const typeOf = (value: ValueType, above: readonly string[]): CelType => {
    switch (value.kind) {
      case 'ref':
        return typeNamed(value.ref, above)
      case 'array':
        return { kind: 'list', items: typeOf(value.items, above) }
      case 'map':
        return { kind: 'map', values: typeOf(value.values, above) }
      case 'int32':
      case 'int64':
        return { kind: 'int' }
      case 'bool':
      case 'double':
      case 'string':
        return { kind: value.kind }
      default:
        return DYN
    }
  }
  return root && typeNamed(root.name, [])
}

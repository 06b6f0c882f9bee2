// Answers the strategic merge patch's questions about the built-in kinds.

import type { PatchField, PatchSchema } from '../apimachinery/patch/patch-schema.ts'
import { badRequest } from '../apimachinery/status-error.ts'
import type { GroupVersionKind, Schemas, ValueType } from './schemas.ts'

/** Undefined for kinds without facts: custom resources have no strategic merge patch. */
export function patchSchemaOf(schemas: Schemas, gvk: GroupVersionKind): PatchSchema | undefined {
  const type = schemas.typeOf(gvk)
  return type && schemaOf(schemas, { kind: 'ref', ref: type.name })
}

function schemaOf(schemas: Schemas, type: ValueType): PatchSchema | undefined {
  if (type.kind === 'map') {
    return {
      name: 'map',
      // Its values are taken whole or, as scalars, replaced; upstream never looks into them.
      field: () => {
        throw badRequest('merging an object in json but data type is not struct, instead is: map')
      },
    }
  }
  if (type.kind !== 'ref') return undefined
  const fact = schemas.type(type.ref)
  if (!fact) return undefined
  return {
    name: fact.goName,
    field(name) {
      const field = fact.fields.get(name)
      return field && fieldOf(schemas, field.type, field.patchStrategies, field.patchMergeKey)
    },
  }
}

function fieldOf(schemas: Schemas, type: ValueType, strategies: readonly string[] = [], mergeKey?: string): PatchField {
  const schema = schemaOf(schemas, type.kind === 'array' ? type.items : type)
  return { strategies, ...(mergeKey ? { mergeKey } : {}), ...(schema ? { schema } : {}) }
}

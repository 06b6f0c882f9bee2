// Objects as rows, the way `kubectl get` prints them. Upstream: apiserver/pkg/endpoints/handlers/response.go asTable.

import type { KubeObject, ListMeta } from '../../apimachinery/object-meta.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { textOf } from '../../schemas/descriptions.ts'
import { withNulls } from '../../schemas/null-fields.ts'
import type { Schemas } from '../../schemas/schemas.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') || 'Metadata'
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked
  const value = `includeObject: Invalid value: ${JSON.stringify(asked)}`
  throw badRequest(`Unable to convert to Table as requested: ${value}: must be 'Metadata', 'Object', 'None', or empty`)
}

export function tableOf(
  kind: AnyKind,
  objects: readonly KubeObject[],
  told: {
    metadata: ListMeta
    include: IncludeObject
    version: 'v1' | 'v1beta1'
    now: number
    schemas: Schemas
    withColumns?: boolean
  },
) {
  const { include, version, now, metadata, schemas, withColumns = true } = told
  const apiVersion = `meta.k8s.io/${version}`
  return {
    kind: 'Table',
    apiVersion,
    metadata,
    columnDefinitions: withColumns
      ? kind.columns.map(({ name, type = 'string', format = '', description = '', priority = 0, ...of }) => ({
          name,
          type,
          format,
          description: of.field ? textOf(schemas, of.fieldOf ?? kind, of.field) : description,
          priority,
        }))
      : null,
    rows: (kind.rowOrder ? objects.toSorted(kind.rowOrder) : objects).map((object) => ({
      cells: kind.columns.map((column) => column.value(object, now) ?? null),
      ...conditionsOf(kind, object),
      object:
        include === 'None'
          ? null
          : include === 'Object'
            ? withNulls(schemas, kind, object)
            : partialOf(object, apiVersion),
    })),
  }
}

function conditionsOf({ rowConditions }: AnyKind, object: KubeObject) {
  const conditions = rowConditions?.(object) ?? []
  return conditions.length > 0 ? { conditions } : {}
}

export function partialOf(object: KubeObject, apiVersion = 'meta.k8s.io/v1') {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata }
}

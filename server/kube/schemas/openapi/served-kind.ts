// A kind as the documents need it told, and the names of what it is made of.

import type { JsonObject } from '../../apimachinery/json.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'

/** A kind as the server serves it, told by the caller: the registry or a CustomResourceDefinition. */
export interface ServedKind extends GroupVersionKind {
  plural: string
  namespaced: boolean
  /** `get`, `list`, `create`, `update`, `patch`, `delete`, `deletecollection`, `watch`. */
  verbs: readonly string[]
  /** `status`, `scale`, `log`, …: paths.ts knows what each one takes. */
  subresources: readonly string[]
  /** What a list of it is called; `<kind>List` unless told. */
  listKind?: string
  /** A custom resource's `openAPIV3Schema`; built-in kinds have none, the facts know them. */
  schema?: JsonObject
  /** What fields it is selected by, besides name and namespace: `spec.color`. Told of custom resources only. */
  selectedBy?: readonly string[]
}

/** `stable.example.com/v1 CronTab` → `com.example.stable.v1.CronTab`. */
export function customDefinitionName({ group, version, kind }: Pick<ServedKind, 'group' | 'version' | 'kind'>): string {
  return [...group.split('.').reverse(), version, kind].join('.')
}

/** A subresource that takes and gives an object of another kind says which. */
export function bodyOfSubresource(kind: ServedKind, subresource: string, schemas: Schemas) {
  const other = {
    scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
    binding: { group: '', version: 'v1', kind: 'Binding' },
    token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  }[subresource]
  const gvk = other ?? { group: kind.group, version: kind.version, kind: kind.kind }
  const type = !other && kind.schema ? customDefinitionName(kind) : schemas.typeOf(gvk)?.name
  return type ? { gvk, type } : undefined
}

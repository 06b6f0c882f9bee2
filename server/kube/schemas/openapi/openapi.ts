// The three OpenAPI doors of an API server. Documents are made when first asked for and kept as bytes with their hash.

import type { JsonObject } from '../../apimachinery/json.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'

/** A kind as the server serves it, told by the caller: the registry or a CustomResourceDefinition. */
export interface ServedKind extends GroupVersionKind {
  plural: string
  namespaced: boolean
  /** `get`, `list`, `create`, `update`, `patch`, `delete`, `deletecollection`, `watch`. */
  verbs: readonly string[]
  /** `status`, `scale`, `log`, …; those of another kind (scale) say which. */
  subresources: readonly string[]
  /** A custom resource's `openAPIV3Schema`; built-in kinds have none, the facts know them. */
  schema?: JsonObject
}

export interface OpenApiDocument {
  /** Quoted, as the ETag header wants it. */
  etag: string
  contentType: string
  body: Buffer
}

export interface OpenApi {
  /** `/openapi/v3`: `{ paths: { 'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1?hash=…' } } }`. */
  v3Index(): OpenApiDocument
  /** `/openapi/v3/<path>` with path `api/v1` or `apis/apps/v1`; undefined when no such group version is served. */
  v3(path: string): OpenApiDocument | undefined
  /** `/openapi/v2`, as JSON or in kubectl's old protobuf form, by the Accept header. */
  v2(accept: string | undefined): OpenApiDocument
}

export interface OpenApiSource {
  schemas: Schemas
  kinds: readonly ServedKind[]
  /** `v1.36.0`, shown in `info.version`. */
  version: string
  /** Where built descriptions are kept (`.cache/schemas`); none: documents without descriptions. */
  descriptions?: () => ReadonlyMap<string, string>
}

/** Make a new one whenever the set of kinds changes (a CRD came or went); it costs nothing until asked. */
export function openApi(_source: OpenApiSource): OpenApi {
  throw new Error('not yet written')
}

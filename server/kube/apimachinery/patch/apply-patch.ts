// One patch of any of the three client-side kinds, applied to a JSON object. Never changes its arguments.
// Server-side apply (`application/apply-patch+yaml`) also decides who owns what: see schemas/apply.

import { goKindOf, isJsonObject, type JsonObject, type JsonValue } from '../json.ts'
import { badRequest, StatusError } from '../status-error.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import type { PatchSchema } from './patch-schema.ts'
import { strategicMergePatch } from './strategic-merge-patch.ts'

export const PATCH_CONTENT_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const
export type PatchContentType = (typeof PATCH_CONTENT_TYPES)[number]

export interface PatchRequest {
  contentType: PatchContentType
  original: JsonObject
  /** The parsed body. */
  patch: JsonValue
  /** Needed for strategic merge patches; absent for custom resources, which do not have them. */
  patchSchema?: PatchSchema
}

/** What a JSON patch makes of an object need not be one. */
export function applyPatch({ contentType, original, patch, patchSchema }: PatchRequest): JsonValue {
  switch (contentType) {
    case 'application/json-patch+json':
      return jsonPatch(original, patch)
    case 'application/merge-patch+json':
      if (patch === null) throw badRequest('Invalid JSON Patch')
      if (!isJsonObject(patch)) throw badRequest(`error decoding patch: ${noMap(patch)}`)
      return mergePatch(original, patch)
    case 'application/strategic-merge-patch+json':
      if (patch === null) return original
      if (!isJsonObject(patch)) throw badRequest(noMap(patch))
      if (!patchSchema) {
        throw new StatusError(
          'UnsupportedMediaType',
          'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        )
      }
      return strategicMergePatch({ original, patch, schema: patchSchema })
  }
}

const noMap = (patch: JsonValue) =>
  `json: cannot unmarshal ${goKindOf(patch)} into Go value of type map[string]interface {}`

// One patch of any of the three client-side kinds, applied to a JSON object. Never changes its arguments.
// Server-side apply (`application/apply-patch+yaml`) also decides who owns what: see schemas/apply.

import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts'
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

export function applyPatch({ contentType, original, patch, patchSchema }: PatchRequest): JsonObject {
  switch (contentType) {
    case 'application/json-patch+json': {
      const patched = jsonPatch(original, patch)
      if (!isJsonObject(patched)) throw badRequest('the patched document is not an object')
      return patched
    }
    case 'application/merge-patch+json':
      if (!isJsonObject(patch)) throw badRequest('a merge patch must be an object')
      return mergePatch(original, patch) as JsonObject
    case 'application/strategic-merge-patch+json':
      if (!isJsonObject(patch)) throw badRequest('a strategic merge patch must be an object')
      if (!patchSchema) {
        throw new StatusError(
          'UnsupportedMediaType',
          'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        )
      }
      return strategicMergePatch({ original, patch, schema: patchSchema })
  }
}

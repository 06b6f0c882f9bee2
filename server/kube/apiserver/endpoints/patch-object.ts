// PATCH: the current object, changed as the patch says, goes the way of any update.
// Without a resourceVersion in the patch it is tried again on what somebody else has made of the object meanwhile.
// Upstream: apiserver/pkg/endpoints/handlers/patch.go.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { applyPatch, PATCH_CONTENT_TYPES, type PatchContentType } from '../../apimachinery/patch/apply-patch.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { patchSchemaOf } from '../../schemas/patch-schema.ts'
import type { Answer } from '../request-path/answer.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { decodeAs, parseJson, readText, unsupportedMediaType } from '../request-path/read-body.ts'
import { type Call, gateOf, objectAnswer, owned } from './object-endpoints.ts'
import { APPLY_PATCH } from './read-configuration.ts'
import { readWriteOptions } from './write-options.ts'

const ATTEMPTS = 5

export interface Patch {
  contentType: PatchContentType
  patch: JsonValue
}

export async function readPatch(request: ApiRequest): Promise<Patch> {
  const type = request.contentType.split(';', 1)[0]?.trim() ?? ''
  const contentType = PATCH_CONTENT_TYPES.find((known) => known === type)
  if (!contentType) throw unsupportedMediaType(type || 'none', [...PATCH_CONTENT_TYPES, APPLY_PATCH])
  if (request.body.type === 'object') return { contentType, patch: request.body.value as JsonValue }
  const text = await readText(request)
  if (text === undefined) throw badRequest('the request body is empty: a patch is expected')
  return { contentType, patch: parseJson(text) }
}

export async function patchObject(call: Call): Promise<Answer> {
  const { context, info, registry, schemas, request } = call
  const { kind } = registry
  const { contentType, patch } = await readPatch(request)
  if (isJsonObject(patch)) context.means((patch as KubeObject).metadata?.resourceVersion, patch)
  const options = readWriteOptions(request, 'PatchOptions')
  const { dryRun, fieldValidation } = options
  const patchSchema = patchSchemaOf(schemas, kind)
  const change = (current: KubeObject) => {
    const patched = applyPatch({
      contentType,
      original: current as JsonObject,
      patch,
      ...(patchSchema ? { patchSchema } : {}),
    })
    const next = decodeAs(schemas, kind, patched, { fieldValidation, context })
    kind.strategy.setDefaults?.(next)
    return owned(call, options, { live: current, next })
  }
  const entry = await registry.update(context, {
    namespace: kind.namespaced ? info.namespace : '',
    name: info.name,
    subresource: info.subresource || undefined,
    gate: gateOf(call, 'UPDATE', dryRun),
    dryRun,
    attempts: ATTEMPTS,
    change,
  })
  for (const warning of kind.strategy.warnings?.(entry.object) ?? []) context.warn(warning)
  return objectAnswer(registry, entry)
}

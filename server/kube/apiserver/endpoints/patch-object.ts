// PATCH: the current object, changed as the patch says, goes the way of any update.
// Without a resourceVersion in the patch it is tried again on what somebody else has made of the object meanwhile.
// Upstream: apiserver/pkg/endpoints/handlers/patch.go.

import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { applyPatch } from '../../apimachinery/patch/apply-patch.ts'
import { withNulls } from '../../schemas/null-fields.ts'
import { patchSchemaOf } from '../../schemas/patch-schema.ts'
import type { Answer } from '../request-path/answer.ts'
import { type Call, gateOf, objectAnswer, owned } from './object-endpoints.ts'
import { dedupOwners } from './owner-references.ts'
import { decodePatched, readPatch } from './read-patch.ts'
import { readWriteOptions } from './write-options.ts'

export async function patchObject(call: Call): Promise<Answer> {
  const { context, info, registry, served, schemas, request } = call
  const { kind } = served
  const sent = await readPatch(request, { isCustom: kind.schema !== undefined })
  const { contentType, patch } = sent
  if (isJsonObject(patch)) context.means((patch as KubeObject).metadata?.resourceVersion, patch)
  const options = readWriteOptions(request, 'PatchOptions')
  const { dryRun, fieldValidation } = options
  const patchSchema = patchSchemaOf(schemas, kind)
  const isStatusMerge = info.subresource === 'status' && contentType === 'application/strategic-merge-patch+json'
  const change = async (stored: KubeObject) => {
    const current = served.shown(stored)
    const patched = applyPatch({
      contentType,
      // Upstream's is laid over bytes, with the nulls that its author has seen.
      original: (contentType === 'application/json-patch+json'
        ? withNulls(schemas, kind, current)
        : current) as JsonObject,
      patch,
      ...(patchSchema ? { patchSchema } : {}),
    })
    // What a kubelet's word on a status leaves as it is, is the cache's, and was read and given defaults when it came.
    const { spec, ...others } = patched as JsonObject
    const keepsSpec = isStatusMerge && current === stored && spec !== undefined && spec === (current as JsonObject).spec
    const next = decodePatched(schemas, kind, {
      patched: keepsSpec ? others : patched,
      sent,
      fieldValidation,
      context,
    })
    kind.strategy.setDefaults?.(next)
    if (keepsSpec) Object.assign(next, { spec })
    dedupOwners(next, context, 'patch')
    return served.accepted(await owned(call, options, { live: current, next }), stored)
  }
  const entry = await registry.update(context, {
    namespace: kind.namespaced ? info.namespace : '',
    name: info.name,
    subresource: info.subresource || undefined,
    gate: gateOf(call, 'UPDATE', dryRun),
    dryRun,
    isPatch: true,
    change,
  })
  return objectAnswer(served, entry)
}

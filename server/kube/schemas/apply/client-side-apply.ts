// What is left of `kubectl apply` without --server-side: an annotation with the configuration as it was last applied.
// kubectl may take over from itself, and keeps the annotation true as long as it is there, so that one can go back.
// Upstream: apimachinery/pkg/util/managedfields/internal/lastapplied{manager,updater}.go.

import { isJsonObject, type JsonObject, parseJson, writeJson } from '../../apimachinery/json.ts'
import type { ApplySchema } from './apply-schema.ts'
import type { FieldSet } from './field-set.ts'
import { compareTyped, fieldSetOf } from './typed-value.ts'

/** Whoever applies under another name has nothing to do with any of this. */
const KUBECTL = 'kubectl'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Places that conflict with nobody: client-side apply set them, and nobody has changed them since. */
export function ownByClientSideApply(told: {
  schema: ApplySchema
  live: JsonObject
  manager: string
  apiVersion: string
}): FieldSet | undefined {
  const { schema, live, manager, apiVersion } = told
  const text = lastApplied(live)
  if (manager !== KUBECTL || text === undefined) return undefined
  try {
    const last = parseJson(text)
    if (!isJsonObject(last) || last.apiVersion !== apiVersion) return undefined
    const { added, modified, removed } = compareTyped(schema, last, live)
    return fieldSetOf(schema, last).difference(modified).difference(added).difference(removed)
  } catch {
    // Not a configuration: then it says nothing about who owns what.
    return undefined
  }
}

export function withLastApplied(object: JsonObject, applied: JsonObject, manager: string): JsonObject {
  if (manager !== KUBECTL || !lastApplied(object)) return object
  const { metadata } = object as { metadata: JsonObject & { annotations: JsonObject } }
  const annotations = { ...metadata.annotations, [LAST_APPLIED]: `${writeJson(withoutAnnotation(applied))}\n` }
  return { ...object, metadata: { ...metadata, annotations } }
}

function withoutAnnotation(applied: JsonObject): JsonObject {
  if (lastApplied(applied) === undefined) return applied
  const { metadata } = applied as { metadata: JsonObject & { annotations: JsonObject } }
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations
  return { ...applied, metadata: { ...metadata, annotations } }
}

function lastApplied({ metadata }: JsonObject): string | undefined {
  const annotations = isJsonObject(metadata) ? metadata.annotations : undefined
  const text = isJsonObject(annotations) ? annotations[LAST_APPLIED] : undefined
  return typeof text === 'string' ? text : undefined
}

// A conversion webhook may change labels and annotations, and nothing else of metadata: names must be as they were, and the
// rest is put back. Upstream: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.

import { labelsErrors } from '../../apimachinery/field-checks.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { goTypeOf } from '../../apimachinery/patch/go-format.ts'
import { annotationErrors } from '../registry/object-meta-rules.ts'

const NAMES = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const

/** What is no longer the same object; what is no text counts as none. */
export function otherNames(original: KubeObject, converted: KubeObject): string | undefined {
  const textOf = ({ metadata }: KubeObject, field: 'name' | 'namespace' | 'uid') => {
    const value = isJsonObject(metadata) ? metadata[field] : undefined
    return typeof value === 'string' ? value : ''
  }
  for (const [field, name] of NAMES) {
    const [before, after] = [textOf(original, field), textOf(converted, field)]
    if (before !== after) return `must have the same ${name}: ${before} != ${after}`
  }
  return undefined
}

/** Throws when what was changed cannot be labels or annotations. */
export function withOwnMetadata(original: KubeObject, converted: KubeObject): KubeObject {
  const told = converted.metadata as JsonValue | undefined
  if (told === undefined) throw new Error('missing metadata in converted object')
  if (!isJsonObject(told)) throw new Error(`invalid metadata of type ${goTypeOf(told)} in converted object`)
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata ?? {}
  const labels = changed(told, 'labels', original)
  const annotations = changed(told, 'annotations', original)
  return { ...converted, metadata: { ...kept, ...(labels && { labels }), ...(annotations && { annotations }) } }
}

function changed(told: JsonObject, field: 'labels' | 'annotations', { metadata = {} }: KubeObject) {
  const value = told[field]
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw new Error(`invalid metadata.${field} of type ${goTypeOf(value)} in converted object`)
  for (const [key, one] of Object.entries(value)) {
    if (typeof one === 'string') continue
    throw new Error(`metadata.${field}[${key}] must be a string, but is ${goTypeOf(one)} in converted object`)
  }
  const texts = value as Record<string, string>
  const before = metadata[field] ?? {}
  const isSame =
    Object.keys(texts).length === Object.keys(before).length &&
    Object.entries(texts).every(([key, text]) => before[key] === text)
  // What was wrong before may stay. Upstream's own slip: the place of annotations lacks its last letter.
  const errors = isSame
    ? []
    : field === 'labels'
      ? labelsErrors('metadata.labels', texts)
      : annotationErrors(texts, 'metadata.annotation')
  const words = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))]
  if (words.length > 0) throw new Error(words.length === 1 ? words[0] : `[${words.join(', ')}]`)
  return texts
}

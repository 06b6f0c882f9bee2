// The body of a PATCH that is no apply, and what is wrong with what it makes of an object.
// Upstream: apiserver/pkg/endpoints/handlers/patch.go jsonPatcher, smpPatcher.

import { isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH, USUAL_DEPTH } from '../../apimachinery/depth.ts'
import { goKindOf, isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { PATCH_CONTENT_TYPES, type PatchContentType } from '../../apimachinery/patch/apply-patch.ts'
import { goFormat } from '../../apimachinery/patch/go-format.ts'
import { badRequest, fieldError, invalid, StatusError } from '../../apimachinery/status-error.ts'
import { noKindOf } from '../../schemas/read-object-text.ts'
import type { GroupVersionKind, Schemas } from '../../schemas/schemas.ts'
import { readPlainJson, tooDeep } from '../../schemas/strict-json.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { decodeAs, readText, unsupportedMediaType } from '../request-path/read-body.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import { APPLY_PATCH } from './read-configuration.ts'

const MOST_OPERATIONS = 10_000

export interface Patch {
  contentType: PatchContentType
  patch: JsonValue
  /** `duplicate field "spec.replicas"` */
  strange: string[]
}

/** Custom resources have no strategic merge patch. */
export async function readPatch(request: ApiRequest, { isCustom = false } = {}): Promise<Patch> {
  const type = request.contentType.split(';', 1)[0]?.trim() ?? ''
  const types = PATCH_CONTENT_TYPES.filter((known) => !isCustom || known !== 'application/strategic-merge-patch+json')
  const contentType = types.find((known) => known === type)
  if (!contentType) throw unsupportedMediaType(type || 'none', [...types, APPLY_PATCH])
  if (request.body.type === 'object') return { contentType, patch: request.body.value as JsonValue, strange: [] }
  const text = (await readText(request)) ?? ''
  const isJsonPatch = contentType === 'application/json-patch+json'
  const refuse = (why: string) =>
    badRequest(contentType.startsWith('application/strategic') ? why : `error decoding patch: ${why}`)
  const { value: patch, duplicates } = parsePatch(text, refuse)
  if (isJsonPatch && Array.isArray(patch) && patch.length > MOST_OPERATIONS) {
    const why = `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`
    throw new StatusError('RequestEntityTooLarge', why)
  }
  const strange = duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`)
  if (!isJsonPatch) return { contentType, patch, strange }
  // Whoever asks for nothing to be told has its operations read as they come.
  if (request.query.get('fieldValidation') !== 'Ignore') strange.push(...unknownOf(patch, refuse))
  return { contentType, patch, strange: strange.map((why) => `json patch ${why}`) }
}

function parsePatch(text: string, refuse: (why: string) => StatusError) {
  try {
    const read = readPlainJson(text)
    if (read.depth > KEPT_DEPTH) throw tooDeep()
    return read
  } catch (err) {
    throw refuse(err instanceof Error ? err.message : 'invalid')
  }
}

/** What operations have beside what an operation has. */
function unknownOf(patch: JsonValue, refuse: (why: string) => StatusError): string[] {
  const wrong = (value: JsonValue, into: string) => refuse(`json: cannot unmarshal ${goKindOf(value)} into Go ${into}`)
  const operations = patch ?? []
  if (!Array.isArray(operations)) throw wrong(operations, 'value of type []handlers.jsonPatchOp')
  return operations.flatMap((operation, index) => {
    if (operation === null) return []
    if (!isJsonObject(operation)) throw wrong(operation, 'value of type handlers.jsonPatchOp')
    for (const name of ['op', 'path', 'from']) {
      const value = operation[name] ?? ''
      if (typeof value !== 'string') throw wrong(value, `struct field jsonPatchOp.${name} of type string`)
    }
    const unknown = Object.keys(operation).filter((name) => !['op', 'path', 'from', 'value'].includes(name))
    return unknown.map((name) => `unknown field ${JSON.stringify(`[${index}].${name}`)}`)
  })
}

/** The object as patched, checked as its sender asked. What is wrong with it is wrong with the patch. */
export function decodePatched(
  schemas: Schemas,
  gvk: GroupVersionKind,
  told: { patched: JsonValue; sent: Patch; fieldValidation: string; context: RequestContext },
): KubeObject {
  const { patched, sent, fieldValidation, context } = told
  const isStrategic = sent.contentType === 'application/strategic-merge-patch+json'
  const refuse = (why: string) =>
    invalid({ group: '', kind: '' }, '', [
      fieldError.invalid('patch', isStrategic ? goFormat(sent.patch) : JSON.stringify(patched), why),
    ])
  if (!isJsonObject(patched)) throw refuse(noKindOf(patched))
  try {
    return decodeAs(schemas, gvk, isStrategic ? ofItsOwnKind(gvk, patched) : patched, {
      fieldValidation,
      context,
      noticed: sent.strange,
      refuse: (problems) => refuse(`strict decoding error: ${problems.join(', ')}`),
    })
  } catch (err) {
    // What is too deep is too deep to be shown.
    if (!(err instanceof StatusError) || err.reason !== 'BadRequest' || isDeeperThan(patched, USUAL_DEPTH)) throw err
    const [, why = err.message] = / cannot be handled as a \w+: (.*)$/s.exec(err.message) ?? []
    throw refuse(isStrategic ? asRestored(why) : why)
  }
}

/**
 * A strategic merge patch is laid over a Go struct, which is what it is whatever the patch calls it: Ansible scales
 * with a patch of kind Deployment.
 */
function ofItsOwnKind({ kind, group, version }: GroupVersionKind, patched: JsonObject): JsonObject {
  const own = { ...patched }
  if (typeof own.kind === 'string') own.kind = kind
  if (typeof own.apiVersion === 'string') own.apiVersion = group ? `${group}/${version}` : version
  return own
}

/** A strategic merge patch is not read from JSON again but from maps, which words its errors otherwise. */
function asRestored(why: string): string {
  const [, from, type = ''] = /^json: cannot unmarshal (\w+) into Go .* of type (\S+)$/.exec(why) ?? []
  if (['int32', 'int64', 'bool', 'string'].includes(type)) return `unrecognized type: ${type}`
  const goKind = from === 'array' ? 'slice' : from === 'object' ? 'map' : from
  if (type.startsWith('[]')) return `cannot restore slice from ${goKind}`
  return type.startsWith('map[') ? `cannot restore map from ${goKind}` : why
}

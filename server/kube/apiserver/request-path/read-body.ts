// From a request's body to an object of a kind. JSON and YAML are read; unknown fields are an error, a warning or
// nothing, as the sender asked (fieldValidation). Upstream: apiserver/pkg/endpoints/handlers/{create,rest}.go.

import { isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { badRequest, fieldError, invalid, StatusError } from '../../apimachinery/status-error.ts'
import { cannotBeHandled, decode, strictDecodingError } from '../../schemas/decode.ts'
import { PROTOBUF_CONTENT_TYPE, readProtobuf } from '../../schemas/protobuf/protobuf.ts'
import { unrecognized } from '../../schemas/read-object-text.ts'
import type { GroupVersionKind, Schemas } from '../../schemas/schemas.ts'
import { tooDeep } from '../../schemas/strict-json.ts'
import { decodeCustom } from '../../schemas/structural/decode-custom.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import type { ApiRequest } from './api-request.ts'
import { readYaml } from './read-yaml.ts'
import type { RequestContext } from './request-context.ts'

const JSON_TYPE = 'application/json'
const YAML_TYPE = 'application/yaml'

/**
 * With parameters that are well formed, or it is none. No two of its parts fit the same spaces, which would take the square of
 * their number. Upstream: the standard library's mime.ParseMediaType.
 */
const MEDIA_TYPE = /^([^;\s]+)(?:\s*;\s*[^\s;=",]+\s*=\s*(?:[^\s;=",]+|"(?:[^"\\]|\\.)*"))*(?:\s*;)?$/
const mediaType = (contentType: string) => MEDIA_TYPE.exec(contentType.trim())?.[1]?.toLowerCase()

export function unsupportedMediaType(contentType: string, accepted: readonly string[]): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    contentType
      ? `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
      : 'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml',
  )
}

/** Undefined when there is none. */
export async function readText(request: ApiRequest): Promise<string | undefined> {
  if (request.body.type !== 'bytes') return undefined
  const bytes = await request.body.read()
  return bytes.length > 0 ? bytes.toString('utf8') : undefined
}

export interface ReadBody {
  /** JSON text or a parsed value, whatever it was sent as; undefined when there is none. */
  value: string | JsonValue | undefined
  /** Keys that YAML gives twice; in JSON the decoder finds them. */
  duplicates: string[]
}

/** `kind`: of what is expected, where that is known. */
export async function readBody(
  request: ApiRequest,
  { schemas, kind }: { schemas: Schemas; kind?: string },
): Promise<ReadBody> {
  const only = (value: ReadBody['value']): ReadBody => ({ value, duplicates: [] })
  if (request.body.type === 'none') return only(undefined)
  if (request.body.type === 'object') return only(request.body.value as JsonValue)
  const type = request.contentType === '' ? JSON_TYPE : mediaType(request.contentType)
  if (type === PROTOBUF_CONTENT_TYPE) {
    const bytes = await request.body.read()
    return only(bytes.length > 0 ? readProtobuf(schemas, bytes).object : undefined)
  }
  const text = await readText(request)
  if (text === undefined) return only(undefined)
  if (type === YAML_TYPE) {
    return readYaml(text, (why) => (kind ? unrecognized(kind, why, text) : badRequest(why)))
  }
  if (type !== JSON_TYPE) {
    throw unsupportedMediaType(request.contentType, [JSON_TYPE, YAML_TYPE, PROTOBUF_CONTENT_TYPE])
  }
  return only(text)
}

export const readValue = async (request: ApiRequest, told: { schemas: Schemas }): Promise<ReadBody['value']> =>
  (await readBody(request, told)).value

/** An object of `gvk`, checked against its shape. What was sent must say it is of this kind, or say nothing. */
export function decodeAs(
  schemas: Schemas,
  gvk: GroupVersionKind & { schema?: JsonSchema },
  value: string | JsonValue,
  options: {
    fieldValidation: string
    context?: RequestContext
    /** Problems found before, told with those found here. */
    noticed?: readonly string[]
    /** The error when there are problems and fieldValidation is Strict. */
    refuse?: (problems: string[]) => StatusError
  },
): KubeObject {
  const { fieldValidation, context, noticed = [], refuse } = options
  if (typeof value !== 'string' && !isJsonObject(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${gvk.kind}): not an object`)
  }
  const { schema } = gvk
  const told = saidBy(value)
  if (told && schema) assertCustomKind(gvk, told, { value, fieldValidation })
  else if (told) assertKind(schemas, gvk, told)
  const input = typeof value === 'string' ? value : (value as JsonObject)
  const { object, problems } = schema ? decodeCustom(schemas, { ...gvk, schema }, input) : decode(schemas, gvk, input)
  keepReset(object as KubeObject, told ?? {})
  const messages = [...noticed, ...problems.map(({ message }) => message)]
  if (messages.length > 0 && fieldValidation !== 'Ignore') {
    if (fieldValidation === 'Strict') throw refuse?.(messages) ?? strictDecodingError(gvk, messages)
    for (const message of messages) context?.warn(message)
  }
  return object as KubeObject
}

export function parseBody(text: string): JsonValue {
  try {
    const value = parseJson(text)
    if (isDeeperThan(value, KEPT_DEPTH)) throw tooDeep()
    return value
  } catch (err) {
    throw badRequest(`couldn't get version/kind; json parse error: ${err instanceof Error ? err.message : 'invalid'}`)
  }
}

/** Decoding leaves out what is empty; but an empty list of owners says: forget them all. */
function keepReset(object: KubeObject, { metadata }: JsonObject): void {
  const told = isJsonObject(metadata) ? metadata.managedFields : undefined
  if (Array.isArray(told) && told.length === 0) object.metadata = { ...object.metadata, managedFields: [] }
}

/** The decoder overwrites kind and apiVersion. Undefined for what it will refuse to read. */
function saidBy(value: string | JsonValue): JsonObject | undefined {
  if (typeof value !== 'string') return value as JsonObject
  try {
    return Object(JSON.parse(value)) as JsonObject
  } catch {
    return undefined
  }
}

const groupVersionOf = ({ group, version }: GroupVersionKind) => (group ? `${group}/${version}` : version)

/**
 * To Go a custom resource is a map like any other: nothing is filled in that it does not say, and whether it is of this
 * kind is a matter of its validity.
 */
function assertCustomKind(
  gvk: GroupVersionKind,
  { kind, apiVersion, metadata }: JsonObject,
  { value, fieldValidation }: { value: string | JsonValue; fieldValidation: string },
): void {
  if (!kind) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const why = `Object 'Kind' is missing in '${text}'`
    throw fieldValidation === 'Ignore' ? cannotBeHandled(gvk, why) : unrecognized(gvk.kind, why, text)
  }
  if (apiVersion !== groupVersionOf(gvk)) throw otherVersion(gvk, apiVersion)
  if (kind !== gvk.kind) {
    const { name = '' } = (metadata ?? {}) as { name?: string }
    throw invalid(gvk, name, [fieldError.invalid('kind', kind, `must be ${gvk.kind}`)])
  }
}

/** As upstream tells what cannot be made a `gvk`: unknown to it, another kind, or another version of this one. */
function assertKind(schemas: Schemas, gvk: GroupVersionKind, said: JsonObject): void {
  const expected = groupVersionOf(gvk)
  const kind = typeof said.kind === 'string' && said.kind ? said.kind : gvk.kind
  const apiVersion = typeof said.apiVersion === 'string' && said.apiVersion ? said.apiVersion : expected
  if (kind === gvk.kind && apiVersion === expected) return
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const type = schemas.typeOf({ group, version, kind })
  const inOwn = `converting (${type?.goType}) to (${internalPackage(gvk.group)}.${gvk.kind}): unknown conversion`
  const why = type ? inOwn : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${SCHEME}"`
  if (!type || kind !== gvk.kind) {
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${gvk.kind}: ${why}`)
  }
  throw otherVersion(gvk, apiVersion)
}

const otherVersion = (gvk: GroupVersionKind, told: JsonValue = '') =>
  badRequest(`the API version in the data (${told}) does not match the expected API version (${groupVersionOf(gvk)})`)

const SCHEME = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30'
const internalPackage = (group: string) => group.split('.', 1)[0] || 'core'

// From a request's JSON to an object of a kind: known fields only, each of its type, in canonical form.
//
// The wording is that of Go's JSON decoder, since it is what learners see and search for. As there, the first wrong
// type wins and is an error; unknown and duplicate fields are collected and are the caller's to warn of, refuse or
// ignore. What Go would leave out when writing (nulls, empty `omitempty` fields that are no pointers) is left out here, and
// what it writes though nobody set it is there.
// Upstream: sigs.k8s.io/json, apimachinery/pkg/runtime/serializer/json.

import { KEPT_DEPTH, USUAL_DEPTH } from '../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts'
import { badRequest, StatusError } from '../apimachinery/status-error.ts'
import { shortened, textFindings } from '../apimachinery/told.ts'
import { type Place, readScalar, unmarshalProblem } from './decode-scalar.ts'
import { writeOwnEmptyFields } from './empty-fields.ts'
import { readObjectText } from './read-object-text.ts'
import type { FieldFact, GroupVersionKind, Schemas, TypeFact, ValueType } from './schemas.ts'
import {
  keysInOrder,
  MOST_PROBLEMS,
  NumberLiteral,
  pathText,
  plainJson,
  type ReadValue,
  readJson,
  setOwn,
  TypeProblem,
  tooDeep,
} from './strict-json.ts'

export interface DecodeProblem {
  kind: 'unknown' | 'duplicate'
  /** `spec.template.spec.containers[0].imagee` */
  path: string
  /** `unknown field "spec.replcas"`, as warnings and strict errors say it. */
  message: string
}

export interface Decoded {
  /** A fresh object: known fields only and all that Go writes, values in canonical form (quantities, times). */
  object: JsonObject
  /** What the sender said it is; `object` always says what it was decoded as. */
  told: { apiVersion?: JsonValue; kind?: JsonValue }
  /** What fieldValidation=Warn warns of and Strict refuses; empty is the usual case. */
  problems: DecodeProblem[]
}

/**
 * Reads a JSON body (text or parsed; only text can show duplicate fields) as the given kind.
 * Throws BadRequest, worded as upstream, for wrong types and bad JSON. The kind must be one of ours: for custom
 * resources, `schemas.typeOf(gvk)` is undefined and this throws.
 */
export function decode(schemas: Schemas, gvk: GroupVersionKind, input: string | JsonObject): Decoded {
  const type = schemas.typeOf(gvk)
  if (!type) throw badRequest(`no kind "${gvk.kind}" is registered for version "${groupVersion(gvk)}"`)
  const { value, duplicates, depth } =
    typeof input === 'string'
      ? readObjectText(gvk.kind, input, readJson)
      : { value: input as ReadValue, duplicates: [], depth: 0 }
  const decoder = new Decoder(schemas, type, DEEP_KINDS.has(gvk.kind) ? KEPT_DEPTH : USUAL_DEPTH)
  try {
    const fields = decoder.object(value, type)
    const { apiVersion, kind, ...rest } = fields
    return {
      object: { apiVersion: groupVersion(gvk), kind: gvk.kind, ...rest },
      told: { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }) },
      problems: inOrder(
        typeof input === 'string' && depth <= MOST_ORDERED ? input : '',
        duplicates,
        decoder.unknown.all,
      ),
    }
  } catch (err) {
    if (!(err instanceof TypeProblem)) throw err
    throw cannotBeHandled(gvk, err.message, err)
  }
}

/** In deeper texts than that nobody looks for the places again: each key would be named from the root. */
const MOST_ORDERED = 100

/** Unknown and duplicate fields as the text has them; what an unknown field holds is nobody's concern. */
function inOrder(text: string, duplicates: string[], unknown: string[]): DecodeProblem[] {
  const found = unknown.map((path) => problem('unknown', path))
  if (duplicates.length === 0) return found
  const keys = text ? keysInOrder(text, new Set([...duplicates, ...unknown])) : []
  const isInside = (path: string) =>
    unknown.some((outer) => path.startsWith(outer) && /^[.[]|^$/.test(path.slice(outer.length)))
  const twice = duplicates.filter((path) => !isInside(path)).map((path) => problem('duplicate', path))
  const place = ({ kind, path }: DecodeProblem) => keys.indexOf(path, kind === 'duplicate' ? keys.indexOf(path) + 1 : 0)
  return [...found, ...twice].sort((a, b) => place(a) - place(b)).slice(0, MOST_PROBLEMS)
}

/** What fieldValidation=Strict answers: `… cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo"`. */
export function strictDecodingError(gvk: GroupVersionKind, messages: readonly string[]): StatusError {
  return cannotBeHandled(gvk, `strict decoding error: ${messages.join(', ')}`)
}

/** Schemas, and the past of anything. Node agents and the classroom, whose stacks are usual ones, read the other kinds whole. */
const DEEP_KINDS = new Set(['CustomResourceDefinition', 'ControllerRevision'])

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** The part of a custom resource that is like every other object's. */
export function decodeMetadata(
  schemas: Schemas,
  gvk: GroupVersionKind,
  metadata: JsonValue,
  path = '',
): { metadata: JsonObject; problems: DecodeProblem[] } {
  const type = schemas.type(OBJECT_META)!
  const decoder = new Decoder(schemas, type, KEPT_DEPTH)
  const at = path ? `${path}.metadata` : 'metadata'
  try {
    const object = decoder.object(metadata, type)
    return { metadata: object, problems: decoder.unknown.all.map((unknown) => problem('unknown', `${at}.${unknown}`)) }
  } catch (err) {
    if (!(err instanceof TypeProblem)) throw err
    const place = path && `${at}: Invalid value: ${JSON.stringify(metadata)}: `
    throw cannotBeHandled(gvk, `${place}${err.message}`, err)
  }
}

const groupVersion = ({ group, version }: GroupVersionKind) => (group ? `${group}/${version}` : version)

export const cannotBeHandled = ({ kind, version }: GroupVersionKind, why: string, cause?: unknown) =>
  new StatusError('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`, { cause })

const problem = (kind: DecodeProblem['kind'], path: string): DecodeProblem => ({
  kind,
  path,
  message: `${kind} field ${JSON.stringify(shortened(path))}`,
})

class Decoder {
  unknown = textFindings(MOST_PROBLEMS)
  readonly #schemas: Schemas
  /** Where we are, with list places and map keys: for unknown fields. */
  readonly #path: (string | number)[] = []
  /** Where Go believes to be. One for the whole walk: there are some hundred fields to each object. */
  readonly #place: Place & { names: string[] }
  /** So many are kept. */
  readonly #levels: number

  constructor(schemas: Schemas, { goName }: TypeFact, levels: number) {
    this.#schemas = schemas
    this.#levels = levels
    this.#place = { struct: goName, names: [] }
  }

  object(value: ReadValue, type: TypeFact): JsonObject {
    const place = this.#place
    if (!isPlainObject(value)) throw unmarshalProblem(value, type.goType, place)
    // Schemas hold schemas.
    if (this.#path.length > this.#levels) throw tooDeep()
    const object: JsonObject = {}
    const outer = place.struct
    for (const name of Object.keys(value)) {
      const field = type.fields.get(name)
      this.#path.push(name)
      if (field) {
        place.struct = type.goName
        place.names.push(name)
        const read = isSchemaWithin(type, name) ? this.#schema(value[name]!, type) : this.#field(value[name]!, field)
        place.names.pop()
        if (read !== undefined) object[name] = read
      } else {
        if (!this.unknown.areEnough) this.unknown.add(pathText(this.#path))
      }
      this.#path.pop()
    }
    place.struct = outer
    writeOwnEmptyFields(this.#schemas, type, object)
    return object
  }

  /** A schema, or what may stand in its place. Go reads those by a function of their own, which overlooks unknown fields. */
  #schema(value: ReadValue, type: TypeFact): JsonValue | undefined {
    if (value === null) return undefined
    if (Array.isArray(value)) return value.map((one) => this.#schema(one ?? {}, type)!)
    if (!isPlainObject(value)) return plainJson(value, this.#levels)
    const { unknown } = this
    this.unknown = textFindings(0)
    const read = this.object(value, type)
    this.unknown = unknown
    return read
  }

  #field(value: ReadValue, field: FieldFact): JsonValue | undefined {
    // Null is "nothing said" for every Go type but a raw one, where it is a value like others.
    if (value === null) return undefined
    const read = this.#value(value, field.type)
    const isLeftOut = !field.always && !field.pointer && isEmpty(read, field.type)
    return isLeftOut ? undefined : read
  }

  #value(value: ReadValue, type: ValueType): JsonValue {
    switch (type.kind) {
      case 'ref':
        return this.object(value ?? {}, this.#schemas.type(type.ref)!)
      case 'array':
        return this.#array(value, type)
      case 'map':
        return this.#map(value, type)
      case 'raw':
        // What an object of the cache holds is plain already, and shared: owners of fields are long and rarely change.
        return Object.isFrozen(value) ? (value as JsonValue) : plainJson(value, this.#levels)
      default:
        return readScalar(value, type.kind, type.goType, this.#place)
    }
  }

  #array(value: ReadValue, type: ValueType & { kind: 'array' }): JsonValue {
    if (!Array.isArray(value)) throw unmarshalProblem(value, this.#goType(type), this.#place)
    return value.map((element, at) => {
      this.#path.push(at)
      const read = this.#value(element, type.items)
      this.#path.pop()
      return read
    })
  }

  #map(value: ReadValue, type: ValueType & { kind: 'map' }): JsonValue {
    if (!isPlainObject(value)) throw unmarshalProblem(value, this.#goType(type), this.#place)
    const map: JsonObject = {}
    for (const key of Object.keys(value)) {
      this.#path.push(key)
      setOwn(map, key, this.#value(value[key]!, type.values))
      this.#path.pop()
    }
    return map
  }

  #goType(type: ValueType): string {
    switch (type.kind) {
      case 'array':
        return type.goType ?? `[]${this.#goType(type.items)}`
      case 'map':
        return type.goType ?? `map[string]${this.#goType(type.values)}`
      case 'ref':
        return this.#schemas.type(type.ref)!.goType
      default:
        return type.goType ?? GO_TYPE[type.kind]
    }
  }
}

const GO_TYPE: Record<Exclude<ValueType['kind'], 'array' | 'map' | 'ref'>, string> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  bool: 'bool',
  double: 'float64',
  bytes: '[]uint8',
  'int-or-string': 'intstr.IntOrString',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microtime: 'v1.MicroTime',
  duration: 'v1.Duration',
  raw: 'runtime.RawExtension',
}

/** The facts have them as raw, since they may be of several types: a schema, a list of some, `true`. */
const isSchemaWithin = ({ goName }: TypeFact, name: string) =>
  goName === 'JSONSchemaProps' && (name === 'items' || name === 'additionalProperties')

const isPlainObject = (value: ReadValue): value is JsonObject =>
  isJsonObject(value) && !((value as unknown) instanceof NumberLiteral)

/** What `omitempty` leaves out. Structs are never empty; neither are the scalars that are structs in Go. */
function isEmpty(value: JsonValue, type: ValueType): boolean {
  switch (type.kind) {
    case 'array':
      return (value as JsonValue[]).length === 0
    case 'map':
      return Object.keys(value as JsonObject).length === 0
    case 'string':
    case 'bytes':
      return value === ''
    case 'bool':
      return value === false
    case 'int32':
    case 'int64':
    case 'double':
      return value === 0
    default:
      return false
  }
}

// An object as the server holds it: decoded once, and the bytes it was decoded from.
//
// The store keeps objects without their resourceVersion, which is the revision they were written at. Bytes begin with
// `{"kind":…,"apiVersion":…,"metadata":{`, so the wire form is a splice and never a second JSON.stringify:
//
//   stored  {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"default","uid":"a1…",…
//   wire    {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"default","uid":"a1…","resourceVersion":"41",…
//   in list {"metadata":{"name":"web","namespace":"default","uid":"a1…","resourceVersion":"41",…

import { deepFreeze, isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH, MOST_LEVELS } from '../../apimachinery/depth.ts'
import { isJsonObject, parseJson, writeJson } from '../../apimachinery/json.ts'
import { withoutNulls } from '../../apimachinery/nulls.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'

export interface Entry {
  readonly key: string
  readonly revision: number
  /** Shared and frozen. */
  readonly object: KubeObject
  /** As stored. */
  readonly value: Buffer
}

/** Only a custom resource may be so deep that it matters how it is written; looking for that is half of writing. */
export function encodeStored(kind: AnyKind, object: KubeObject): Buffer {
  const write = kind.schema ? writeJson : JSON.stringify
  let text = `${headOf(kind)}"metadata":${write({ ...object.metadata, resourceVersion: undefined })}`
  // Piece by piece: a copy of the object with these three in front would take longer than to write it.
  for (const field in object) {
    const value = object[field as keyof KubeObject] as unknown
    if (value !== undefined && !HEAD.has(field)) text += `,${JSON.stringify(field)}:${write(value)}`
  }
  return Buffer.from(`${text}}`)
}

const HEAD = new Set(['kind', 'apiVersion', 'metadata'])

/** Throws when the bytes are not what we write: someone has been at the store. */
export function decodeStored(value: Buffer): KubeObject {
  const read: unknown = parseJson(value.toString('utf8'))
  const object = value.includes('null') && isJsonObject(read) ? withoutNulls(read) : read
  if (typeof object !== 'object' || object === null || typeof (object as KubeObject).metadata !== 'object') {
    throw new Error('not an object of this kind')
  }
  if (value.length > 2 * MOST_LEVELS && isDeeperThan(object, KEPT_DEPTH)) throw new Error('exceeded max depth')
  return object as KubeObject
}

export function withRevision(object: KubeObject, revision: number): KubeObject {
  const { metadata } = object
  const resourceVersion = String(revision)
  const told = metadata && 'resourceVersion' in metadata ? { ...metadata, resourceVersion } : undefined
  return deepFreeze({ ...object, metadata: told ?? afterUid(metadata, resourceVersion) })
}

/** Where Go has it: of what comes from the store, which has none, to be seen by whoever looks at the object. */
function afterUid(metadata: ObjectMeta | undefined, resourceVersion: string): ObjectMeta {
  const placed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(metadata ?? {})) {
    placed[name] = value
    if (name === 'uid') placed.resourceVersion = resourceVersion
  }
  placed.resourceVersion = resourceVersion
  return placed
}

export function headOf(kind: AnyKind): string {
  return `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},`
}

const METADATA = '"metadata":{'

/** The entry's JSON, whole or as an item of a list, which does not repeat its kind. */
export function wireChunks(
  head: string,
  { value, object, revision }: Entry,
  form: 'whole' | 'item',
): (string | Buffer)[] {
  const { name = '', generateName, namespace, uid = '' } = object.metadata ?? {}
  const before = `"name":"${name}",${generateName ? `"generateName":"${generateName}",` : ''}${namespace ? `"namespace":"${namespace}",` : ''}"uid":"${uid}"`
  const start = head + METADATA
  const [shown, told] = [form === 'whole' ? start : `{${METADATA}`, `"resourceVersion":"${revision}"`]
  const first = value.toString('latin1', 0, start.length + before.length)
  if (first === start + before) return [`${shown}${before},${told}`, value.subarray(first.length)]
  // Written by someone else (etcdctl, a real Kubernetes): correct, only slower.
  if (!first.startsWith(start)) return [writeJson(object)]
  const rest = value.subarray(start.length)
  return [`${shown}${told}${rest[0] === 0x7d ? '' : ','}`, rest]
}

export const wireBytes = (head: string, entry: Entry): Buffer => joinChunks(wireChunks(head, entry, 'whole'))

/** Into one piece of memory; a buffer for each of some thousand chunks would be garbage at once. */
export function joinChunks(chunks: readonly (string | Buffer)[]): Buffer {
  let size = 0
  for (const chunk of chunks) size += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length
  const joined = Buffer.allocUnsafe(size)
  let at = 0
  for (const chunk of chunks) at += typeof chunk === 'string' ? joined.write(chunk, at) : chunk.copy(joined, at)
  return joined
}

// An object as the server holds it: decoded once, and the bytes it was decoded from.
//
// The store keeps objects without their resourceVersion, which is the revision they were written at. Bytes begin with
// `{"kind":…,"apiVersion":…,"metadata":{`, so the wire form is a splice and never a second JSON.stringify:
//
//   stored  {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web",…
//   wire    {"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"41","name":"web",…
//   in list {"metadata":{"resourceVersion":"41","name":"web",…

import { deepFreeze, isDeeperThan } from '../../apimachinery/deep.ts'
import { CUSTOM_DEPTH, MOST_LEVELS } from '../../apimachinery/depth.ts'
import { parseJson, writeJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'

export interface Entry {
  readonly key: string
  readonly revision: number
  /** Shared and frozen. */
  readonly object: KubeObject
  /** As stored. */
  readonly value: Buffer
}

export function encodeStored(kind: AnyKind, object: KubeObject): Buffer {
  // Twice: for where they stand, and for what they say. To leave fields out of a copy takes longer than to write them over.
  const head = {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: { ...object.metadata, resourceVersion: undefined },
  }
  return Buffer.from(writeJson({ ...head, ...object, ...head }))
}

/** Throws when the bytes are not what we write: someone has been at the store. */
export function decodeStored(value: Buffer): KubeObject {
  const object: unknown = parseJson(value.toString('utf8'))
  if (typeof object !== 'object' || object === null || typeof (object as KubeObject).metadata !== 'object') {
    throw new Error('not an object of this kind')
  }
  if (value.length > 2 * MOST_LEVELS && isDeeperThan(object, CUSTOM_DEPTH)) throw new Error('exceeded max depth')
  return object as KubeObject
}

export function withRevision(object: KubeObject, revision: number): KubeObject {
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
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
  const from = head.length + METADATA.length
  if (value.toString('latin1', 0, from) !== head + METADATA) {
    // Written by someone else (etcdctl, a real Kubernetes): correct, only slower.
    return [writeJson(object)]
  }
  const rest = value.subarray(from)
  const comma = rest[0] === 0x7d ? '' : ','
  return [`${form === 'whole' ? head : '{'}${METADATA}"resourceVersion":"${revision}"${comma}`, rest]
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

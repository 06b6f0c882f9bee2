// Kubernetes' own binary form of the built-in kinds: what client-go based clients send and ask for.
//
//   'k' '8' 's' 0   then   runtime.Unknown { 1: TypeMeta { 1: apiVersion, 2: kind }, 2: the object's message }
//
// Objects here are JSON, as everywhere: the table of facts knows each field's number. Reading gives JSON as the sender
// wrote it, zeros included, and goes through decode() like any other body. Custom resources have no protobuf form.
// Upstream: apimachinery/pkg/runtime/serializer/protobuf.

import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { bytesOf, readMessage, textOf, type WireValue } from './proto-reader.ts'
import { ProtoWriter } from './proto-writer.ts'
import { readObject } from './read-object.ts'
import { writeObject } from './write-object.ts'

export const PROTOBUF_CONTENT_TYPE = 'application/vnd.kubernetes.protobuf'

const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0])

/** The kind comes from the bytes; undefined apiVersion or kind were not sent. Throws BadRequest for anything else. */
export function readProtobuf(
  schemas: Schemas,
  bytes: Buffer,
  expected?: GroupVersionKind,
): { apiVersion: string; kind: string; object: JsonObject } {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  const unknown = readMessage(bytes.subarray(MAGIC.length))
  const typeMeta = unknown.get(1) ? readMessage(bytesOf(unknown.get(1)!)) : new Map<number, WireValue>()
  const apiVersion = typeMeta.get(1) ? textOf(typeMeta.get(1)!) : ''
  const kind = typeMeta.get(2) ? textOf(typeMeta.get(2)!) : ''
  const gvk = kind ? { ...splitApiVersion(apiVersion), kind } : expected
  const type = gvk && schemas.typeOf(gvk)
  if (!type) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`)
  const raw = unknown.get(2)
  const fields = readObject(schemas, type, raw ? bytesOf(raw) : Buffer.alloc(0))
  return { apiVersion, kind, object: { ...(kind ? { apiVersion, kind } : {}), ...fields } }
}

/** Undefined for kinds without facts: the caller answers those in JSON. */
export function writeProtobuf(schemas: Schemas, object: JsonObject): Buffer | undefined {
  const apiVersion = String(object.apiVersion ?? '')
  const kind = String(object.kind ?? '')
  const type = schemas.typeOf({ ...splitApiVersion(apiVersion), kind })
  if (!type) return undefined
  const writer = new ProtoWriter()
  writer.message(1, (typeMeta) => {
    typeMeta.string(1, apiVersion)
    typeMeta.string(2, kind)
  })
  writer.message(2, (raw) => writeObject(schemas, type, object, raw))
  writer.string(3, '')
  writer.string(4, '')
  return Buffer.concat([MAGIC, writer.finish()])
}

/**
 * One event of a watch: its length in four bytes, then a WatchEvent holding the object in the form above.
 * Undefined as for writeProtobuf().
 */
export function writeProtobufWatchEvent(schemas: Schemas, type: string, object: JsonObject): Buffer | undefined {
  const raw = writeProtobuf(schemas, object)
  if (!raw) return undefined
  const writer = new ProtoWriter()
  writer.string(1, type)
  writer.message(2, (extension) => extension.bytes(1, raw))
  const event = writer.finish()
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}

function splitApiVersion(apiVersion: JsonValue): { group: string; version: string } {
  const [version = '', group = ''] = String(apiVersion).split('/').reverse()
  return { group, version }
}

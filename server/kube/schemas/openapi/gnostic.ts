// How gnostic, the library by which Kubernetes writes OpenAPI as protobuf, puts JSON into messages.
//
// Each message is a table: JSON key → field number and how its value is written. Only what our documents contain is
// there; a key that is in no table is left out.

import { isJsonNumber, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { ProtoWriter } from '../protobuf/proto-writer.ts'

export type Write = (writer: ProtoWriter, field: number, value: JsonValue) => void
export type Message = Record<string, [field: number, write: Write]>

export function writeDocument(document: JsonObject, message: Message): Buffer {
  const writer = new ProtoWriter()
  writeMessage(writer, message, document)
  return writer.finish()
}

/** `x-…` keys of a message go to its list of vendor extensions, as name and YAML (of which JSON is a part). */
function writeMessage(writer: ProtoWriter, message: Message, object: JsonObject): void {
  for (const [key, value] of Object.entries(object)) {
    const known = message[key]
    if (known) known[1](writer, known[0], value)
    else if (key.startsWith('x-') && message.extensions) {
      writer.message(message.extensions[0], (named) => {
        named.string(1, key)
        named.message(2, (any) => any.string(2, JSON.stringify(value)))
      })
    }
  }
}

export const text: Write = (writer, field, value) => writer.string(field, String(value))
export const flag: Write = (writer, field, value) => {
  // proto3 writes false by being absent.
  if (value === true) writer.bool(field, true)
}
export const anything: Write = (writer, field, value) =>
  writer.message(field, (any) => any.string(2, JSON.stringify(value)))
export const integer: Write = (writer, field, value) => writer.integer(field, isJsonNumber(value) ? value : 0)
export const double: Write = (writer, field, value) => writer.double(field, Number(value))
export const only: Write = () => {}

/** One message of the kind given; a thunk, since schemas contain schemas. */
export const one =
  (message: () => Message): Write =>
  (writer, field, value) =>
    writer.message(field, (inner) => writeMessage(inner, message(), value as JsonObject))

/** A list of values, each written as told. */
export const each =
  (write: Write): Write =>
  (writer, field, value) => {
    for (const element of value as JsonValue[]) write(writer, field, element)
  }

/** A JSON object with names of its own: a message holding a list of `{ name, value }`. */
export const namedList =
  (listField: number, write: Write): Write =>
  (writer, field, value) =>
    writer.message(field, (list) => {
      for (const [name, element] of Object.entries(value as JsonObject)) {
        list.message(listField, (named) => {
          named.string(1, name)
          write(named, 2, element)
        })
      }
    })

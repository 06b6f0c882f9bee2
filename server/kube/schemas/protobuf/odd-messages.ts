// The few types whose protobuf form does not follow from their JSON form.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { TypeFact, ValueType } from '../schemas.ts'
import { bytesOf, integerOf, readFields, textOf } from './proto-reader.ts'
import type { ProtoWriter } from './proto-writer.ts'

/** Named lists of texts (Verbs, ExtraValue) are messages `{ items }`, so that empty and absent differ. */
export function isWrappedList(type: ValueType): boolean {
  return type.kind === 'array' && type.goType !== undefined
}

/** A value that is a schema or something simpler: `additionalProperties: true`, `items: [ … ]`. */
export interface SchemaUnion {
  write(value: JsonValue, writer: ProtoWriter, writeSchema: WriteSchema): void
  read(bytes: Buffer, readSchema: ReadSchema): JsonValue
}
type WriteSchema = (schema: JsonObject, writer: ProtoWriter) => void
type ReadSchema = (bytes: Buffer) => JsonObject

export const JSON_SCHEMA_PROPS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

export function schemaUnionOf(owner: TypeFact, field: string): SchemaUnion | undefined {
  return owner.name === JSON_SCHEMA_PROPS ? UNIONS[field] : undefined
}

const OR_BOOL: SchemaUnion = {
  write(value, writer, writeSchema) {
    writer.bool(1, isJsonObject(value) || value === true)
    if (isJsonObject(value)) writer.message(2, (inner) => writeSchema(value, inner))
  },
  read(bytes, readSchema) {
    let value: JsonValue = false
    for (const [field, wire] of readFields(bytes)) {
      if (field === 1 && !isJsonObject(value)) value = integerOf(wire) !== 0
      if (field === 2) value = readSchema(bytesOf(wire))
    }
    return value
  },
}

const OR_ARRAY: SchemaUnion = {
  write(value, writer, writeSchema) {
    if (isJsonObject(value)) writer.message(1, (inner) => writeSchema(value, inner))
    else for (const schema of value as JsonObject[]) writer.message(2, (inner) => writeSchema(schema, inner))
  },
  read(bytes, readSchema) {
    const several: JsonObject[] = []
    for (const [field, wire] of readFields(bytes)) {
      if (field === 1) return readSchema(bytesOf(wire))
      if (field === 2) several.push(readSchema(bytesOf(wire)))
    }
    return several
  },
}

const OR_STRING_ARRAY: SchemaUnion = {
  write(value, writer, writeSchema) {
    if (isJsonObject(value)) writer.message(1, (inner) => writeSchema(value, inner))
    else for (const name of value as string[]) writer.string(2, name)
  },
  read(bytes, readSchema) {
    const names: string[] = []
    for (const [field, wire] of readFields(bytes)) {
      if (field === 1) return readSchema(bytesOf(wire))
      if (field === 2) names.push(textOf(wire))
    }
    return names
  },
}

const UNIONS: Record<string, SchemaUnion> = {
  items: OR_ARRAY,
  additionalProperties: OR_BOOL,
  additionalItems: OR_BOOL,
  dependencies: OR_STRING_ARRAY,
}

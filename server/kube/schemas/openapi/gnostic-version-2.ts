// An OpenAPI 2 document as gnostic's protobuf: the only form in which kubectl before 1.27 reads it.
// Numbers are those of gnostic's OpenAPIv2.proto.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { ProtoWriter } from '../protobuf/proto-writer.ts'
import {
  anything,
  double,
  each,
  flag,
  integer,
  type Message,
  namedList,
  one,
  only,
  text,
  type Write,
  writeDocument,
} from './gnostic.ts'

export const gnosticVersion2 = (document: JsonObject): Buffer => writeDocument(document, DOCUMENT)

const SCHEMA: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, anything],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, flag],
  minimum: [9, double],
  exclusiveMinimum: [10, flag],
  maxLength: [11, integer],
  minLength: [12, integer],
  pattern: [13, text],
  maxItems: [14, integer],
  minItems: [15, integer],
  uniqueItems: [16, flag],
  maxProperties: [17, integer],
  minProperties: [18, integer],
  required: [19, each(text)],
  enum: [20, each(anything)],
  additionalProperties: [21, (writer, field, value) => writer.message(field, (item) => additional(item, value))],
  type: [22, (writer, field, value) => writer.message(field, (item) => item.string(1, String(value)))],
  items: [23, (writer, field, value) => writer.message(field, (item) => one(() => SCHEMA)(item, 1, value))],
  properties: [
    25,
    namedList(
      1,
      one(() => SCHEMA),
    ),
  ],
  externalDocs: [29, one(() => ({ description: [1, text], url: [2, text] }))],
  example: [30, anything],
  extensions: [31, only],
}

function additional(writer: ProtoWriter, value: JsonValue): void {
  if (isJsonObject(value)) one(() => SCHEMA)(writer, 1, value)
  else writer.bool(2, value === true)
}

const BODY_PARAMETER: Message = {
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, flag],
  schema: [5, one(() => SCHEMA)],
}
const QUERY_PARAMETER: Message = {
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [6, text],
  format: [7, text],
}
const PATH_PARAMETER: Message = {
  required: [1, flag],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [5, text],
  format: [6, text],
}

/** ParametersItem → Parameter → body, or NonBodyParameter → query or path. */
const parameters: Write = (writer, field, value) => {
  for (const parameter of value as JsonObject[]) {
    writer.message(field, (item) =>
      item.message(1, (inner) => {
        if (parameter.in === 'body') one(() => BODY_PARAMETER)(inner, 1, parameter)
        else {
          inner.message(2, (other) => {
            if (parameter.in === 'query') one(() => QUERY_PARAMETER)(other, 3, parameter)
            else one(() => PATH_PARAMETER)(other, 4, parameter)
          })
        }
      }),
    )
  }
}

const RESPONSE: Message = {
  description: [1, text],
  schema: [2, (writer, field, value) => writer.message(field, (item) => one(() => SCHEMA)(item, 1, value))],
}

const responses: Write = (writer, field, value) =>
  writer.message(field, (list) => {
    for (const [code, response] of Object.entries(value as JsonObject)) {
      list.message(1, (named) => {
        named.string(1, code)
        named.message(2, (either) => one(() => RESPONSE)(either, 1, response))
      })
    }
  })

const OPERATION: Message = {
  description: [3, text],
  operationId: [5, text],
  produces: [6, each(text)],
  consumes: [7, each(text)],
  parameters: [8, parameters],
  responses: [9, responses],
  extensions: [13, only],
}

const PATH_ITEM: Message = {
  get: [2, one(() => OPERATION)],
  put: [3, one(() => OPERATION)],
  post: [4, one(() => OPERATION)],
  delete: [5, one(() => OPERATION)],
  patch: [8, one(() => OPERATION)],
  parameters: [9, parameters],
}

const INFO: Message = { title: [1, text], version: [2, text], description: [3, text] }

const DOCUMENT: Message = {
  swagger: [1, text],
  info: [2, one(() => INFO)],
  paths: [
    8,
    namedList(
      2,
      one(() => PATH_ITEM),
    ),
  ],
  definitions: [
    9,
    namedList(
      1,
      one(() => SCHEMA),
    ),
  ],
}

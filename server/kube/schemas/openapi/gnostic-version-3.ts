// An OpenAPI 3 document as gnostic's protobuf. Numbers are those of gnostic's OpenAPIv3.proto.

import { isJsonNumber, isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
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

export const gnosticVersion3 = (document: JsonObject): Buffer => writeDocument(document, DOCUMENT)

/** …OrReference: the thing itself, or where it stands. */
const orReference =
  (message: () => Message): Write =>
  (writer, field, value) =>
    writer.message(field, (either) => {
      if (isJsonObject(value) && value.$ref !== undefined) one(() => REFERENCE)(either, 2, value)
      else one(message)(either, 1, value)
    })

const REFERENCE: Message = { $ref: [1, text], description: [3, text] }

const schema: Write = orReference(() => SCHEMA)

/** A default that is a number, a flag or a text; the message has no place for others. */
const scalar: Write = (writer, field, value) => {
  if (isJsonNumber(value)) writer.message(field, (item) => item.double(1, Number(value)))
  else if (typeof value === 'boolean') writer.message(field, (item) => item.bool(2, value))
  else if (typeof value === 'string') writer.message(field, (item) => item.string(3, value))
}

const schemaOrFlag: Write = (writer, field, value) =>
  writer.message(field, (item) => {
    if (typeof value === 'boolean') item.bool(2, value)
    else schema(item, 1, value)
  })

const SCHEMA: Message = {
  nullable: [1, flag],
  externalDocs: [6, one(() => ({ description: [1, text], url: [2, text] }))],
  example: [7, anything],
  title: [9, text],
  multipleOf: [10, double],
  maximum: [11, double],
  exclusiveMaximum: [12, flag],
  minimum: [13, double],
  exclusiveMinimum: [14, flag],
  maxLength: [15, integer],
  minLength: [16, integer],
  pattern: [17, text],
  maxItems: [18, integer],
  minItems: [19, integer],
  uniqueItems: [20, flag],
  maxProperties: [21, integer],
  minProperties: [22, integer],
  required: [23, each(text)],
  enum: [24, each(anything)],
  type: [25, text],
  allOf: [26, each(schema)],
  oneOf: [27, each(schema)],
  anyOf: [28, each(schema)],
  not: [29, one(() => SCHEMA)],
  items: [30, (writer, field, value) => writer.message(field, (list) => schema(list, 1, value))],
  properties: [31, namedList(1, schema)],
  additionalProperties: [32, schemaOrFlag],
  default: [33, scalar],
  description: [34, text],
  format: [35, text],
  extensions: [36, only],
}

const content: Write = namedList(
  1,
  one(() => ({ schema: [1, schema] })),
)

const PARAMETER: Message = {
  name: [1, text],
  in: [2, text],
  description: [3, text],
  required: [4, flag],
  schema: [10, schema],
}
const parameters: Write = each(orReference(() => PARAMETER))

const OPERATION: Message = {
  description: [3, text],
  operationId: [5, text],
  parameters: [6, parameters],
  requestBody: [7, orReference(() => ({ description: [1, text], content: [2, content], required: [3, flag] }))],
  responses: [
    8,
    namedList(
      2,
      orReference(() => ({ description: [1, text], content: [3, content] })),
    ),
  ],
  extensions: [13, only],
}
const operation: Write = one(() => OPERATION)

const PATH_ITEM: Message = {
  get: [4, operation],
  put: [5, operation],
  post: [6, operation],
  delete: [7, operation],
  patch: [10, operation],
  parameters: [13, parameters],
}

const SECURITY_SCHEME: Message = { type: [1, text], description: [2, text], name: [3, text], in: [4, text] }

const COMPONENTS: Message = {
  schemas: [1, namedList(1, schema)],
  securitySchemes: [
    7,
    namedList(
      1,
      orReference(() => SECURITY_SCHEME),
    ),
  ],
}

const INFO: Message = { title: [1, text], description: [2, text], version: [6, text] }

const DOCUMENT: Message = {
  openapi: [1, text],
  info: [2, one(() => INFO)],
  paths: [
    4,
    namedList(
      1,
      one(() => PATH_ITEM),
    ),
  ],
  components: [5, one(() => COMPONENTS)],
}

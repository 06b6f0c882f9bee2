// Our protobuf of OpenAPI read by gnostic's own definitions, of which Debian has a package: nothing of a document is lost.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDebianSuite } from '../../../../bin/debian-package.mjs'
import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import { builtInKinds } from '../../kinds/index.ts'
import { loadSchemas } from '../load-schemas.ts'
import { openApi } from './openapi.ts'

const scratch = mkdtempSync(join(tmpdir(), 'podium-gnostic-'))
const SOURCE = 'usr/share/gocode/src/github.com/google/gnostic-models'
let definitions: protobuf.Root

beforeAll(async () => {
  const suite = await openDebianSuite({ suite: 'sid' })
  await suite.downloadAndUnpack('golang-github-google-gnostic-models-dev', scratch)
  definitions = new protobuf.Root()
  definitions.resolvePath = (_, target) =>
    target.startsWith('google/') ? join('node_modules/protobufjs', target) : join(scratch, SOURCE, target)
  await definitions.load(['openapiv2/OpenAPIv2.proto', 'openapiv3/OpenAPIv3.proto'], { keepCase: true })
}, 120_000)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection', 'watch']
const custom = {
  group: 'stable.example.com',
  version: 'v1',
  kind: 'CronTab',
  plural: 'crontabs',
  namespaced: true,
  verbs,
  subresources: ['status'],
  schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['level'],
        maxProperties: 7,
        properties: {
          level: { type: 'number', minimum: -1.5, maximum: 9, exclusiveMaximum: true, multipleOf: 0.5, default: 2.5 },
          names: { type: 'array', maxItems: 3, minItems: 1, items: { type: 'string', maxLength: 63, pattern: '^a' } },
          port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
          open: { type: 'object', additionalProperties: { type: 'boolean', nullable: true, default: true } },
          size: { type: 'string', enum: ['s', 'm'], default: 's' },
        },
      },
    },
  },
}
const documents = openApi({
  schemas: loadSchemas(),
  kinds: [...builtInKinds.map((kind) => ({ ...kind, verbs, schema: undefined })), custom],
  version: 'v1.36.0',
})

type Decoded = Record<string, unknown>

/** What gnostic's message says, as the document that it was made from. */
function documentOf(message: protobuf.Message): JsonValue {
  const { fields, oneofs } = message.$type as protobuf.Type
  const told = message as unknown as Decoded
  const isSet = (name: string) => Object.hasOwn(told, name) && !(Array.isArray(told[name]) && told[name].length === 0)
  const jsonOf = (value: unknown): JsonValue => {
    if (Array.isArray(value)) return value.map(jsonOf)
    if (value instanceof protobuf.util.Long) return Number(value)
    return value instanceof protobuf.Message ? documentOf(value) : (value as JsonValue)
  }
  if (isSet('yaml')) return JSON.parse(String(told.yaml)) as JsonValue
  if (oneofs?.oneof) {
    const chosen = Object.keys(fields).find(isSet)
    return jsonOf(told[chosen!])
  }
  const document: JsonObject = {}
  for (const name of Object.keys(fields).filter(isSet)) {
    const value = told[name]
    if (Array.isArray(value) && NAMED.test(name)) {
      for (const one of value as { name: string; value: protobuf.Message }[]) document[one.name] = documentOf(one.value)
    } else if (WRAPPERS.test(message.$type.name)) return jsonOf((value as unknown[])[0])
    else
      document[FIELD_NAMES[name] ?? name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())] = jsonOf(value)
  }
  return document
}
const NAMED = /^(?:additional_properties|(?:specification|vendor)_extension|path|response_code|response_or_reference)$/
const WRAPPERS = /^(?:ItemsItem|TypeItem)$/
const FIELD_NAMES: Record<string, string> = { _ref: '$ref' }

/** What a message has no place for: a default that is an object or a list, and (proto3) a flag that is not set. */
function sayable(value: JsonValue, isNamed = false): JsonValue {
  if (Array.isArray(value)) return value.map((one) => sayable(one))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, one]): [string, JsonValue][] => {
    const isDefault = !isNamed && key === 'default' && typeof one === 'object'
    const isUnset = !isNamed && one === false && key !== 'default'
    const isList = Array.isArray(one) && one.length === 0
    return isDefault || isUnset || isList ? [] : [[key, sayable(one as JsonValue, key === 'properties')]]
  })
  return Object.fromEntries(entries)
}

/** kubectl reads the protobuf, and no words of what may be asked of a path: they are in JSON only. */
function withoutQueryWords(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutQueryWords)
  if (typeof value !== 'object' || value === null) return value
  const { description, ...rest } = value
  const kept = value.in === 'query' || description === undefined ? rest : { ...rest, description }
  return Object.fromEntries(Object.entries(kept).map(([key, one]) => [key, withoutQueryWords(one as JsonValue)]))
}

describe('OpenAPI in protobuf', () => {
  it('says of version 3 what JSON says, of every group version', () => {
    const index = JSON.parse(documents.v3Index().body.toString()) as { paths: Record<string, unknown> }
    const type = definitions.lookupType('openapi.v3.Document')
    expect(Object.keys(index.paths).length).toBeGreaterThan(15)
    for (const path of Object.keys(index.paths)) {
      const json = JSON.parse(documents.v3(path)!.body.toString()) as JsonObject
      expect(documentOf(type.decode(documents.v3(path, 'protobuf')!.body)), path).toEqual(sayable(json))
    }
  })

  it('says of version 2 what JSON says', () => {
    const { security, securityDefinitions, ...json } = JSON.parse(
      documents.v2('application/json').body.toString(),
    ) as JsonObject
    const type = definitions.lookupType('openapi.v2.Document')
    const told = documents.v2('application/com.github.proto-openapi.spec.v2@v1.0+protobuf')
    expect(documentOf(type.decode(told.body))).toEqual(sayable(withoutQueryWords(json)))
  })
})

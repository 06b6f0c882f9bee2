import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import { setSchemaDefaults } from './defaults.ts'
import { hasFormat } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { Patterns } from './patterns.ts'
import { prune } from './prune.ts'
import { embeddedProblems, listProblems } from './shape-rules.ts'
import { valueProblems } from './validate-value.ts'

const text: JsonSchema = { type: 'string' }
const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
})

describe('pruning', () => {
  it.each<[string, JsonSchema, JsonObject, JsonObject, string[]]>([
    [
      'leaves what every object has',
      object({}),
      { apiVersion: 'v1', kind: 'A', metadata: { x: 1 }, b: 1 },
      { apiVersion: 'v1', kind: 'A', metadata: { x: 1 } },
      ['b'],
    ],
    [
      'goes into lists and maps',
      object({ a: { type: 'array', items: object({ b: text }) } }),
      { a: [{ b: 'x', c: 1 }] },
      { a: [{ b: 'x' }] },
      ['a[0].c'],
    ],
    [
      'keeps what is open, and prunes below what is told of it',
      object({ a: object({ b: object({ c: text }) }, { 'x-kubernetes-preserve-unknown-fields': true }) }),
      { a: { x: 1, b: { c: 'x', d: 1 } } },
      { a: { x: 1, b: { c: 'x' } } },
      ['a.b.d'],
    ],
    [
      'keeps every key of a map',
      object({ a: { type: 'object', additionalProperties: object({ b: text }) } }),
      { a: { k: { b: 'x', c: 1 } } },
      { a: { k: { b: 'x' } } },
      ['a.k.c'],
    ],
    [
      'leaves an embedded resource its own metadata',
      object({ a: object({}, { 'x-kubernetes-embedded-resource': true }) }),
      { a: { kind: 'B', metadata: { name: 'b' }, spec: {} } },
      { a: { kind: 'B', metadata: { name: 'b' } } },
      ['a.spec'],
    ],
    [
      'drops a null that nothing allows, and keeps one that something does',
      object({ a: text, b: { ...text, nullable: true }, c: { ...text, default: 'x' } }),
      { a: null, b: null, c: null },
      { b: null, c: null },
      [],
    ],
  ])('%s', (_, schema, given, kept, unknown) => {
    const value = structuredClone(given)
    expect(prune(value, schema)).toEqual(unknown)
    expect(value).toEqual(kept)
  })
})

describe('defaults', () => {
  it.each<[string, JsonSchema, JsonObject, JsonObject]>([
    ['fill what is absent', object({ a: { ...text, default: 'x' } }), {}, { a: 'x' }],
    ['leave what is there', object({ a: { ...text, default: 'x' } }), { a: '' }, { a: '' }],
    ['replace a null that is not allowed', object({ a: { ...text, default: 'x' } }), { a: null }, { a: 'x' }],
    ['leave a null that is', object({ a: { ...text, nullable: true, default: 'x' } }), { a: null }, { a: null }],
    ['make no object to stand in', object({ a: object({ b: { ...text, default: 'x' } }) }), {}, {}],
    [
      'stand in an object that is a default itself',
      object({ a: object({ b: { ...text, default: 'x' } }, { default: {} }) }),
      {},
      { a: { b: 'x' } },
    ],
    [
      'go into every element',
      object({ a: { type: 'array', items: object({ b: { ...text, default: 'x' } }) } }),
      { a: [{}, { b: 'y' }] },
      { a: [{ b: 'x' }, { b: 'y' }] },
    ],
  ])('%s', (_, schema, given, filled) => {
    const value = structuredClone(given)
    setSchemaDefaults(value, schema)
    expect(value).toEqual(filled)
  })
})

describe('validity', () => {
  const problems = (schema: JsonSchema, value: JsonValue, old?: JsonValue) =>
    valueProblems({
      schema: object({ a: schema }),
      value: { a: value },
      old: old === undefined ? undefined : { a: old },
      patterns: new Patterns(),
    }).map(({ field, message }) => `${field}: ${message}`)

  it.each<[JsonSchema, JsonValue, string]>([
    [{ type: 'integer' }, 1.5, 'a: Invalid value: "number": a in body must be of type integer: "number"'],
    [{ type: 'boolean' }, 'yes', 'a: Invalid value: "string": a in body must be of type boolean: "string"'],
    [text, null, 'a: Invalid value: "null": a in body must be of type string: "null"'],
    [
      { 'x-kubernetes-int-or-string': true },
      1.5,
      'a: Invalid value: "number": a in body must be of type integer,string: "number"',
    ],
    [{ ...text, maxLength: 2 }, 'abc', 'a: Too long: may not be more than 2 bytes'],
    [{ ...text, minLength: 2 }, 'a', 'a: Invalid value: "a": a in body should be at least 2 chars long'],
    [{ ...text, enum: ['x', 'y'] }, 'z', 'a: Unsupported value: "z": supported values: "x", "y"'],
    [{ ...text, format: 'date-time' }, 'now', 'a: Invalid value: "now": a in body must be of type date-time: "now"'],
    [
      { type: 'integer', minimum: 1, exclusiveMinimum: true },
      1,
      'a: Invalid value: 1: a in body should be greater than 1',
    ],
    [{ type: 'number', multipleOf: 0.1 }, 0.25, 'a: Invalid value: 0.25: a in body should be a multiple of 0.1'],
    [{ type: 'array', items: text, maxItems: 1 }, ['x', 'y'], 'a: Too many: 2: must have at most 1 items'],
    [object({}, { minProperties: 1 }), {}, 'a: Invalid value: 0: a in body should have at least 1 properties'],
    [object({ b: text }, { required: ['b'] }), {}, 'a.b: Required value'],
    [
      object({ b: text, c: text }, { oneOf: [{ required: ['b'] }, { required: ['c'] }] }),
      { b: '', c: '' },
      '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [{ type: 'integer', not: { minimum: 5 } }, 6, '<nil>: Invalid value: "": "a" must not validate the schema (not)'],
  ])('of %j: %j', (schema, value, message) => {
    expect(problems(schema, value)).toContain(message)
  })

  it.each<[JsonSchema, JsonValue]>([
    [{ type: 'number' }, 1],
    [{ 'x-kubernetes-int-or-string': true }, '10%'],
    [{ ...text, nullable: true }, null],
    [{ type: 'number', multipleOf: 0.1 }, 0.3],
    [{ ...text, format: 'no-such-format' }, 'anything'],
  ])('of %j: %j is right', (schema, value) => {
    expect(problems(schema, value)).toEqual([])
  })

  it('lets stay what was wrong and has not changed, by the keys of its list', () => {
    const item = object({ name: text, port: { type: 'integer', maximum: 5 } })
    const list: JsonSchema = {
      type: 'array',
      items: item,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }
    const before = [{ name: 'x', port: 9 }]
    expect(problems(list, [{ name: 'new' }, { name: 'x', port: 9 }], before)).toEqual([])
    expect(problems(list, [{ name: 'x', port: 8 }], before)).toHaveLength(1)
    expect(
      problems({ ...list, 'x-kubernetes-list-type': 'atomic' }, [{ name: 'new' }, ...before], before),
    ).toHaveLength(1)
  })
})

describe('shapes', () => {
  const at = (errors: { field: string; message: string }[]) =>
    errors.map(({ field, message }) => `${field}: ${message}`)

  it('has no element of a set twice, and no key of a map', () => {
    const set = object({ a: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' } })
    expect(at(listProblems({ a: ['x', 'y', 'x', 'x'] }, set))).toEqual(['a[2]: Duplicate value: "x"'])
    const map = object({
      a: {
        type: 'array',
        items: object({ n: text }),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['n'],
      },
    })
    expect(at(listProblems({ a: [{ n: 'x' }, { n: 'x', b: 1 }] }, map))).toEqual(['a[1]: Duplicate value: {"n":"x"}'])
  })

  it('knows what an embedded resource is', () => {
    const schema = object({ a: object({}, { 'x-kubernetes-embedded-resource': true }) })
    expect(at(embeddedProblems({ a: { kind: 'Not A Kind' } }, schema))).toEqual([
      'a.apiVersion: Required value',
      expect.stringMatching(/^a\.kind: Invalid value: "Not A Kind": may have mixed case, but should otherwise match: /),
    ])
  })
})

it.each<[string, string, boolean | undefined]>([
  ['10.0.0.0/8', 'cidr', true],
  ['10.0.0.0/33', 'cidr', false],
  ['::1', 'ipv6', true],
  ['300.1.1.1', 'ipv4', false],
  ['1h30m', 'duration', true],
  ['soon', 'duration', false],
  ['2026-02-30', 'date', false],
  ['a@b.example', 'email', true],
  ['aGk=', 'byte', true],
  ['x', 'unheard-of', undefined],
])('%s as %s', (value, format, answer) => {
  expect(hasFormat(value, format)).toBe(answer)
})

import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../apimachinery/json.ts'
import { createCel } from '../../cel/cel.ts'
import { setSchemaDefaults } from './defaults.ts'
import type { JsonSchema, ValidationRule } from './json-schema.ts'
import { Patterns } from './patterns.ts'
import { prune } from './prune.ts'
import { embeddedProblems, listProblems } from './shape-rules.ts'
import { valueProblems } from './validate-value.ts'
import { ValidationRules } from './validation-rules.ts'

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

  it.each<[string, JsonSchema, JsonValue, string[]]>([
    [
      'goes on after a wrong type',
      { ...text, enum: ['x'] },
      5,
      [
        'a: Invalid value: "integer": a in body must be of type string: "integer"',
        'a: Unsupported value: 5: supported values: "x"',
      ],
    ],
    [
      'says one thing of a text',
      { ...text, minLength: 3, pattern: '^b' },
      'a',
      ['a: Invalid value: "a": a in body should be at least 3 chars long'],
    ],
    [
      'names the format that is wanted, by Go’s kinds',
      { type: 'integer', format: 'int32' },
      1.5,
      [
        'a: Invalid value: "float64": a in body must be of type int32: "float64"',
        '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a',
      ],
    ],
    [
      'finds no null among others',
      { ...text, nullable: true, enum: ['x', null] },
      null,
      ['a: Unsupported value: null: supported values: "x", "null"'],
    ],
    [
      'tells of the alternative that speaks of most of the value',
      object(
        { b: text, c: { type: 'integer' } },
        { anyOf: [{ required: ['d'] }, { properties: { b: { minLength: 2 }, c: { minimum: 5 } } }] },
      ),
      { b: 'x', c: 1 },
      [
        '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
        'a.b: Invalid value: "x": a.b in body should be at least 2 chars long',
        'a.c: Invalid value: 1: a.c in body should be greater than or equal to 5',
      ],
    ],
  ])('%s', (_, schema, value, messages) => {
    expect(problems(schema, value)).toEqual(messages)
  })

  it('knows what fields of a map were that is owned as a whole', () => {
    const schema = object({ b: { ...text, maxLength: 1 }, c: text }, { 'x-kubernetes-map-type': 'atomic' })
    expect(problems(schema, { b: 'xx', c: 'new' }, { b: 'xx', c: 'old' })).toEqual([])
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

describe('rules', () => {
  const check = (schema: JsonSchema, value: JsonValue, old?: JsonValue) =>
    new ValidationRules(createCel(), object({ a: schema })).check(
      { a: value },
      old === undefined ? undefined : { a: old },
    )
  const told = (schema: JsonSchema, value: JsonValue, old?: JsonValue) =>
    check(schema, value, old).errors.map(({ field, message }) => `${field}: ${message}`)
  const rule = (more: Partial<ValidationRule>) => ({ 'x-kubernetes-validations': [{ rule: 'false', ...more }] })

  it('tell a value, unless it has parts', () => {
    expect(told({ ...text, ...rule({ message: 'no' }) }, 'x')).toEqual(['a: Invalid value: "x": no'])
    expect(told({ type: 'integer', ...rule({ reason: 'FieldValueDuplicate' }) }, 5)).toEqual(['a: Duplicate value: 5'])
    expect(told(object({}, rule({ message: 'no' })), {})).toEqual(['a: Invalid value: no'])
    const duplicate = rule({ reason: 'FieldValueDuplicate' })
    expect(told({ type: 'array', items: text, ...duplicate }, [])).toEqual(['a: Duplicate value'])
  })

  it('tell what is to blame as errors name it', () => {
    const map: JsonSchema = { type: 'object', additionalProperties: text }
    expect(told(object({ b: map }, rule({ fieldPath: ".b['x.y']", message: 'no' })), { b: {} })).toEqual([
      'a.b[x.y]: Invalid value: no',
    ])
  })

  it('see what fields were of a map that is owned as a whole', () => {
    const moved = { 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'it stays' }] }
    const schema = object({ b: { ...text, ...moved }, c: text }, { 'x-kubernetes-map-type': 'atomic' })
    expect(told(schema, { b: 'y' }, { b: 'x' })).toEqual(['a.b: Invalid value: "y": it stays'])
    expect(told(schema, { b: 'x', c: 'y' }, { b: 'x' })).toEqual([])
  })

  it('stop where a message is too dear', () => {
    const long = 'x'.repeat(4000)
    const dear = { ...text, ...rule({ messageExpression: "self.split('').map(c, self.replace('x', c)).join('')" }) }
    expect(told(dear, long)).toEqual([
      expect.stringMatching(
        /^a: Invalid value: "string": no further validation rules will be run due to call cost exceeds limit for messageExpression: /,
      ),
    ])
  })
})

describe('shapes', () => {
  const at = (errors: { field: string; message: string }[]) =>
    errors.map(({ field, message }) => `${field}: ${message}`)

  it('has no element of a set twice, and no key of a map', () => {
    const set = object({ a: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' } })
    expect(at(listProblems({ a: ['x', 'y', 'x', 'x'] }, set))).toEqual(['a[2]: Duplicate value: "x"'])
    const twice = {
      a: [
        { b: 1, c: { d: 2, e: 3 } },
        { c: { e: 3, d: 2 }, b: 1 },
      ],
    }
    expect(at(listProblems(twice, set))).toHaveLength(1)
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

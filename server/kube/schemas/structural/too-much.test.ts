// Schemas and values that are each no longer than a body, and together more than a server has the time for.

import { expect, it } from 'vitest'
import type { JsonValue } from '../../apimachinery/json.ts'
import { createCel } from '../../cel/cel.ts'
import { setFittingDefaults, setSchemaDefaults } from './defaults.ts'
import type { JsonSchema } from './json-schema.ts'
import { Patterns } from './patterns.ts'
import { TOO_MUCH, valueProblems } from './validate-value.ts'
import { ValidationRules } from './validation-rules.ts'

const check = (schema: JsonSchema, value: JsonValue) => valueProblems({ schema, value, patterns: new Patterns() })
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const many = <T>(length: number, make: (at: number) => T) => Array.from({ length }, (_, at) => make(at))
const SHORT = 1_000_000
const NOW = '2026-01-01T00:00:00Z'
const rule = (text: string): JsonSchema => ({ 'x-kubernetes-validations': [{ rule: text }] })

function seconds(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000_000
}

it('tells of no more items than one reads that are none of a long enum', () => {
  const allowed = many(1_000, (at) => at)
  const told = check(
    list({ enum: allowed }),
    many(1_000, () => -1),
  )
  expect(told[0]?.message).toMatch(/^Unsupported value: -1: supported values: "0", "1", .*, "999"$/)
  expect(told.reduce((sum, { message }) => sum + message.length, 0)).toBeLessThan(SHORT)
})

it('nor of items in a place with a long name', () => {
  const schema: JsonSchema = { type: 'object', additionalProperties: list({ type: 'integer' }) }
  const told = check(schema, { ['k'.repeat(200_000)]: many(100, () => '') })
  expect(told.reduce((sum, { field, message }) => sum + field.length + message.length, 0)).toBeLessThan(SHORT)
})

it('finds a value in a long enum without going through it', () => {
  const schema = list({ enum: many(100_000, (at) => at) })
  const long = many(20_000, () => 99_999)
  expect(seconds(() => expect(check(schema, long)).toEqual([]))).toBeLessThan(1)
})

it('nor an object in a long enum of objects', () => {
  const schema = list({ enum: many(10_000, (at) => ({ a: [at], b: 1 })) })
  const long = many(10_000, () => ({ b: 1, a: [9_999] }))
  expect(seconds(() => expect(check(schema, long)).toEqual([]))).toBeLessThan(1)
})

it.each<[string, JsonSchema, JsonValue]>([
  ['a long text against a pattern of many steps', { pattern: '(a|b)*a(a|b){1000}[cd]$' }, 'abbab'.repeat(8_000)],
  [
    'many texts against many formats',
    list({ allOf: many(500, () => ({ format: 'date-time' })) }),
    many(1_000, () => NOW),
  ],
])('gives up to hold %s', (_what, schema, value) => {
  expect(seconds(() => expect(check(schema, value)).toEqual([TOO_MUCH]))).toBeLessThan(10)
})

it('takes as many values as a request may bring', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      numbers: list({ type: 'integer', minimum: 0, maximum: 9 }),
      hosts: list({ type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$' }),
      times: list({ type: 'string', format: 'date-time' }),
    },
  }
  const value = {
    numbers: many(500_000, () => 7),
    hosts: many(35_000, () => 'podium-1.classroom.localhost'),
    times: many(40_000, () => NOW),
  }
  expect(JSON.stringify(value).length).toBeGreaterThan(2_900_000)
  expect(check(schema, value)).toEqual([])
})

it('compares what is unchanged once, not anew for each level that is wrong', () => {
  let reads = 0
  const leaf = {
    get a() {
      reads++
      return 'x'
    },
  }
  let [schema, value, old]: [JsonSchema, JsonValue, JsonValue] = [{ required: ['b'] }, { a: 'x' }, leaf]
  for (let level = 0; level < 100; level++) {
    schema = { type: 'object', properties: { a: schema }, required: ['b'] }
    value = { a: value }
    old = { a: old }
  }
  expect(valueProblems({ schema, value, old, patterns: new Patterns() })).toEqual([])
  expect(reads).toBeLessThan(5)
})

it('tells of no more broken rules than one reads', () => {
  const rules = new ValidationRules(createCel(), list({ type: 'integer', ...rule('self > 1') }))
  const { errors } = rules.check(
    many(20_000, () => 1),
    undefined,
  )
  expect(errors.length).toBeGreaterThan(100)
  expect(errors.reduce((sum, { field, message }) => sum + field.length + message.length, 0)).toBeLessThan(SHORT)
})

it('makes values for the rules of levels within levels only so often', () => {
  let schema = list({ type: 'boolean' })
  let value: JsonValue = many(1_000_000, () => true)
  for (let level = 0; level < 12; level++) {
    schema = { type: 'object', properties: { a: schema }, ...rule('has(self.a)') }
    value = { a: value }
  }
  const [found] = new ValidationRules(createCel(), schema).check(value, undefined).errors
  expect(found?.message).toContain('validation failed due to running out of cost budget')
})

it('fills in no more defaults than a request may bring', () => {
  let schema: JsonSchema = { type: 'object' }
  for (let level = 0; level < 6; level++) {
    const inner = { ...list(schema), default: many(10, () => ({})) }
    schema = { type: 'object', properties: { a: inner } }
  }
  const limit = 'Request entity too large: limit is 3145728'
  expect(() => setSchemaDefaults({}, schema)).toThrow(limit)
  const kept = {}
  setFittingDefaults(kept, schema)
  expect(JSON.stringify(kept).length).toBeLessThan(2 * 3_145_728)
  const wide = { d: { type: 'object', default: { long: 'x'.repeat(1_000) } } }
  const objects = many(10_000, () => ({}))
  expect(() => setSchemaDefaults(objects, list({ type: 'object', properties: wide }))).toThrow(limit)
})

it('makes values of CEL once for all rules of one place', () => {
  let reads = 0
  const entries = Object.fromEntries(many(1_000, (at) => [`k${at}`, 1]))
  const value = Object.defineProperty({ ...entries }, 'last', {
    enumerable: true,
    get() {
      reads++
      return 1
    },
  }) as JsonValue
  const asked = many(50, (at) => ({ rule: `!('x${at}' in self)`, messageExpression: `'x' + string(size(self))` }))
  const schema: JsonSchema = {
    type: 'object',
    additionalProperties: { type: 'integer' },
    'x-kubernetes-validations': [...asked, { rule: "'x' in self", messageExpression: 'string(size(self))' }],
  }
  const { errors } = new ValidationRules(createCel(), schema).check(value, undefined)
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('1001')])
  expect(reads).toBeLessThan(10)
})

it('has fifty rules hold for as many entries as are stored', () => {
  const schema: JsonSchema = {
    type: 'object',
    additionalProperties: { type: 'integer' },
    'x-kubernetes-validations': many(50, (at) => ({ rule: `!('x${at}' in self)` })),
  }
  const value = Object.fromEntries(many(100_000, (at) => [`k${at}`, 1]))
  expect(new ValidationRules(createCel(), schema).check(value, undefined).errors).toEqual([])
})

// Schemas and values that are each no longer than a body, and together more than a server has the time for.

import { expect, it } from 'vitest'
import type { JsonValue } from '../../apimachinery/json.ts'
import { setFittingDefaults, setSchemaDefaults } from './defaults.ts'
import type { JsonSchema } from './json-schema.ts'
import { Patterns } from './patterns.ts'
import { TOO_MUCH, valueProblems } from './validate-value.ts'

const check = (schema: JsonSchema, value: JsonValue) => valueProblems({ schema, value, patterns: new Patterns() })
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const many = <T>(length: number, make: (at: number) => T) => Array.from({ length }, (_, at) => make(at))
const SHORT = 1_000_000

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

it('gives up where every item is held against too many others', () => {
  const schema = list({ enum: [...many(10_000, () => []), { a: 1 }] })
  const long = many(1_000, () => ({ a: 1 }))
  expect(check(schema, long)).toEqual([TOO_MUCH])
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

import { expect, it } from 'vitest'
import type { JsonValue } from '../../apimachinery/json.ts'
import type { JsonSchema } from './json-schema.ts'
import { OldItems } from './old-value.ts'

const byKeys = (...keys: string[]): JsonSchema => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
})
const pairs = byKeys('n', 'm')

it.each<[string, JsonValue, JsonValue | undefined]>([
  ['the first of two with its keys', { n: 'a', m: 1 }, { n: 'a', m: 1, at: 1 }],
  ['one that has as few keys', { n: 'a' }, { n: 'a', at: 3 }],
  ['none whose key is null', { n: 'a', m: null }, undefined],
  ['none whose key is a text', { n: 'a', m: '1' }, undefined],
  ['none, as no object', 'a', undefined],
])('finds %s', (_, item, found) => {
  const old: JsonValue[] = ['a', { n: 'a', m: 1, at: 1 }, { n: 'a', m: 1, at: 2 }, { n: 'a', at: 3 }]
  const items = new OldItems()
  expect(items.of(pairs, { old, item })).toEqual(found)
  expect(items.of(byKeys('m', 'n'), { old, item }), 'by other keys').toEqual(found)
})

it('finds nothing in lists whose elements have no keys', () => {
  expect(new OldItems().of({ type: 'array' }, { old: [{ n: 'a' }], item: { n: 'a' } })).toBeUndefined()
})

it('goes once through an old list', () => {
  const old = Array.from({ length: 30_000 }, (_, index) => ({ n: `n${index}`, m: index }))
  const items = new OldItems()
  const before = process.cpuUsage()
  expect(old.filter((item) => items.of(pairs, { old, item: { ...item } }) === item)).toHaveLength(old.length)
  // A few tenths of a second; it took the square.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000)
})

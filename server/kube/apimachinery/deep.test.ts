import { expect, it } from 'vitest'
import { deepCopy, deepEqual } from './deep.ts'
import { setOwn } from './json.ts'

it('compares what JSON says, in whatever order', () => {
  expect(deepEqual({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBe(true)
  expect(deepEqual({ a: 1, b: undefined }, { c: undefined, a: 1 })).toBe(true)
  expect(deepEqual({ a: 1 }, { a: 1, b: 2 })).toBe(false)
  expect(deepEqual({ a: 1, b: undefined }, { a: 1, c: 2 })).toBe(false)
  expect(deepEqual([1], { 0: 1 })).toBe(false)
})

it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])('misses %s where it is not', (name) => {
  for (const value of ['"x"', '{}', 'null', '{"a":1}']) {
    const [without, within] = [{}, JSON.parse(`{"${name}":${value}}`)]
    expect(deepEqual(without, within)).toBe(false)
    expect(deepEqual(within, without)).toBe(false)
    expect(deepEqual(within, { a: 1 })).toBe(false)
    expect(deepEqual(within, JSON.parse(`{"${name}":${value}}`))).toBe(true)
  }
})

it('copies a field named __proto__ so that it can be changed and taken away', () => {
  const copy = deepCopy(JSON.parse('{"__proto__":{"a":1}}'))
  expect(() => setOwn(copy, '__proto__', 2)).not.toThrow()
  expect(JSON.stringify(copy)).toBe('{"__proto__":2}')
  expect(Reflect.deleteProperty(copy, '__proto__')).toBe(true)
})

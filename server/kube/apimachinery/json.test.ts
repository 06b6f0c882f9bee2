import { expect, it } from 'vitest'
import { parseJson, withDigits, writeJson } from './json.ts'

it.each([
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', 9007199254740992n],
  ['-9223372036854775808', -(2n ** 63n)],
  // Beyond 64 bits, and what is written as a fraction, is a double.
  ['9223372036854775808', 2 ** 63],
  ['9007199254740993.0', 2 ** 53],
  ['1e17', 1e17],
  ['0.1234567890123456', 0.1234567890123456],
])('reads %s', (text, number) => {
  expect(parseJson(text)).toBe(number)
})

it('finds a long number wherever it stands, and nothing in digits that are no number', () => {
  for (let before = 0; before < 40; before++) {
    const text = `{"${'k'.repeat(before)}":["1234567890123456",9007199254740993]}`
    expect(JSON.stringify(parseJson(text))).toBe(text)
  }
})

it('shows long numbers by their digits, and hands back what has none', () => {
  const plain = { a: [1, { b: 'x' }] }
  expect(withDigits(plain)).toBe(plain)
  const { kept, ...rest } = withDigits({ kept: plain, list: [{ n: 2n ** 53n }] })
  expect(kept).toBe(plain)
  expect(rest).toEqual({ list: [{ n: '9007199254740992' }] })
})

it('writes what is deep as JSON.stringify does', () => {
  const inner = [undefined, { none: undefined, 'a"b': '\n', n: 2n ** 60n, empty: [{}, []] }, null, true, 0.5]
  const deep = Array.from({ length: 150 }).reduce<unknown>((value, _, at) => (at % 2 ? [value] : { value }), inner)
  expect(writeJson(deep)).toBe(JSON.stringify(deep))
})

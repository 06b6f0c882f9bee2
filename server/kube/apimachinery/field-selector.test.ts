// The tables of apimachinery/pkg/fields/selector_test.go, told as they are asked for.

import { expect, it } from 'vitest'
import { parseFieldSelector } from './field-selector.ts'

const told = (text: string) =>
  parseFieldSelector(text).map(({ field, equal, value }) => `${field}${equal ? '=' : '!='}${value}`)

it.each([
  ['', []],
  ['x=a,y==b,z!=c', ['x=a', 'y=b', 'z!=c']],
  [',a=a,', ['a=a']],
  ['notin=in', ['notin=in']],
  ['k=\\,,k2=v2', ['k=,', 'k2=v2']],
  ['k=\\\\,k2=v2', ['k=\\', 'k2=v2']],
  ['x=a||y\\=b', ['x=a||y=b']],
  ['complex=\\=value\\\\\\,\\\\', ['complex==value\\,\\']],
  ['함=수,목=록', ['함=수', '목=록']],
])('reads %j', (text, terms) => {
  expect(told(text)).toEqual(terms)
})

it.each([
  ['x', "invalid selector: 'x'; can't understand 'x'"],
  ['x in (a,b)', "invalid selector: 'x in (a,b)'; can't understand 'x in (a'"],
  ['x==a==b', 'invalid field selector: unescaped character in value: 61'],
  ['x=a!=b', 'invalid field selector: unescaped character in value: 61'],
  ['x=\\a', 'invalid field selector: invalid escape sequence: \\a'],
  ['x=\\', 'invalid field selector: invalid escape sequence: \\'],
])('refuses %j', (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message)
})

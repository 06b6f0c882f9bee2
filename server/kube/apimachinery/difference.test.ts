import { expect, it } from 'vitest'
import { differenceOf } from './difference.ts'

it('shows what is not the same, and a little of what is around it', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`a${String(index).padStart(2, '0')}`, 0]))
  expect(differenceOf({ ...many, a15: 1 }, { a15: 2, ...many, a16: undefined })).toBe(
    [
      '--- expected',
      '+++ got',
      '@@ -7,22 +7,21 @@',
      ...Array.from({ length: 10 }, (_, index) => `   "a${String(index + 5).padStart(2, '0')}": 0,`),
      '-  "a15": 1,',
      '-  "a16": 0,',
      '+  "a15": 0,',
      ...Array.from({ length: 10 }, (_, index) => `   "a${index + 17}": 0,`),
      '',
    ].join('\n'),
  )
})

it.each([
  ['a list that grew', [1], [1, 2], ['@@ -1,3 +1,4 @@', ' [', '-  1', '+  1,', '+  2', ' ]', '']],
  ['something where nothing was', {}, { a: 1 }, ['@@ -1 +1,3 @@', '-{}', '+{', '+  "a": 1', '+}', '']],
])('shows %s', (_, from, to, lines) => {
  expect(differenceOf(from, to).split('\n').slice(2)).toEqual(lines)
})

import { expect, it } from 'vitest'
import { ownOf } from './own.ts'

it('finds what a table says, and nothing that all objects have', () => {
  expect(ownOf({ a: 1 }, 'a')).toBe(1)
  for (const word of ['b', 'constructor', 'toString', '__proto__']) expect(ownOf({ a: 1 }, word)).toBeUndefined()
  expect(ownOf(undefined, 'a')).toBeUndefined()
})

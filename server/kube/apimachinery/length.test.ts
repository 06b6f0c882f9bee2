import { expect, it } from 'vitest'
import { isLongerThan } from './length.ts'

it.each([[{}], [[]], ['a'], [''], [12], [{ a: 1 }], [{ a: [1, 2], b: { c: 'd' } }], [[[[], {}]]]])(
  'takes nothing for longer than it is: %j',
  (value) => {
    const { length } = JSON.stringify(value)
    expect(isLongerThan(value, length)).toBe(false)
    // Numbers and the like may be longer than they are counted, by a few characters here.
    expect(isLongerThan(value, Math.floor(length / 2) - 1)).toBe(true)
  },
)

it('leaves out what is not written, and looks no further than it must', () => {
  expect(isLongerThan({ ['a'.repeat(100)]: undefined }, 50)).toBe(false)
  let reads = 0
  const item = {
    get a() {
      reads++
      return 'a'.repeat(10)
    },
  }
  expect(isLongerThan(Array(1_000).fill(item), 100)).toBe(true)
  expect(reads).toBeLessThan(10)
})

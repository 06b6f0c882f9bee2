import { expect, it } from 'vitest'
import { readTimeoutMs } from './deadline.ts'

const read = (timeout: string) => readTimeoutMs(new URLSearchParams({ timeout }))

it('reads durations as Go does, each digit once', () => {
  expect(read('1.5s')).toBe(1500)
  expect(read('1.s.5s')).toBe(1500)
  expect(() => read('.s')).toThrow('invalid duration')
  const before = process.cpuUsage()
  expect(() => read(`${'1'.repeat(100_000)}x`)).toThrow('invalid duration')
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000)
})

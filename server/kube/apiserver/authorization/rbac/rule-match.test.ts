import { expect, it } from 'vitest'
import { coversPath } from './rule-match.ts'

it('covers what begins with what stands before the stars at the end', () => {
  expect(coversPath('/healthz/**', '/healthz/etcd')).toBe(true)
  expect(coversPath('/a*b*', '/a*bc')).toBe(true)
  expect(coversPath('/a*b', '/a*bc')).toBe(false)
  expect(coversPath('*', '/')).toBe(true)
})

it('counts stars once, however many there are', () => {
  const before = process.cpuUsage()
  expect(coversPath(`/${'*'.repeat(100_000)}x*`, '/a')).toBe(false)
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000)
})

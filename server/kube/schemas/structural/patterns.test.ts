import { expect, it } from 'vitest'
import { MOST_STEPS, Patterns, stepsOf } from './patterns.ts'

it.each<[string, number]>([
  ['', 0],
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 8],
  ['a{1000}', 1000],
  ['a{0,253}b', 254],
  ['a{5,}', 5],
  ['(a{10}){100}', 1100],
  ['(?:ab){2}|(?P<x>c)', 9],
  ['\\{1000}[{1000}]', 7],
  ['[]a{9}[:alpha:]]{3}', 3],
  ['\\p{Greek}{4}\\x{1F600}{2}', 6],
])('counts the steps of %s', (pattern, steps) => {
  expect(stepsOf(pattern)).toBe(steps)
})

it('compiles nothing that would take seconds, and counts it at once', () => {
  const { user } = process.cpuUsage()
  const large = [
    'a{1000}'.repeat(600),
    `(${'ab'.repeat(500)}){1000}`,
    'a'.repeat(MOST_STEPS + 1),
    '\\pL{1000}'.repeat(101),
  ]
  for (const pattern of large) {
    expect(() => new Patterns().compile(pattern)).toThrow('expression too large')
  }
  for (const piece of ['[', '(', '\\x{', '[[:a', '\\Q', '[\\', '(?P<a', '{1', '(?i'])
    stepsOf(piece.repeat(100_000 / piece.length))
  expect(process.cpuUsage().user - user).toBeLessThan(2_500_000)
})

it('compiles a pattern once', () => {
  const patterns = new Patterns()
  expect(patterns.compile('a{20}')).toBe(patterns.compile('a{20}'))
  expect(patterns.compile('a{3}').pattern.matcher('baaa').find()).toBe(true)
})

import { describe, expect, it } from 'vitest'
import {
  configKeyProblems,
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
  portNameProblems,
} from './names.ts'

describe('names', () => {
  it.each([
    {
      rule: dnsLabelProblems,
      good: ['a', 'a-1', '1a', 'x'.repeat(63)],
      bad: ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'x'.repeat(64)],
    },
    {
      rule: dnsSubdomainProblems,
      good: ['a', 'a.b-c.d', '1.2'],
      bad: ['', 'a..b', '.a', 'a.', 'A.b', 'a/b', 'x'.repeat(254)],
    },
    { rule: dns1035LabelProblems, good: ['a', 'a1'], bad: ['1a', 'a.b', ''] },
    {
      rule: labelKeyProblems,
      good: ['a', 'A_b.c-d', 'example.com/a'],
      bad: ['', '/a', 'a/', 'a/b/c', 'a b', '-a', 'E.com/a', 'x'.repeat(64)],
    },
    { rule: labelValueProblems, good: ['', 'a', 'A_b.c-1'], bad: ['-a', 'a b', 'a/b', 'x'.repeat(64)] },
    { rule: configKeyProblems, good: ['a', '.hidden', 'A_b.c-1'], bad: ['', 'a b', '.', '..', '..a', 'a/b'] },
    { rule: portNameProblems, good: ['http', 'p-1'], bad: ['', '80', 'a--b', '-a', 'HTTP', 'x'.repeat(16)] },
  ])('$rule.name', ({ rule, good, bad }) => {
    for (const text of good) expect(rule(text), text).toEqual([])
    for (const text of bad) expect(rule(text), text).not.toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { addressWarnings, rangeWarnings } from './ip-warnings.ts'

const INVALID = 'is invalid'

describe('an address', () => {
  it.each([
    ['10.0.0.1', []],
    ['2001:db8::1', []],
    ['example.com', []],
    ['010.0.0.1', [`at: non-standard IP address "010.0.0.1" ${INVALID}: use "10.0.0.1"`]],
    ['::ffff:10.0.0.1', [`at: non-standard IP address "::ffff:10.0.0.1" ${INVALID}: use "10.0.0.1"`]],
    ['2001:DB8:0::1', ['at: IPv6 address "2001:DB8:0::1" should be in RFC 5952 canonical format ("2001:db8::1")']],
  ])('%s', (text, warnings) => {
    expect(addressWarnings('at', text)).toEqual(warnings)
  })
})

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', []],
    ['2001:db8::/64', []],
    ['nonsense', []],
    [
      '10.1.2.3/8',
      ['at: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)'],
    ],
    ['010.0.0.0/8', [`at: non-standard CIDR value "010.0.0.0/8" ${INVALID}: use "10.0.0.0/8"`]],
    ['::ffff:10.0.0.0/104', [`at: non-standard CIDR value "::ffff:10.0.0.0/104" ${INVALID}: use "10.0.0.0/8"`]],
    [
      '010.1.0.0/8',
      [
        'at: CIDR value "010.1.0.0/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.0.0/32"?)',
        `at: non-standard CIDR value "010.1.0.0/8" ${INVALID}: use "10.0.0.0/8"`,
      ],
    ],
    ['2001:DB8::/64', ['at: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")']],
  ])('%s', (text, warnings) => {
    expect(rangeWarnings('at', text)).toEqual(warnings)
  })
})

import { describe, expect, it } from 'vitest'
import {
  addressProblems,
  isStrictlyWithin,
  parseCidr,
  rangeProblems,
  strictAddressProblems,
  strictRangeProblems,
} from './ip-rules.ts'

describe('addresses and ranges', () => {
  it.each([
    ['10.96.0.0/12', []],
    ['0.0.0.0/0', []],
    ['2001:db8::/64', []],
    ['::/0', []],
    ['10.96.0.1/12', ['must not have bits set beyond the prefix length']],
    ['2001:db8::1/64', ['must not have bits set beyond the prefix length']],
    ['2001:DB8::/64', ['must be in canonical form ("2001:db8::/64")']],
    ['2001:db8:0::/64', ['must be in canonical form ("2001:db8::/64")']],
    ['10.0.0.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['10.0.0.0/33', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
    ['10.0.0.0/8/8', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ])('judges %s', (text, problems) => {
    expect(strictRangeProblems(text)).toEqual(problems)
  })

  it('takes any spelling of a range that means one thing where fields are older than the rule', () => {
    expect(rangeProblems('FD00:0::/64')).toEqual([])
    expect(rangeProblems('10.96.0.1/12')).toEqual(['must not have bits set beyond the prefix length'])
    expect(rangeProblems('10.96.0.0/012')).toEqual(['must not have leading 0s in IP or prefix length'])
    expect(rangeProblems('10.96.0.1')).toHaveLength(1)
  })

  it.each([
    ['10.0.0.1', []],
    ['2001:db8::ffff', []],
    ['2001:DB8::FFFF', ['must be in canonical form ("2001:db8::ffff")']],
    ['10.0.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    ['fe80::1%eth0', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ])('judges %s', (text, problems) => {
    expect(strictAddressProblems(text)).toEqual(problems)
  })

  it('knows of no zones where fields are older either', () => {
    expect(addressProblems('fe80::1%eth0')).toEqual(['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'])
    expect(rangeProblems('fe80::1%eth0/64')).toHaveLength(1)
  })

  it('knows what lies within what', () => {
    const within = (inner: string, outer: string) => isStrictlyWithin(parseCidr(inner)!, parseCidr(outer)!)
    expect(within('10.1.0.0/24', '10.1.0.0/16')).toBe(true)
    expect(within('10.1.0.0/16', '10.1.0.0/16')).toBe(false)
    expect(within('10.2.0.0/24', '10.1.0.0/16')).toBe(false)
    expect(within('2001:db8::/64', '10.1.0.0/16')).toBe(false)
    expect(within('2001:db8:1::/64', '2001:db8::/32')).toBe(true)
  })
})

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { type IpFamily, IpRange } from './ip-range.ts'
import { settleFamilies } from './service-families.ts'

const FOUR: IpFamily[] = ['IPv4']
const BOTH: IpFamily[] = ['IPv4', 'IPv6']
const SIX_FIRST: IpFamily[] = ['IPv6', 'IPv4']
const web = { selector: { app: 'web' } }

function settled(spec: ServiceSpec, configured: readonly IpFamily[], before?: ServiceSpec) {
  const errors = settleFamilies(spec, before, configured)
  return errors.length > 0
    ? errors.map(({ message }) => message).join('; ')
    : `${spec.ipFamilyPolicy} ${spec.ipFamilies?.join()}`
}

describe('families of a Service', () => {
  it.each<{ name: string; spec: ServiceSpec; in: IpFamily[]; are: string }>([
    { name: 'nothing asked', spec: {}, in: FOUR, are: 'SingleStack IPv4' },
    { name: 'nothing asked, IPv6 first', spec: {}, in: SIX_FIRST, are: 'SingleStack IPv6' },
    { name: 'one family of two', spec: { ipFamilies: ['IPv6'] }, in: BOTH, are: 'SingleStack IPv6' },
    {
      name: 'preferred where there is one',
      spec: { ipFamilyPolicy: 'PreferDualStack' },
      in: FOUR,
      are: 'PreferDualStack IPv4',
    },
    {
      name: 'preferred where there are two',
      spec: { ipFamilyPolicy: 'PreferDualStack' },
      in: BOTH,
      are: 'PreferDualStack IPv4,IPv6',
    },
    {
      name: 'the other way round',
      spec: { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] },
      in: BOTH,
      are: 'RequireDualStack IPv6,IPv4',
    },
    {
      name: 'told by the address',
      spec: { clusterIP: 'fd00::5', clusterIPs: ['fd00::5'] },
      in: BOTH,
      are: 'SingleStack IPv6',
    },
    {
      name: 'headless with a selector',
      spec: { clusterIP: 'None', clusterIPs: ['None'] },
      in: FOUR,
      are: 'SingleStack IPv4',
    },
  ])('$name', ({ spec, in: configured, are }) => expect(settled({ ...web, ...spec }, configured)).toBe(are))

  it('are both for a headless one without a selector, wherever it is', () => {
    expect(settled({ clusterIP: 'None', clusterIPs: ['None'] }, FOUR)).toBe('RequireDualStack IPv4,IPv6')
  })

  it.each<{ name: string; spec: ServiceSpec; in: IpFamily[]; says: string }>([
    {
      name: 'two required where there is one',
      spec: { ipFamilyPolicy: 'RequireDualStack' },
      in: FOUR,
      says: 'this cluster is not configured for dual-stack services',
    },
    {
      name: 'a family that is not there',
      spec: { ipFamilies: ['IPv6'] },
      in: FOUR,
      says: 'not configured on this cluster',
    },
    {
      name: 'an address of it',
      spec: { clusterIP: 'fd00::5', clusterIPs: ['fd00::5'] },
      in: FOUR,
      says: 'IPv6 is not configured on this cluster',
    },
    {
      name: 'two families and a single stack',
      spec: { ipFamilies: ['IPv4', 'IPv6'] },
      in: BOTH,
      says: "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
    },
  ])('are refused: $name', ({ spec, in: configured, says }) => {
    expect(settled({ ...web, ...spec }, configured)).toContain(says)
  })

  const dual: ServiceSpec = {
    ...web,
    ipFamilyPolicy: 'PreferDualStack',
    ipFamilies: ['IPv4', 'IPv6'],
    clusterIP: '10.96.0.9',
    clusterIPs: ['10.96.0.9', 'fd00::9'],
  }
  it('become one when a single stack is asked for, and only then', () => {
    const single: ServiceSpec = { ...dual, ipFamilyPolicy: 'SingleStack' }
    expect(settled(single, BOTH, dual)).toBe('SingleStack IPv4')
    expect(single.clusterIPs).toEqual(['10.96.0.9'])
    expect(settled({ ...dual, clusterIPs: ['10.96.0.9'] }, BOTH, dual)).toContain(
      "must be 'SingleStack' to release the secondary cluster IP",
    )
    expect(settled({ ...dual, ipFamilies: ['IPv4'] }, BOTH, dual)).toContain('release the secondary IP family')
  })

  it('stay as many as they were where two are preferred, whatever the cluster has since', () => {
    const one: ServiceSpec = { ...dual, ipFamilies: ['IPv4'], clusterIPs: ['10.96.0.9'] }
    expect(settled({ ...one }, BOTH, one)).toBe('PreferDualStack IPv4')
    expect(settled({ ...one, ipFamilyPolicy: 'RequireDualStack' }, BOTH, one)).toBe('RequireDualStack IPv4,IPv6')
    expect(settled({ ...dual }, FOUR, dual)).toBe('PreferDualStack IPv4,IPv6')
  })

  it('become two when the policy allows them', () => {
    const one: ServiceSpec = {
      ...web,
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
    }
    expect(settled({ ...one, ipFamilyPolicy: 'PreferDualStack' }, BOTH, one)).toBe('PreferDualStack IPv4,IPv6')
  })
})

describe('a range', () => {
  it.each([
    { cidr: '10.96.0.0/12', first: '10.96.0.1', inside: '10.111.255.254', outside: '10.111.255.255' },
    { cidr: 'fd00:1::/112', first: 'fd00:1::1', inside: 'fd00:1::ffff', outside: 'fd00:1::1:0' },
  ])('$cidr knows its own', ({ cidr, first, inside, outside }) => {
    const range = new IpRange(cidr)
    expect([range.first, range.contains(inside), range.contains(outside)]).toEqual([first, true, false])
    expect(range.contains(range.pickFree(() => false)!)).toBe(true)
  })

  it('gives the lower part only when there is no other', () => {
    const range = new IpRange('fd00:1::/120')
    expect(range.pickFree((address) => address !== 'fd00:1::5')).toBe('fd00:1::5')
    expect(range.pickFree(() => true)).toBeUndefined()
  })

  it.each(['10.0.0.0/31', '10.0.0.0/7', 'fd00::/63', 'fd00::/127', 'here'])('%s is none to give out from', (cidr) => {
    expect(() => new IpRange(cidr)).toThrow('not a range that addresses can be given out from')
  })
})

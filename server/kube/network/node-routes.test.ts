import type { Node } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { masqueradeRules, routesTo } from './node-routes.ts'
import { podPaths } from './pod-paths.ts'

const node = (name: string, podCIDR?: string, address?: string): Node => ({
  metadata: { name },
  spec: podCIDR ? { podCIDR } : {},
  status: address ? { addresses: [{ type: 'InternalIP', address }] } : {},
})

it('leads to the pods of every other node that has a range and an address', () => {
  const nodes = [
    node('n1', '10.244.0.0/24', '10.160.0.11'),
    node('n2', '10.244.1.0/24', '10.160.0.12'),
    node('n3', undefined, '10.160.0.13'),
    node('n4', '10.244.3.0/24'),
  ]
  expect(routesTo(nodes, 'n1', podPaths.routes)).toEqual([{ podCidr: '10.244.1.0/24', via: '10.160.0.12' }])
})

it('masquerades what leaves the cluster, and neither pods nor nodes', () => {
  const rules = masqueradeRules('10.244.1.0/24', '10.244.0.0/16', ['10.160.0.12', '10.160.0.11']).split('\n')
  const last = rules.findIndex((rule) => rule.endsWith('-j MASQUERADE'))
  for (const kept of ['-d 10.160.0.11/32', '-d 10.160.0.12/32', '-d 10.244.0.0/16']) {
    const at = rules.findIndex((rule) => rule.includes(kept))
    expect(rules[at]).toMatch(/-j RETURN$/)
    expect(at).toBeLessThan(last)
  }
  // Declared, so that a repeated restore empties the chain first.
  expect(rules[1]).toBe(':PODIUM-MASQ - [0:0]')
})

it('leads to ranges of IPv6 through addresses of IPv6, and to none where there is no such address', () => {
  const both = { ...node('n2'), spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] } }
  const addresses = ['10.160.0.12', 'fd00:10:160::aa0:c'].map((address) => ({ type: 'InternalIP', address }))
  expect(routesTo([{ ...both, status: { addresses } }], 'n1', podPaths.routes)).toEqual([
    { podCidr: '10.244.1.0/24', via: '10.160.0.12' },
    { podCidr: 'fd00:10:244:1::/64', via: 'fd00:10:160::aa0:c' },
  ])
  const four = { ...both, status: { addresses: addresses.slice(0, 1) } }
  expect(routesTo([four], 'n1', podPaths.routes)).toHaveLength(1)
  // Wrapped in IPv4, they need no other way.
  expect(routesTo([four], 'n1', podPaths.vxlan).map(({ via }) => via)).toEqual(['10.160.0.12', '10.160.0.12'])
})

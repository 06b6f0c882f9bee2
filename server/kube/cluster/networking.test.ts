import { expect, it } from 'vitest'
import { networkingFor } from './networking.ts'

it.each([
  { nodes: 2, simulatedNodes: 0, range: '10.244.0.0/16' },
  { nodes: 0, simulatedNodes: 256, range: '10.244.0.0/16' },
  { nodes: 0, simulatedNodes: 5000, range: '10.224.0.0/11' },
  // Machines have been told the usual range.
  { nodes: 1, simulatedNodes: 300, range: '10.244.0.0/16' },
  { nodes: 0, simulatedNodes: 300, ipFamily: 'dual' as const, range: '10.244.0.0/16' },
  { nodes: 2, simulatedNodes: 0, ipFamily: 'ipv6' as const, range: 'fd00:10:244::/56' },
])('has addresses for $nodes machines and $simulatedNodes simulated nodes in $range', ({ range, ...spec }) => {
  expect(networkingFor(spec).clusterCidr).toBe(range)
})

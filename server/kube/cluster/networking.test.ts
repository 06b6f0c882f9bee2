import { expect, it } from 'vitest'
import { isMachineAddress, networkingFor, secondAddressOf } from './networking.ts'

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

it.each([
  { address: '10.160.3.14', isMachine: true },
  { address: secondAddressOf('10.160.3.14'), isMachine: true },
  // The API server's own, of both families.
  { address: '10.160.3.1', isMachine: false },
  { address: secondAddressOf('10.160.3.1'), isMachine: false },
  // Somebody else's machine, the host, what the host can reach, names.
  { address: '10.160.4.14', isMachine: false },
  { address: secondAddressOf('10.160.4.14'), isMachine: false },
  { address: '127.0.0.1', isMachine: false },
  { address: '::1', isMachine: false },
  { address: '::ffff:127.0.0.1', isMachine: false },
  { address: '169.254.169.254', isMachine: false },
  { address: 'node-1', isMachine: false },
  { address: '', isMachine: false },
])('a kubelet at $address: $isMachine', ({ address, isMachine }) => {
  expect(isMachineAddress({ subnet: '10.160.3.0/24', gatewayAddress: '10.160.3.1' }, address)).toBe(isMachine)
})

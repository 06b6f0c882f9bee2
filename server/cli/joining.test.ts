import { expect, it } from 'vitest'
import type { Client } from '../kube/client/index.ts'
import type { MachineNetwork } from '../kube/cluster/index.ts'
import type { DataCentre } from '../machines/index.ts'
import { filesToJoin, nextNode } from './joining.ts'

const ready = { type: 'Ready', status: 'True' }
const clientWith = (...names: string[]) =>
  ({
    of: () => ({
      list: async () => ({ items: names.map((name) => ({ metadata: { name }, status: { conditions: [ready] } })) }),
    }),
  }) as unknown as Client
const machinesWith = (here: string[], away: string[]) =>
  ({
    listMachines: async () => here.map((name) => ({ name })),
    elsewhere: { invited: async () => away.map((node) => ({ node })) },
  }) as unknown as DataCentre

it.each([
  [['node-1', 'node-2'], [], 3],
  [['node-1'], ['node-2'], 3],
  [['node-1', 'node-12'], ['node-4'], 13],
])('counts on from the machines here, %j, and on other hosts, %j', async (here, away, ordinal) => {
  const machines = machinesWith(here, away)
  expect(await nextNode(clientWith(...here), machines, 'demo')).toEqual({ name: `node-${ordinal}`, ordinal })
})

it('takes no name that a node of somebody else has', async () => {
  const next = nextNode(clientWith('node-1', 'node-2'), machinesWith(['node-1'], []), 'demo')
  await expect(next).rejects.toThrow('a Node with name "node-2" and status "Ready" already exists')
})

const network = { gatewayAddress: '10.160.3.1' } as MachineNetwork
const told = { token: 'abcdef.0123456789abcdef', caCertHash: 'sha256:00' }
const machine = { name: 'node-3', address: '10.160.3.14' }

function agentConfig(choices: Parameters<typeof filesToJoin>[2]) {
  const files = filesToJoin(machine, network, choices, told)
  return JSON.parse(String(files.find(({ path }) => path === '/etc/podium/node.json')?.content))
}

it('sends a machine to the gateway of its network, whatever address the person at the command line was told', () => {
  expect(agentConfig({})).toMatchObject({ nodeIP: '10.160.3.14', join: { ...told, endpoint: '10.160.3.1:6443' } })
  expect(agentConfig({})).not.toHaveProperty('labels')
})

it('lets a machine of another host say so, with what its cluster has chosen', () => {
  expect(agentConfig({ podNetwork: 'vxlan', ipFamily: 'dual', isElsewhere: true })).toMatchObject({
    labels: { 'podium.dev/elsewhere': 'true' },
    podNetwork: 'vxlan',
    second: { nodeIP: 'fd00:10:160::aa0:30e' },
  })
})

it('tells a machine of a cluster of IPv6 alone that it hands on to the gateway what its pods have for it', () => {
  const dual = agentConfig({ ipFamily: 'dual' })
  expect([dual.clusterDNS, dual.dnsAddress, dual.relay]).toEqual(['10.96.0.10', '10.160.3.1', undefined])
  expect(agentConfig({ ipFamily: 'ipv6' })).toMatchObject({
    nodeIP: '10.160.3.14',
    second: { nodeIP: 'fd00:10:160::aa0:30e', clusterCidr: 'fd00:10:244::/56', serviceCidr: 'fd00:10:96::/112' },
    clusterDNS: 'fd00:10:96::a',
    dnsAddress: 'fd00:10:160::aa0:301',
    relay: { gateway: '10.160.3.1', tcpPorts: [6443, 53], udpPorts: [53] },
  })
})

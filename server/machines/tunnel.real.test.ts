// A learner's network that reaches to another host, which is a network namespace here: who is heard, how far they get,
// and what is left.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DataCentre } from './data-centre.ts'
import type { LearnerNetwork } from './learner-network.ts'
import { runCommand, tryCommand } from './run-command.ts'
import { marksOf, openTestDataCentre, tracesOf } from './test-data-centre.ts'
import { numberOf, type Tunnel } from './tunnel.ts'

const CLUSTER = 'test-tunnel'
const REQUEST = { cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [] }
const HOST = 'pdm-test-tunnel'
const LINK = 'pdm-tt'
/** Of the range for measuring, which no network uses: this host, the one that is invited, another one. */
const [HERE, INVITED, STRANGER] = ['198.18.79.1', '198.18.79.2', '198.18.79.3']
let dataCentre: DataCentre
let network: LearnerNetwork
const servers: Server[] = []

const there = (command: string, ...args: string[]) =>
  tryCommand('nsenter', [`--net=/run/netns/${HOST}`, command, ...args])
/** Short only where no answer is what is meant. */
const asks = async (url: string, seconds = 30) =>
  (await there('curl', '-sS', '--max-time', String(seconds), url)).stdout
const apiServer = () => `http://${network.gatewayAddress}:6443/`

async function serve(address: string, port: number): Promise<number> {
  const server = createServer((_request, answer) => answer.end('here'))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  return (server.address() as AddressInfo).port
}

/** What `podium node join` makes there, as far as packets can tell. */
async function openOtherEnd({ port, address }: Tunnel, from: string): Promise<void> {
  await there('ip', 'link', 'delete', 'tunnel')
  const ends = ['id', String(numberOf(address)), 'local', from, 'remote', HERE, 'dstport', String(port)]
  // The same card again, as home remembers it for a while.
  const card = ['address', '02:00:00:00:00:02']
  await runCommand('ip', ['-n', HOST, 'link', 'add', 'tunnel', ...card, 'type', 'vxlan', ...ends])
  await runCommand('ip', ['-n', HOST, 'addr', 'add', `${address}/24`, 'dev', 'tunnel'])
  await runCommand('ip', ['-n', HOST, 'link', 'set', 'tunnel', 'up'])
}

const invite = (node: string, ordinal: number) => dataCentre.elsewhere.invite(CLUSTER, { node, ordinal, peer: INVITED })

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  await dataCentre.deleteCluster(CLUSTER)
  await tryCommand('ip', ['netns', 'delete', HOST])
  await runCommand('ip', ['netns', 'add', HOST])
  await runCommand('ip', ['link', 'add', `${LINK}-a`, 'type', 'veth', 'peer', 'name', `${LINK}-b`, 'netns', HOST])
  await runCommand('ip', ['addr', 'add', `${HERE}/29`, 'dev', `${LINK}-a`])
  await runCommand('ip', ['link', 'set', `${LINK}-a`, 'up'])
  for (const address of [INVITED, STRANGER])
    await runCommand('ip', ['-n', HOST, 'addr', 'add', `${address}/29`, 'dev', `${LINK}-b`])
  await runCommand('ip', ['-n', HOST, 'link', 'set', `${LINK}-b`, 'up'])
  network = await dataCentre.createNetwork(REQUEST)
  await serve(network.gatewayAddress, 6443)
}, 600_000)

afterAll(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  await dataCentre?.deleteCluster(CLUSTER)
  await tryCommand('ip', ['netns', 'delete', HOST])
})

it('lets the invited host to what a machine may reach, and no further', async () => {
  const { tunnel, here } = await invite('node-2', 2)
  expect(here).toBe(HERE)
  await openOtherEnd(tunnel, INVITED)
  expect(await asks(apiServer())).toBe('here')
  const port = await serve(network.gatewayAddress, 0)
  expect(await asks(`http://${network.gatewayAddress}:${port}/`)).toBe('')
  await expect(invite('node-3', 3)).rejects.toThrow(`${INVITED} has machine "node-2" of this cluster already`)
})

it('hears nobody else at that port', async () => {
  const [tunnel] = await dataCentre.elsewhere.invited(CLUSTER)
  if (!tunnel) throw new Error('the invitation is not remembered')
  await openOtherEnd(tunnel, STRANGER)
  expect(await asks(apiServer(), 2)).toBe('')
  await openOtherEnd(tunnel, INVITED)
  expect(await asks(apiServer())).toBe('here')
})

it('comes back with its cluster', async () => {
  const links = await runCommand('ip', ['-o', 'link', 'show', 'type', 'vxlan', 'master', network.bridge])
  const [link = ''] = /pdt-\d+-\d+/.exec(links) ?? []
  await runCommand('ip', ['link', 'delete', link])
  expect(await asks(apiServer(), 2)).toBe('')
  await dataCentre.createNetwork(REQUEST)
  expect(await asks(apiServer())).toBe('here')
})

it('is closed when the invitation is over, and gone with its cluster', async () => {
  await dataCentre.elsewhere.disinvite(CLUSTER, 'node-2')
  expect(await asks(apiServer(), 2)).toBe('')
  const ways = async () => (await tracesOf(dataCentre, marksOf(network))).filter((line) => /pdt-|PODIUM-TUN/.test(line))
  expect(await ways()).toEqual([])
  await invite('node-2', 2)
  expect((await ways()).join('\n')).toMatch(/PODIUM-TUN-\d+/)
  await dataCentre.deleteCluster(CLUSTER)
  expect(await tracesOf(dataCentre, marksOf(network))).toEqual([])
  expect(await dataCentre.elsewhere.invited(CLUSTER)).toEqual([])
})

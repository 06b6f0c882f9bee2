// Bridges that outlive what they were for: an engine that is started anew takes them for somebody else's.
import type Docker from 'dockerode'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DataCentre } from './data-centre.ts'
import { runCommand } from './run-command.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const CLUSTER = 'test-left-bridge'
let dataCentre: DataCentre
let left: string | undefined

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  await dataCentre.deleteCluster(CLUSTER)
}, 600_000)

afterAll(async () => {
  await dataCentre?.deleteCluster(CLUSTER)
  if (left) await runCommand('ip', ['link', 'delete', left])
})

const links = async () =>
  (JSON.parse(await runCommand('ip', ['-j', 'link', 'show'])) as { ifname: string }[]).map(({ ifname }) => ifname)

const REQUEST = { cluster: CLUSTER, openTcpPorts: [], openUdpPorts: [] }

it('goes with its network, though the engine did not make it', async () => {
  const { name, bridge } = await dataCentre.createNetwork(REQUEST)
  const { docker } = dataCentre
  const { Options, Labels, IPAM } = (await docker.getNetwork(name).inspect()) as Docker.NetworkInspectInfo
  await dataCentre.deleteCluster(CLUSTER)
  await runCommand('ip', ['link', 'add', 'name', bridge, 'type', 'bridge'])
  await docker.createNetwork({ Name: name, Driver: 'bridge', Options, Labels: Labels ?? {}, IPAM: IPAM as Docker.IPAM })
  expect(await links()).toContain(bridge)
  await dataCentre.deleteCluster(CLUSTER)
  expect(await links()).not.toContain(bridge)
})

it('is passed over where no network is behind it, and says nothing of what addresses are free', async () => {
  const before = await dataCentre.createNetwork(REQUEST)
  await dataCentre.deleteCluster(CLUSTER)
  await runCommand('ip', ['link', 'add', 'name', before.bridge, 'type', 'bridge'])
  left = before.bridge
  await runCommand('ip', ['addr', 'add', `${before.gatewayAddress}/24`, 'dev', left])
  await runCommand('ip', ['link', 'set', left, 'up'])
  const after = await dataCentre.createNetwork(REQUEST)
  expect(after.bridge).not.toBe(left)
  expect(after.subnet.split('.')[0]).toBe(before.subnet.split('.')[0])
  await dataCentre.deleteCluster(CLUSTER)
  expect(await links()).not.toContain(after.bridge)
  expect(await links()).toContain(left)
})

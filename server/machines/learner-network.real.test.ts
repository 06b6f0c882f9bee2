// What an engine that was killed may leave is no network, but its bridge is still on the host.
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

it('is passed over, and neither taken for a network of somebody else nor left behind once more', async () => {
  const request = { cluster: CLUSTER, openTcpPorts: [], openUdpPorts: [] }
  const before = await dataCentre.createNetwork(request)
  await dataCentre.deleteCluster(CLUSTER)
  await runCommand('ip', ['link', 'add', 'name', before.bridge, 'type', 'bridge'])
  left = before.bridge
  await runCommand('ip', ['addr', 'add', `${before.gatewayAddress}/24`, 'dev', left])
  await runCommand('ip', ['link', 'set', left, 'up'])
  const after = await dataCentre.createNetwork(request)
  expect(after.bridge).not.toBe(left)
  expect(after.subnet.split('.')[0]).toBe(before.subnet.split('.')[0])
  await dataCentre.deleteCluster(CLUSTER)
  expect(await links()).not.toContain(after.bridge)
  expect(await links()).toContain(left)
})

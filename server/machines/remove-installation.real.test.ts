// A second installation beside the first: neither touches the other, and removing it leaves nothing on the host.
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DataCentre, openDataCentre } from './data-centre.ts'
import { removeInstallation } from './remove-installation.ts'
import { marksOf, openTestDataCentre, removeWhole, secondInstallation, tracesOf } from './test-data-centre.ts'

const CLUSTER = 'test-second'
let first: DataCentre
let stateDir: string
let marks: string[]
const log = (line: string) => console.log(line)

beforeAll(async () => {
  first = await openTestDataCentre()
  stateDir = await secondInstallation(first)
}, 300_000)

afterAll(() => removeWhole(stateDir))

it('works beside another installation, with addresses and a registry of its own', async () => {
  const second = await openDataCentre({ stateDir, log })
  const request = { cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] }
  const theirs = await first.createNetwork(request)
  const network = await second.createNetwork(request)
  expect(network.subnet).not.toBe(theirs.subnet)
  expect(await second.registryAddress()).not.toBe(await first.registryAddress())
  marks = [...marksOf(network), second.installation, stateDir]
  const machine = await second.createMachine({ cluster: CLUSTER, name: 'worker', ordinal: 1, network })
  expect((await machine.exec(['docker', 'pull', 'nginx:1.22'])).exitCode).toBe(0)
  await second.createTerminal({ cluster: CLUSTER })
  expect(await first.listMachines(CLUSTER)).toEqual([])
  await first.deleteCluster(CLUSTER)
  expect(await machine.state()).toBe('running')
})

it('is removed without a trace, and may be removed again', async () => {
  expect(await tracesOf(first, marks)).not.toEqual([])
  await removeInstallation({ stateDir, log })
  await removeInstallation({ stateDir, log })
  expect(await readdir(stateDir)).toEqual([])
  expect(await tracesOf(first, marks)).toEqual([])
})

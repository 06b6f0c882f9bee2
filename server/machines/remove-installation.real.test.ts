// A second installation beside the first: neither touches the other, and removing it leaves nothing on the host.
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DataCentre, openDataCentre } from './data-centre.ts'
import { openDiskStore } from './disk-store.ts'
import { removeInstallation } from './remove-installation.ts'
import { runCommand } from './run-command.ts'
import { marksOf, openTestDataCentre, tracesOf } from './test-data-centre.ts'

const CLUSTER = 'test-second'
const STATE_DIRS = '/var/lib/podium-second-'
let first: DataCentre
let stateDir: string
let marks: string[]
const log = (line: string) => console.log(line)

beforeAll(async () => {
  first = await openTestDataCentre()
  await removeEarlierRuns()
  stateDir = await mkdtemp(STATE_DIRS)
  // What takes minutes to make is brought along, as from another machine; it is valid for the same CA only.
  for (const part of ['registry', 'registry-tls'])
    await cp(join(first.stateDir, part), join(stateDir, part), { recursive: true })
  await openDiskStore({ stateDir, log })
  await mkdir(join(stateDir, 'disks/golden'), { recursive: true })
  await runCommand('cp', [
    '--sparse=always',
    first.goldenDisk,
    join(stateDir, 'disks/golden', basename(first.goldenDisk)),
  ])
}, 300_000)

afterAll(() => removeAll(stateDir))

/** A run that was killed leaves its installation, and with it the cluster's name on the engine. */
async function removeEarlierRuns(): Promise<void> {
  for (const name of await readdir(dirname(STATE_DIRS)))
    if (name.startsWith(basename(STATE_DIRS))) await removeAll(join(dirname(STATE_DIRS), name))
}

async function removeAll(directory: string): Promise<void> {
  await removeInstallation({ stateDir: directory, log })
  await rm(directory, { recursive: true, force: true })
}

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

// What Ctrl-C leaves of a classroom: its work on disk, and nothing that runs. While a cluster of `podium cluster create`
// goes on beside it, so does what that one needs.

import { readdir, readFile } from 'node:fs/promises'
import Docker from 'dockerode'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { installationOf } from '../server/machines/installation.ts'
import { runCommand } from '../server/machines/run-command.ts'
import { openTestDataCentre, TEST_STATE_DIR } from '../server/machines/test-data-centre.ts'
import { type Classroom, clusters, forgetLearners, startClassroom } from './support/classroom.ts'
import { podium } from './support/commands.ts'

const BESIDE = 'beside'
const docker = new Docker()
const installation = installationOf(TEST_STATE_DIR)
let classroom: Classroom | undefined

beforeAll(async () => {
  await forgetLearners()
  await podium('cluster', 'delete', BESIDE).catch(() => undefined)
  // A test that was killed has left machines of clusters that nobody knows any more.
  await using dataCentre = await openTestDataCentre()
  const filters = JSON.stringify({ label: [`podium.home=${installation}`, 'podium.cluster'] })
  const left = await docker.listContainers({ all: true, filters })
  for (const cluster of new Set(left.map(({ Labels }) => Labels['podium.cluster'] ?? '')))
    await dataCentre.deleteCluster(cluster)
})
afterAll(async () => {
  await classroom?.kill()
  await podium('cluster', 'delete', BESIDE).catch(() => undefined)
  await forgetLearners()
})

/** Of this installation; the host's other business comes and goes meanwhile. */
async function running(): Promise<string[]> {
  const filters = JSON.stringify({ label: [`podium.home=${installation}`] })
  const containers = await docker.listContainers({ filters })
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n')
  const loops = (await runCommand('losetup', ['-n', '-O', 'BACK-FILE', '-a'])).split('\n')
  const isOurs = (line: string) => line.includes(TEST_STATE_DIR)
  return [
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...commands.filter(isOurs).map((command) => `process ${command.replaceAll('\0', ' ')}`),
    ...mounts.filter(isOurs).map((line) => `mount ${line}`),
    ...loops.filter(isOurs).map((line) => `loop ${line.trim()}`),
  ].sort()
}

/** Everything else on the host that has been made: networks, links, rules, stopped containers. */
async function made(): Promise<string[]> {
  const filters = JSON.stringify({ label: [`podium.home=${installation}`] })
  const networks = await docker.listNetworks({ filters })
  const containers = await docker.listContainers({ all: true, filters })
  const bridges = networks.map((network) => network.Options?.['com.docker.network.bridge.name'] ?? '')
  const slots = bridges.map((bridge) => bridge.replace('pdm-', ''))
  const saved = await Promise.all(['filter', 'nat'].map((table) => runCommand('iptables-save', ['-t', table])))
  const chains = saved.flatMap((text) => text.match(/(?<=^:)PODIUM-\w+-\d+/gm) ?? [])
  const links = (await readdir('/sys/class/net')).filter((link) => link.startsWith('pdm-'))
  return [
    ...networks.map(({ Name }) => `network ${Name}`),
    ...containers.map(({ Names }) => `container ${Names[0]}`),
    ...links.filter((link) => bridges.includes(link)).map((link) => `link ${link}`),
    ...chains.filter((chain) => slots.includes(chain.split('-')[2] ?? '')).map((chain) => `chain ${chain}`),
  ].sort()
}

const stateOf = async (name: string) => (await clusters()).find((cluster) => cluster.name === name)?.state
const prepared = async () => (await clusters()).find(({ name }) => name.startsWith('lab-'))

it('ends with everything it started, but not what a cluster beside it needs, and is quick to come back', async () => {
  expect(await running()).toEqual([])
  const before = await made()

  classroom = await startClassroom({ env: { PODIUM_WARM: '1' } })
  await expect.poll(async () => (await prepared())?.state, { timeout: 60_000 }).toBe('ready')
  await podium('cluster', 'create', BESIDE, '--nodes', '1')
  const lab = (await prepared())?.name ?? ''
  expect(await running()).toEqual(expect.arrayContaining([`container /podium-registry-${installation}`]))

  await classroom.stop()
  const beside = (await running()).filter((line) => line.startsWith('container'))
  expect(beside).toEqual([
    `container /podium-${BESIDE}-node-1-${installation}`,
    `container /podium-push-registry-${installation}`,
    `container /podium-registry-${installation}`,
  ])
  expect(await stateOf(BESIDE)).toBe('ready')

  await podium('cluster', 'stop', BESIDE)
  expect(await running()).toEqual([])
  // A cluster on disk keeps its stopped machines, the network they hang on, and its rules.
  const kept = (await made()).filter((line) => !before.includes(line))
  expect(kept.filter((line) => /^(network|container)/.test(line))).toEqual([
    `container /podium-${BESIDE}-node-1-${installation}`,
    `container /podium-${lab}-node-1-${installation}`,
    `container /podium-${lab}-node-2-${installation}`,
    `network podium-${BESIDE}-${installation}`,
    `network podium-${lab}-${installation}`,
  ])

  classroom = await startClassroom({ env: { PODIUM_WARM: '1' } })
  expect(classroom.startedInMs).toBeLessThan(10_000)
  await expect.poll(() => stateOf(lab), { timeout: 60_000 }).toBe('ready')
  await classroom.stop()
  await podium('cluster', 'delete', lab)
  await podium('cluster', 'delete', BESIDE)
  expect([await running(), await made()]).toEqual([[], before])
})

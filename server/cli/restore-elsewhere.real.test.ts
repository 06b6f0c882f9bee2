// A learner's cluster and home come back from a backup where neither their disks nor their machines are: as on another host.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { noLogger } from '../base/logger.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../kube/client/index.ts'
import { type ClusterInfo, LocalClusterHost } from '../kube/cluster/index.ts'
import { Pod } from '../kube/kinds/index.ts'
import { loadSchemas } from '../kube/schemas/load-schemas.ts'
import { type DataCentre, openDataCentre } from '../machines/index.ts'
import { openTestDataCentre, removeWhole, secondInstallation, TEST_STATE_DIR } from '../machines/test-data-centre.ts'
import { backUp, restore } from './backup-commands.ts'

const NAME = 'test-restore'
let first: DataCentre
let here: LocalClusterHost
let elsewhere: string
let folder: string

const hostOf = (stateDir: string, machines: DataCentre) =>
  new LocalClusterHost({
    stateDir,
    machines: async () => machines,
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })

beforeAll(async () => {
  first = await openTestDataCentre()
  here = hostOf(TEST_STATE_DIR, first)
  await here.deleteCluster(NAME)
  elsewhere = await secondInstallation(first)
  folder = await mkdtemp(join(tmpdir(), 'podium-restore-'))
}, 300_000)

afterAll(async () => {
  await here?.deleteCluster(NAME)
  await here?.[Symbol.asyncDispose]()
  await removeWhole(elsewhere)
  await rm(folder, { recursive: true, force: true })
})

const containerOf = ({ status }: WirePod) => status?.containerStatuses?.[0]

/** The pod `stays`, made first where it is given, as soon as it runs in a container other than the one it had. */
async function running(info: ClusterInfo, told: { make?: WirePod; not?: string | undefined }): Promise<WirePod> {
  using transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'test' })
  const pods = createClient(transport).of(Pod)
  if (told.make) await pods.create(told.make)
  const get = () => pods.get({ namespace: 'default', name: 'stays' }) as Promise<WirePod>
  const isRunning = async () => {
    const container = containerOf(await get())
    return container?.state?.running !== undefined && container.containerID !== told.not
  }
  await expect.poll(isRunning, { timeout: 60_000 }).toBe(true)
  return await get()
}

it('comes back from a backup on machines that were never there, with its pods and files', {
  timeout: 180_000,
}, async () => {
  const info = await here.createCluster({ name: NAME, nodes: 1, simulatedNodes: 0 })
  const terminal = await first.createTerminal({ cluster: NAME, kubeconfig: info.networkKubeconfig })
  await terminal.exec(['sh', '-c', 'echo mine > ~/notes'])
  const metadata = { name: 'stays', namespace: 'default' }
  const make = { metadata, spec: { containers: [{ name: 'main', image: 'nginx:1.26' }] } }
  const before = await running(info, { make })
  const file = join(folder, 'backup.tar.gz')
  await backUp({ stateDir: TEST_STATE_DIR, say: () => undefined }, file)
  await here.deleteCluster(NAME)

  await restore({ stateDir: elsewhere, say: () => undefined }, file)
  const second = await openDataCentre({ stateDir: elsewhere })
  await using there = hostOf(elsewhere, second)
  const restored = await there.startCluster(NAME)
  const after = await running(restored, { not: containerOf(before)?.containerID })
  const home = await second.createTerminal({ cluster: NAME, kubeconfig: restored.networkKubeconfig })
  const { stdout } = await home.exec(['sh', '-c', 'cat ~/notes; kubectl exec stays -- hostname'])
  expect(stdout).toBe('mine\nstays\n')
  expect(after.metadata?.uid).toBe(before.metadata?.uid)
  await home.delete()
})

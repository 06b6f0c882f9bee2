// A learner's home goes into a folder while it is in use, and is found again by a terminal that is made anew.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DataCentre } from './data-centre.ts'
import { backUpHomes, keepHomes, putBackHomes, restoreHomes } from './home-disks.ts'
import type { Terminal } from './terminal.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const CLUSTER = 'test-homes'
let dataCentre: DataCentre
let folder: string

async function openTerminal(): Promise<Terminal> {
  await dataCentre.createNetwork({ cluster: CLUSTER, openTcpPorts: [], openUdpPorts: [] })
  return dataCentre.createTerminal({ cluster: CLUSTER, kubeconfig: 'kind: Config\n' })
}

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  folder = await mkdtemp(join(tmpdir(), 'podium-homes-'))
  await dataCentre.deleteCluster(CLUSTER)
})

afterAll(async () => {
  await dataCentre?.deleteCluster(CLUSTER)
  await rm(folder, { recursive: true, force: true })
})

it('brings a home back, with what was written a moment before it was copied', async () => {
  const { stateDir } = dataCentre
  const before = await openTerminal()
  await before.exec(['sh', '-c', 'echo mine > ~/notes && mkdir ~/lab && echo kind: Pod > ~/lab/pod.yaml'])
  await backUpHomes({ stateDir, cluster: CLUSTER, to: folder })
  expect((await before.exec(['sh', '-c', 'echo still writes > ~/later && cat ~/later'])).stdout).toBe('still writes\n')
  await dataCentre.deleteCluster(CLUSTER)
  await restoreHomes({ stateDir, cluster: CLUSTER, from: folder })
  const after = await openTerminal()
  const { stdout } = await after.exec(['sh', '-c', 'cat ~/notes ~/lab/pod.yaml; ls ~; stat -c %U ~/notes'])
  expect(stdout).toBe('mine\nkind: Pod\nlab\nnotes\nlearner\n')
})

it('puts a home back to what it was when it was kept, also after a backup, and forgets it with its cluster', async () => {
  const { stateDir } = dataCentre
  const homes = { stateDir, cluster: CLUSTER, name: 'snapshot-1' }
  const say = async (terminal: Terminal, script: string) => (await terminal.exec(['sh', '-c', script])).stdout
  const before = await openTerminal()
  await say(before, 'echo kept > ~/notes')
  await keepHomes(homes)
  await say(before, 'echo spoilt > ~/notes; touch ~/more')
  await before.delete()
  await putBackHomes({ ...homes, name: 'another' })
  const spoilt = await openTerminal()
  expect(await say(spoilt, 'cat ~/notes')).toBe('spoilt\n')

  await backUpHomes({ stateDir, cluster: CLUSTER, to: join(folder, 'kept-too') })
  await dataCentre.deleteCluster(CLUSTER)
  await putBackHomes(homes)
  await restoreHomes({ stateDir, cluster: CLUSTER, from: join(folder, 'kept-too') })
  await putBackHomes(homes)
  const after = await openTerminal()
  expect(await say(after, 'cat ~/notes; ls ~/more 2>/dev/null')).toBe('kept\n')
})

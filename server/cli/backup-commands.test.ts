// A classroom goes into a file while its cluster runs, and comes out of it somewhere else.

import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { noLogger } from '../base/logger.ts'
import { openDatabase } from '../classroom/database/open-database.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../kube/client/index.ts'
import { type ClusterInfo, clusterNames, LocalClusterHost } from '../kube/cluster/index.ts'
import { ConfigMap } from '../kube/kinds/index.ts'
import { loadSchemas } from '../kube/schemas/load-schemas.ts'
import { backUp, restore } from './backup-commands.ts'

let folder: string
const said: string[] = []
const at = (name: string) => ({ stateDir: join(folder, name), say: (line: string) => void said.push(line) })

const openHost = (name: string) =>
  new LocalClusterHost({
    stateDir: join(folder, name),
    machines: () => Promise.reject(new Error('no machines here')),
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })

async function asking<T>(info: ClusterInfo, ask: (client: Client) => Promise<T>): Promise<T> {
  const transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'test' })
  try {
    return await ask(createClient(transport))
  } finally {
    transport[Symbol.dispose]()
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-backup-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('brings back a cluster that ran while it was backed up, with its certificates and its objects', async () => {
  const file = join(folder, 'backup.tar.gz')
  {
    const migrations = join(import.meta.dirname, '../../prisma/migrations')
    await using _ = openDatabase({ path: join(folder, 'one/classroom/podium.db'), migrations, clock: systemClock })
    await using host = openHost('one')
    const info = await host.createCluster({ name: 'demo', nodes: 0, simulatedNodes: 1 })
    await host.saveState('demo', 'before-anything')
    const metadata = { name: 'kept', namespace: 'default' }
    await asking(info, (client) => client.of(ConfigMap).create({ metadata, data: { a: '1' } }))
    await backUp(at('one'), file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await asking(info, (client) => client.of(ConfigMap).create({ metadata: { ...metadata, name: 'too-late' } }))
  }
  await restore(at('two'), file)
  await using host = openHost('two')
  const info = await host.startCluster('demo')
  const names = await asking(info, async (client) =>
    (await client.of(ConfigMap).list({ namespace: 'default' })).items.map(({ metadata }) => metadata?.name),
  )
  expect(names).toContain('kept')
  expect(names).not.toContain('too-late')
  // What was kept of it earlier has come along, and is put back under revisions that nobody has seen.
  const maps = (info: ClusterInfo) => asking(info, (client) => client.of(ConfigMap).list({ namespace: 'default' }))
  const revisionOf = (list: { metadata: { resourceVersion?: string } }) => Number(list.metadata.resourceVersion)
  const before = await maps(info)
  const after = await maps(await host.putBackState('demo', 'before-anything'))
  expect(after.items.map(({ metadata }) => metadata?.name)).toEqual(['kube-root-ca.crt'])
  expect(revisionOf(after)).toBeGreaterThan(revisionOf(before))
  await host.deleteCluster('demo')
})

it('leaves out the clusters that cannot be read, says so, and keeps all others', async () => {
  const stateDir = join(folder, 'spoilt')
  {
    await using host = openHost('spoilt')
    for (const name of ['whole', 'half', 'none']) await host.createCluster({ name, nodes: 0, simulatedNodes: 0 })
  }
  const file = (name: string, what: string) => join(stateDir, 'clusters', name, what)
  await writeFile(file('whole', 'run.json'), '')
  await writeFile(file('half', 'cluster.json'), '{')
  await rm(file('none', 'store'), { recursive: true })
  await mkdir(join(stateDir, 'clusters', 'empty'))
  const backup = join(folder, 'spoilt.tar.gz')
  const words = await backUp(at('spoilt'), backup).catch((err: Error) => err.message)
  expect(words).toContain('the backup is without clusters that cannot be read')
  expect(words).toContain(`half: ${file('half', 'cluster.json')} cannot be read`)
  expect(words).toContain(`none: ${file('none', 'store')} is gone`)
  expect(words).toContain(`empty: ${file('empty', 'cluster.json')} is missing`)
  await restore(at('mended'), backup)
  expect(await clusterNames(join(folder, 'mended'))).toEqual(['whole'])
})

it('says what is wrong with a file, a directory, a name', async () => {
  const garbage = join(folder, 'garbage')
  await writeFile(garbage, 'not a backup')
  await expect(restore(at('three'), garbage)).rejects.toThrow(/garbage cannot be read: /)
  await expect(restore(at('three'), join(folder, 'nowhere'))).rejects.toThrow(/there is no file/)
  await expect(backUp(at('four'), join(folder, 'b'))).rejects.toThrow(/nothing to back up/)
  await expect(backUp(at('one'), garbage)).rejects.toThrow(/exists; choose another name/)
  await expect(restore(at('one'), join(folder, 'backup.tar.gz'))).rejects.toThrow(/has a classroom already/)
})

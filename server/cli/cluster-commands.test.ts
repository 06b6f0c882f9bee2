import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { noLogger } from '../base/logger.ts'
import { clusterNames, LocalClusterHost } from '../kube/cluster/index.ts'
import { loadSchemas } from '../kube/schemas/load-schemas.ts'
import { createCluster, deleteCluster, listClusters, startCluster } from './cluster-commands.ts'

it('makes no cluster for a kubeconfig that nobody could write', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-cli-'))
  const openHost = () => Promise.reject(new Error('no host is needed'))
  const context = { stateDir, logger: noLogger, say: () => undefined, openHost }
  const spec = { name: 'demo', nodes: 0, simulatedNodes: 1 }
  await expect(createCluster(context, spec, join(stateDir, 'missing', 'config'))).rejects.toThrow(
    `there is no directory ${join(stateDir, 'missing')} for the kubeconfig; make it first`,
  )
  expect(await readdir(stateDir)).toEqual([])
  await rm(stateDir, { recursive: true, force: true })
})

it('lists a cluster whose record is spoilt with why, starts none, and deletes it; one with a spoilt note is as any', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-cli-'))
  const openHost = async () =>
    new LocalClusterHost({
      stateDir,
      machines: () => Promise.reject(new Error('no machines here')),
      schemas: loadSchemas(),
      clock: systemClock,
      logger: noLogger,
      random: Math.random,
    })
  {
    await using host = await openHost()
    for (const name of ['note', 'record']) await host.createCluster({ name, nodes: 0, simulatedNodes: 0 })
  }
  const path = join(stateDir, 'clusters', 'record', 'cluster.json')
  await writeFile(path, '')
  await writeFile(join(stateDir, 'clusters', 'note', 'run.json'), '{"name"')
  const context = { stateDir, logger: noLogger, say: () => undefined, openHost }
  const [note, record] = await listClusters(context)
  expect(note).toMatchObject({ name: 'note', state: 'stopped', message: '' })
  expect(record).toMatchObject({ name: 'record', state: 'failed' })
  expect(record?.message).toContain(`${path} cannot be read: `)
  await expect(startCluster(context, 'record')).rejects.toThrow(`${path} cannot be read: `)
  for (const name of ['record', 'note']) await deleteCluster(context, name)
  expect(await clusterNames(stateDir)).toEqual([])
  await rm(stateDir, { recursive: true, force: true })
})

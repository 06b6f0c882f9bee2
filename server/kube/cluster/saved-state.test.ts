// A process that ends between the two names of a put-back, and a store that somebody took away.

import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { backUpCluster } from './cluster-backup.ts'
import { writeClusterRecord } from './cluster-record.ts'
import { openEtcd } from './etcd.ts'
import { putBackState, saveState } from './saved-state.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-saved-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const open = () => openEtcd({ directory, port: 0, hosts: [], clock: systemClock, servers: undefined })

async function write(key: string): Promise<number> {
  await using etcd = await open()
  await etcd.store.txn({ compare: [], success: [{ type: 'put', key, value: Buffer.from('1') }], failure: [] })
  return etcd.store.revision
}

async function keys(): Promise<string[]> {
  await using etcd = await open()
  return (await etcd.store.range({ key: 'a', rangeEnd: 'z' })).kvs.map(({ key }) => key)
}

it('puts back what was kept, or, cut short between the two names, nothing', async () => {
  await write('before')
  {
    await using etcd = await open()
    await saveState({ store: etcd.store, directory, name: 'kept' })
  }
  const revision = await write('later')
  await rename(join(directory, 'store'), join(directory, 'store.former'))
  expect(await keys()).toEqual(['before', 'later'])
  await putBackState({ directory, name: 'kept', revision })
  expect(await keys()).toEqual(['before'])
})

it('makes no empty store for a cluster that has run, neither to run it nor to back it up', async () => {
  await write('before')
  const spec = { name: 'demo', nodes: 0, simulatedNodes: 0 }
  await writeClusterRecord(directory, { spec, apiPort: 1, etcdPort: 2, createdAt: 3 })
  await writeFile(join(directory, 'admin.conf'), '')
  await rm(join(directory, 'store'), { recursive: true })
  await expect(open()).rejects.toThrow(/store is gone, and with it all that was in the cluster/)
  const to = join(directory, 'backup')
  await expect(backUpCluster({ directory, to, clock: systemClock })).rejects.toThrow(/store is gone/)
  expect(existsSync(join(directory, 'store'))).toBe(false)
})

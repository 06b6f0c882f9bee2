import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { openEtcdDoor } from '../store/etcd-door/door.ts'
import { openStore } from '../store/store.ts'
import { backUpCluster, restoreCluster } from './cluster-backup.ts'
import { type ClusterRecord, readClusterRecord, writeClusterRecord } from './cluster-record.ts'

it('backs up what is in somebody’s etcd, and brings it back in a store of its own, or no cluster', async () => {
  const home = await mkdtemp(join(tmpdir(), 'podium-backup-'))
  const [theirs, directory, to, back] = ['theirs', 'demo', 'backup', 'back'].map((name) => join(home, name)) as [
    string,
    string,
    string,
    string,
  ]
  const etcd = await openStore({ directory: theirs, clock: systemClock })
  const door = await openEtcdDoor({ store: etcd, clock: systemClock })
  const success = [{ type: 'put', key: '/registry/a', value: Buffer.from('kept') } as const]
  await etcd.txn({ compare: [], success, failure: [] })
  const spec = { name: 'demo', nodes: 0, simulatedNodes: 1, etcd: { urls: [door.url] } }
  const record: ClusterRecord = { spec, apiPort: 1, etcdPort: 2, createdAt: 3 }
  await writeClusterRecord(directory, record)

  await backUpCluster({ directory, to, clock: systemClock })
  await door.close()
  await etcd.close()
  await restoreCluster({ from: to, directory: back })
  expect((await readClusterRecord(back))?.spec).toEqual({ name: 'demo', nodes: 0, simulatedNodes: 1 })
  const own = await openStore({ directory: join(back, 'store'), clock: systemClock })
  expect((await own.range({ key: '/registry/a' })).kvs[0]?.value.toString()).toBe('kept')
  expect(own.revision).toBeGreaterThan(1_000_000_000)
  await own.close()

  const half = join(home, 'half')
  await truncate(join(to, 'store.snapshot'), 100)
  await expect(restoreCluster({ from: to, directory: half })).rejects.toThrow()
  expect(await readClusterRecord(half)).toBeUndefined()
  await rm(home, { recursive: true, force: true })
})

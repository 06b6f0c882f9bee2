import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { problemsOf, STORE_QUOTA } from './cluster-spec.ts'
import { openEtcd } from './etcd.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-etcd-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

it('takes no more than its quota, and goes on with what it has', async () => {
  const quotaBytes = 2 ** 20
  await using etcd = await openEtcd({
    directory,
    port: 0,
    hosts: [],
    clock: systemClock,
    servers: undefined,
    quotaBytes,
  })
  const { store } = etcd
  const put = (key: string) =>
    store.txn({ compare: [], success: [{ type: 'put', key, value: Buffer.alloc(400_000) }], failure: [] })
  const fill = async () => {
    for (let index = 0; index < 6; index++) await put(`key-${index}`)
  }
  await expect(fill()).rejects.toThrow('etcdserver: mvcc: database space exceeded')
  expect((await store.range({ key: 'key-0' })).kvs).toHaveLength(1)
})

it.each([
  { quota: '268435456', problems: 0 },
  { quota: 'much', problems: 1 },
  { quota: '0', problems: 1 },
])('may be told $quota', ({ quota, problems }) => {
  const spec = { name: 'demo', nodes: 0, simulatedNodes: 1, extraConfig: { [STORE_QUOTA]: quota } }
  expect(problemsOf(spec)).toHaveLength(problems)
})

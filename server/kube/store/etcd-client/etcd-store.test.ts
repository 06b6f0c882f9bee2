import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock, systemClock } from '../../../base/clock.ts'
import { type EtcdDoor, openEtcdDoor } from '../etcd-door/door.ts'
import { openStore, type Store, StoreUnavailableError } from '../store.ts'
import { describeStore } from '../testing/store-conformance.ts'
import { connectToEtcd } from './etcd-store.ts'

async function openBehindDoor(port = 0): Promise<{ directory: string; store: Store; door: EtcdDoor }> {
  const directory = await mkdtemp(join(tmpdir(), 'podium-etcd-client-'))
  const store = await openStore({ directory, clock: new FakeClock() })
  return { directory, store, door: await openEtcdDoor({ store, clock: new FakeClock(), port }) }
}

describeStore('our own store through its etcd door', async () => {
  const { directory, store, door } = await openBehindDoor()
  const remote = await connectToEtcd({ endpoints: [door.url], clock: systemClock })
  return {
    store: remote,
    async stop() {
      await remote.close()
      await door.close()
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})

describe('a member that goes away', () => {
  it('breaks no watch: it goes on where it was, without gap or duplicate', async () => {
    const { directory, store, door } = await openBehindDoor()
    const clock = new FakeClock()
    const remote = await connectToEtcd({ endpoints: [door.url], clock })
    const put = () =>
      store.txn({ compare: [], success: [{ type: 'put', key: 'a', value: Buffer.from('1') }], failure: [] })
    const revisions: number[] = []
    let caughtUp = false
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    remote.watch(
      { key: 'a' },
      {
        events: (revision) => revisions.push(revision),
        ended: () => {},
        progress: () => {
          caughtUp = true
        },
      },
    )
    while (!caughtUp) await turn()
    await put()
    while (revisions.length < 1) await turn()
    await door.close()
    await put()
    await expect(remote.range({ key: 'a' })).rejects.toThrow(StoreUnavailableError)
    expect(remote.status().failure).toBeInstanceOf(StoreUnavailableError)
    const again = await openEtcdDoor({ store, clock, port: door.port })
    await put()
    while (revisions.length < 3) await clock.advance(200)
    expect(revisions).toEqual([2, 3, 4])
    await remote.close()
    await again.close()
    await store.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('is replaced by the next, if there is one', async () => {
    const { directory, store, door } = await openBehindDoor()
    const remote = await connectToEtcd({ endpoints: ['127.0.0.1:1', door.url], clock: systemClock })
    expect((await remote.range({ key: 'a' })).count).toBe(0)
    await remote.close()
    await door.close()
    await store.close()
    await rm(directory, { recursive: true, force: true })
  })

  it('is missed when nobody answers from the beginning', async () => {
    await expect(connectToEtcd({ endpoints: ['127.0.0.1:1'], clock: systemClock })).rejects.toThrow(
      StoreUnavailableError,
    )
    await expect(connectToEtcd({ endpoints: ['not a url/x'], clock: systemClock })).rejects.toThrow('is not a URL')
  })
})

import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { openStore, type Store } from './store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'

let disk: PowerLossDisk
let store: Store

const open = (on = disk) =>
  openStore({ directory: '/store', clock: new FakeClock(), disk: on, segmentBytes: 2600, growBytes: 0 })
const put = (key: string) =>
  store.txn({ compare: [], success: [{ type: 'put', key, value: Buffer.alloc(300) }], failure: [] })
const logs = async (on = disk) => (await on.list('/store')).filter((name) => name.startsWith('log-')).sort()
const READY = ['log-00000001', 'log-00000002.tmp']

beforeEach(async () => {
  disk = new PowerLossDisk()
  store = await open()
  for (let i = 0; i < 3; i++) await put(`key-${i}`)
})

describe('the next segment', () => {
  it('is made when the one before is half full, and gets its name when that is full', async () => {
    expect(await logs()).toEqual(['log-00000001'])
    await put('half')
    await vi.waitFor(async () => expect(await logs()).toEqual(READY))
    for (let i = 0; i < 5; i++) await put(`more-${i}`)
    expect(await logs()).toEqual(['log-00000001', 'log-00000002'])
    await store.close()
    expect((await open()).revision).toBe(10)
  })

  it('is cleared away when it was not needed, by whoever closes the store or opens it after a kill', async () => {
    await put('half')
    await vi.waitFor(async () => expect(await logs()).toEqual(READY))
    const killed = disk.afterKill()
    expect(await logs(killed)).toEqual(READY)
    expect((await open(killed)).revision).toBe(5)
    expect(await logs(killed)).toEqual(['log-00000001'])
    await store.close()
    expect(await logs()).toEqual(['log-00000001'])
  })

  it('is made when it is wanted, where there was no room for it before', async () => {
    // Three alike are in it, behind its head.
    const each = (disk.bytesOf('/store/log-00000001').length - 32) / 3
    disk.leaveSpace(each)
    await put('key-3')
    await vi.waitFor(async () => expect(await logs()).toEqual(READY))
    expect(disk.bytesOf('/store/log-00000002.tmp').length).toBe(0)
    disk.leaveSpace(Number.POSITIVE_INFINITY)
    for (let i = 0; i < 5; i++) await put(`more-${i}`)
    await store.close()
    expect(await logs()).toEqual(['log-00000001', 'log-00000002'])
    expect((await open()).revision).toBe(10)
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { CorruptStoreError, openStore, repairStore, type Store, StoreLockedError } from './store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'

const BUMP = 1000
const EVERYTHING = { key: '\0', rangeEnd: '\0' }

let disk: PowerLossDisk

const open = (on = disk) =>
  openStore({ directory: '/store', clock: new FakeClock(), disk: on, segmentBytes: 1200, growBytes: 100 })
const repair = (on = disk) => repairStore({ directory: '/store', disk: on, random: () => 0.5, bumpRevision: BUMP })

async function put(store: Store, key: string, value: string, lease = 0n): Promise<void> {
  await store.txn({ compare: [], success: [{ type: 'put', key, value: Buffer.from(value), lease }], failure: [] })
}

async function contentOf(store: Store, revision = 0): Promise<string> {
  const { kvs } = await store.range({ ...EVERYTHING, revision })
  return kvs.map(({ key, value, modRevision, version }) => `${key}=${value}@${modRevision}v${version}`).join(' ')
}

function flip(file: string, place: number): void {
  const bytes = Buffer.from(disk.bytesOf(file))
  bytes[place]! ^= 0x20
  disk.replace(file, bytes)
}

/** What was true at each revision, told before anything was damaged. */
let truth: Map<number, string>

beforeEach(async () => {
  disk = new PowerLossDisk()
  const store = await open()
  await store.grantLease(60, 7n)
  for (let i = 0; i < 20; i++) await put(store, `key-${i % 6}`, `value-${i}`.padEnd(60, '.'), i % 6 === 5 ? 7n : 0n)
  await store.txn({ compare: [], success: [{ type: 'delete', key: 'key-0' }], failure: [] })
  await store.compact(10)
  await store.defragment()
  for (let i = 20; i < 40; i++) await put(store, `key-${i % 6}`, `value-${i}`.padEnd(60, '.'))
  truth = new Map()
  for (let revision = 10; revision <= store.revision; revision++) truth.set(revision, await contentOf(store, revision))
  await store.close()
})

describe('a repair', () => {
  it('changes nothing in a store that is whole', async () => {
    const before = await disk.list('/store')
    expect(await repair()).toMatchObject({ damage: [], revision: 42 })
    expect(await disk.list('/store')).toEqual(before)
    expect((await open()).revision).toBe(42)
  })

  it('goes on from the last state before the damage, keeps the damaged files, and moves the revision ahead', async () => {
    const segments = (await disk.list('/store')).filter((name) => name.startsWith('log-')).sort()
    expect(segments.length).toBeGreaterThan(1)
    const file = `/store/${segments.at(-2)}`
    const damaged = disk.bytesOf(file).length - 30
    flip(file, damaged)
    await expect(open()).rejects.toThrow(CorruptStoreError)
    const { damage, revision, copies } = await repair()
    expect(damage).toEqual([expect.stringContaining(`store is corrupt: ${file} at offset`)])
    expect(revision).toBeGreaterThan(30)
    expect(disk.bytesOf(`${copies}/${segments.at(-2)}`)[damaged]).toBe(disk.bytesOf(file)[damaged])
    const store = await open()
    expect(store.revision).toBe(revision + BUMP)
    expect(await contentOf(store)).toBe(truth.get(revision))
    expect(await store.timeToLive(7n)).toMatchObject({ keys: expect.any(Array) })
    await put(store, 'after', 'repair')
    await store.close()
    expect((await open()).revision).toBe(revision + BUMP + 1)
  })

  it('keeps of a damaged snapshot all but the damaged piece', async () => {
    const name = (await disk.list('/store')).find((each) => each.startsWith('snapshot-'))
    const bytes = disk.bytesOf(`/store/${name}`)
    flip(`/store/${name}`, bytes.indexOf('key-3') + 10)
    await expect(open()).rejects.toThrow(CorruptStoreError)
    expect((await repair()).damage[0]).toContain(`/store/${name}`)
    const store = await open()
    expect(store.revision).toBeGreaterThan(BUMP)
    await store.close()
  })

  it('finds the way without the manifest', async () => {
    flip('/store/MANIFEST', 12)
    expect(await repair()).toMatchObject({ revision: 42 })
    expect(await contentOf(await open())).toBe(truth.get(42))
  })

  it('ends with a store that opens and shows what once was true, whichever byte is another', async () => {
    const whole = disk
    for (const name of await whole.list('/store')) {
      const length = whole.bytesOf(`/store/${name}`).length
      for (let place = 3; place < length; place += 41) {
        disk = whole.afterPowerLoss(() => 0.99)
        flip(`/store/${name}`, place)
        const isDamaged = await open().then(
          (store) => store.close().then(() => false),
          () => true,
        )
        const { damage, revision } = await repair()
        expect(damage.length > 0).toBe(isDamaged)
        const store = await open()
        // Of a snapshot with a hole no whole state is left; each of its keys is as it was.
        if (!name.startsWith('snapshot-')) expect(await contentOf(store)).toBe(truth.get(revision))
        await store.close()
      }
    }
  })

  it('is done or not done when the power goes meanwhile', async () => {
    const [segment] = (await disk.list('/store')).filter((name) => name.startsWith('log-')).sort()
    flip(`/store/${segment}`, disk.bytesOf(`/store/${segment}`).length - 20)
    const damaged = disk.afterPowerLoss(() => 0)
    for (let operations = 0; ; operations++) {
      const interrupted = damaged.afterPowerLoss(() => 0)
      interrupted.losePowerAfter(operations)
      const isDone = await repair(interrupted).then(
        () => true,
        () => false,
      )
      const after = interrupted.afterPowerLoss(() => 0.4)
      const again = await repair(after)
      const store = await open(after)
      expect([...truth.values()]).toContain(await contentOf(store))
      expect(store.revision).toBeGreaterThan(BUMP)
      await store.close()
      if (isDone) {
        expect(again.damage).toEqual([])
        break
      }
    }
  })

  it('is refused while somebody has the store open', async () => {
    const store = await open()
    await expect(repair()).rejects.toThrow(StoreLockedError)
    await store.close()
  })
})

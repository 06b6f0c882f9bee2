import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { DiskFile } from './disk.ts'
import { openStore, type Store } from './store.ts'
import { NaiveStore } from './testing/naive-store.ts'
import { PowerLossDisk, type PowerLossDiskOptions } from './testing/power-loss-disk.ts'
import { type Dice, diceOf } from './testing/seeded-random.ts'

const SEEDS = 400
const EVERYTHING = { key: '\0', rangeEnd: '\0' }

interface Promised {
  /** The newest revision that any caller or any watcher was told of. */
  revision: number
  compactRevision: number
}

/**
 * A store lives through several power cuts and kills. Returns what was wrong after one of them, or undefined: a
 * promised revision that is gone, or a state that never was.
 */
async function liveThroughPowerCuts(seed: number, options: PowerLossDiskOptions = {}): Promise<string | undefined> {
  const dice = diceOf(seed)
  const model = new NaiveStore()
  const promised: Promised = { revision: 1, compactRevision: 0 }
  let disk = new PowerLossDisk(options)
  for (let life = 0; life < 4; life++) {
    if (life < 3) disk.losePowerAfter(dice.below(60))
    try {
      const store = await open(disk, dice)
      const problem = await check(store, model, promised)
      if (problem) return `life ${life}: ${problem}`
      await work(store, model, promised, dice)
      await store.close()
    } catch (error) {
      if (disk.hasPower) return `life ${life}: ${error}`
    }
    disk = dice.chance(0.3) ? disk.afterKill() : disk.afterPowerLoss(dice.random)
  }
  return undefined
}

function open(disk: PowerLossDisk, dice: Dice): Promise<Store> {
  return openStore({
    directory: '/store',
    clock: new FakeClock(),
    disk,
    random: dice.random,
    segmentBytes: 3000,
    growBytes: 2000,
  })
}

async function check(store: Store, model: NaiveStore, promised: Promised): Promise<string | undefined> {
  const { revision } = store
  if (revision < promised.revision) return `was told of revision ${promised.revision}, but is at ${revision}`
  if (revision > model.revision) return `is at revision ${revision}, which was never written`
  if (store.compactRevision < promised.compactRevision) return `compaction at ${promised.compactRevision} is undone`
  // What was written but not answered may be there or not, but only from the end.
  model.cutAfter(revision)
  for (let at = Math.max(1, store.compactRevision); at <= revision; at++) {
    const { kvs } = await store.range({ ...EVERYTHING, revision: at })
    const states = kvs.map(({ value, lease, ...state }) => ({ ...state, value: value.toString() }))
    const expected = model.stateAt(at)
    if (!isSame(states, expected)) return `revision ${at}: ${JSON.stringify(states)} is not ${JSON.stringify(expected)}`
  }
  // From now on it has shown this revision.
  promised.revision = revision
  promised.compactRevision = store.compactRevision
  return undefined
}

function isSame(a: object[], b: object[]): boolean {
  const sorted = (states: object[]) =>
    JSON.stringify(states.map((state) => Object.entries(state).sort(([x], [y]) => (x < y ? -1 : 1))))
  return sorted(a) === sorted(b)
}

async function work(store: Store, model: NaiveStore, promised: Promised, dice: Dice): Promise<void> {
  store.watch(EVERYTHING, {
    events: (revision) => {
      promised.revision = Math.max(promised.revision, revision)
    },
    ended: () => {},
  })
  for (let step = 0; step < 30; step++) {
    const writes = Array.from({ length: 1 + dice.below(4) }, () => write(store, model, promised, dice))
    await Promise.all(writes)
    if (dice.chance(0.1) && store.revision > store.compactRevision + 1) {
      const revision = store.compactRevision + 1 + dice.below(store.revision - store.compactRevision)
      await store.compact(revision)
      promised.compactRevision = revision
      await store.defragment()
    }
  }
}

async function write(store: Store, model: NaiveStore, promised: Promised, dice: Dice): Promise<void> {
  const keys = [...new Set(Array.from({ length: 1 + dice.below(3) }, () => `key-${dice.below(12)}`))]
  const changes = keys.map((key) => ({
    key,
    value: dice.chance(0.3) ? undefined : `${dice.below(1e6)}`.padEnd(dice.below(1500), '.'),
  }))
  const expected = model.write(changes)
  const { revision } = await store.txn({
    compare: [],
    success: changes.map(({ key, value }) =>
      value === undefined ? { type: 'delete', key } : { type: 'put', key, value: Buffer.from(value) },
    ),
    failure: [],
  })
  if (revision !== expected) throw new Error(`wrote revision ${revision}, expected ${expected}`)
  promised.revision = Math.max(promised.revision, revision)
}

/** While `isHeld`, what is written to the log does not get through to the disk; all else does. */
class HeldLogDisk extends PowerLossDisk {
  isHeld = false

  override async open(path: string): Promise<DiskFile> {
    const file = await super.open(path)
    const held = new Promise<never>(() => {})
    return {
      ...file,
      writeDurably: (buffers, position) => (this.isHeld ? held : file.writeDurably(buffers, position)),
    }
  }
}

async function problems(options: PowerLossDiskOptions, seeds: number): Promise<string[]> {
  const found: string[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const problem = await liveThroughPowerCuts(seed, options)
    if (problem) found.push(`seed ${seed}, ${problem}`)
  }
  return found
}

describe('when the power goes', () => {
  it(`keeps all that anybody was told of, and no half of anything (${SEEDS} seeds)`, async () => {
    expect(await problems({}, SEEDS)).toEqual([])
  }, 120_000)

  it('lets no key outlive its lease because a snapshot was written while the lease was being revoked', async () => {
    const dice = diceOf(1)
    const disk = new HeldLogDisk()
    const store = await open(disk, dice)
    await store.grantLease(60, 7n)
    await store.txn({
      compare: [],
      success: [{ type: 'put', key: 'a', value: Buffer.alloc(0), lease: 7n }],
      failure: [],
    })
    await store.compact(2)
    const reclaimed = store.defragment()
    // Only once the log has begun its new segment.
    while (!(await disk.list('/store')).includes('log-00000002')) await new Promise((resolve) => setImmediate(resolve))
    disk.isHeld = true
    void store.revokeLease(7n)
    await reclaimed
    const again = await open(
      disk.afterPowerLoss(() => 0),
      dice,
    )
    expect({ leases: await again.leases(), keys: (await again.range(EVERYTHING)).count }).toEqual({
      leases: [7n],
      keys: 1,
    })
    await again.close()
  })

  it('is found out when fdatasync is taken away', async () => {
    expect((await problems({ ignoreDatasync: true }, 20)).length).toBeGreaterThan(5)
  })

  it('is found out when new names are not made durable', async () => {
    expect((await problems({ ignoreSyncDirectory: true }, 20)).length).toBeGreaterThan(5)
  })
})

// Random traffic against the store and against a list of facts, side by side. Whatever the store says must be what
// the list says, at every revision, for every watcher, across compactions and reopenings.

import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { rangeContains } from './key-range.ts'
import { CompactedError, openStore, type Store, type TxnRequest } from './store.ts'
import { NaiveStore } from './testing/naive-store.ts'
import { PowerLossDisk } from './testing/power-loss-disk.ts'
import { type Dice, diceOf } from './testing/seeded-random.ts'

const SEEDS = 120
const KEYS = ['a', 'a/1', 'a/2', 'b', 'b/\xff', '\x01', '\xff', '\xff\xff']
const ENDS = [undefined, '\0', 'a0', 'b', 'c', '\xff', '\xff\xff']

interface Watcher {
  range: { key: string; rangeEnd?: string }
  from: number
  seen: string[]
}

class Run {
  readonly dice: Dice
  readonly model = new NaiveStore()
  readonly #disk = new PowerLossDisk()
  store!: Store
  #watchers: Watcher[] = []
  #compacted = 0

  constructor(seed: number) {
    this.dice = diceOf(seed)
  }

  async open(): Promise<void> {
    this.store = await openStore({
      directory: '/store',
      clock: new FakeClock(),
      disk: this.#disk,
      random: this.dice.random,
      segmentBytes: 1000,
      growBytes: 700,
      reclaimBytes: 2000,
    })
    this.#watchers = []
  }

  async step(): Promise<void> {
    const what = this.dice.below(100)
    if (what < 55) await Promise.all(Array.from({ length: 1 + this.dice.below(5) }, () => this.#write()))
    else if (what < 65) await this.#compareAndSwap()
    else if (what < 80) await this.#read()
    else if (what < 90) this.#watch()
    else if (what < 94) await this.#compact()
    else if (what < 97) await this.#reopen()
    else await this.store.defragment()
  }

  async #write(): Promise<void> {
    const changes = [...new Set([this.dice.pick(KEYS), this.dice.pick(KEYS)])].map((key) => ({
      key,
      value: this.dice.chance(0.35) ? undefined : `${this.dice.below(1000)}`,
    }))
    const expected = this.model.write(changes)
    const { revision } = await this.store.txn({ compare: [], success: operationsOf(changes), failure: [] })
    expect(revision).toBe(expected)
  }

  async #compareAndSwap(): Promise<void> {
    const key = this.dice.pick(KEYS)
    const now = this.model.stateAt(this.model.revision).find((state) => state.key === key)
    const guess = this.dice.chance(0.5) ? (now?.modRevision ?? 0) : this.dice.below(this.model.revision)
    const expected = guess === (now?.modRevision ?? 0)
    const changes = [{ key, value: 'swapped' }]
    if (expected) this.model.write(changes)
    const { succeeded } = await this.store.txn({
      compare: [{ key, target: 'mod', result: '=', value: guess }],
      success: operationsOf(changes),
      failure: [{ type: 'range', key }],
    })
    expect(succeeded).toBe(expected)
  }

  async #read(): Promise<void> {
    const range = this.#anyRange()
    const revision = 1 + this.dice.below(this.model.revision)
    const limit = this.dice.below(4)
    const reading = this.store.range({ ...range, revision, limit })
    if (revision < this.#compacted) {
      await expect(reading).rejects.toThrow(CompactedError)
      return
    }
    const all = this.model.stateAt(revision).filter((state) => rangeContains(range, state.key))
    const { kvs, count, more } = await reading
    const expected = limit > 0 ? all.slice(0, limit) : all
    expect(kvs.map(({ value, lease, ...state }) => ({ ...state, value: `${value}` }))).toEqual(expected)
    expect({ count, more }).toEqual({ count: all.length, more: expected.length < all.length })
  }

  #watch(): void {
    const from = Math.max(2, this.#compacted) + this.dice.below(this.model.revision - this.#compacted + 3)
    const watcher: Watcher = { range: this.#anyRange(), from, seen: [] }
    this.#watchers.push(watcher)
    this.store.watch(
      { ...watcher.range, startRevision: from },
      {
        events: (revision, events) => {
          expect(this.store.revision).toBeGreaterThanOrEqual(revision)
          for (const { type, kv } of events) {
            expect(kv.modRevision).toBe(revision)
            watcher.seen.push(type === 'put' ? `${revision} ${kv.key} ${kv.value}` : `${revision} ${kv.key} deleted`)
          }
        },
        ended: (error) => {
          if (error instanceof CompactedError) watcher.seen.push('compacted')
        },
      },
    )
  }

  async #compact(): Promise<void> {
    if (this.model.revision <= this.#compacted) return
    // A watch that has not caught up may rightly end, and then there is nothing to compare.
    await this.settle()
    this.#compacted += 1 + this.dice.below(this.model.revision - this.#compacted)
    await this.store.compact(this.#compacted)
  }

  async #reopen(): Promise<void> {
    await this.checkWatchers()
    await this.store.close()
    await this.open()
    expect(this.store.revision).toBe(this.model.revision)
    expect(this.store.compactRevision).toBe(this.#compacted)
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  async checkWatchers(): Promise<void> {
    await this.settle()
    for (const { range, from, seen } of this.#watchers) {
      const expected = this.model.facts
        .filter((fact) => fact.revision >= from && rangeContains(range, fact.key))
        .map(({ revision, key, value }) => `${revision} ${key} ${value ?? 'deleted'}`)
      expect(seen).toEqual(expected)
    }
  }

  #anyRange(): { key: string; rangeEnd?: string } {
    const rangeEnd = this.dice.pick(ENDS)
    return { key: this.dice.pick(KEYS), ...(rangeEnd !== undefined && { rangeEnd }) }
  }
}

function operationsOf(changes: { key: string; value: string | undefined }[]): TxnRequest['success'] {
  return changes.map(({ key, value }) =>
    value === undefined ? { type: 'delete', key } : { type: 'put', key, value: Buffer.from(value) },
  )
}

describe('against the naive model', () => {
  it(`answers the same to ${SEEDS} seeds of random traffic`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = new Run(seed)
      try {
        await run.open()
        for (let step = 0; step < 120; step++) await run.step()
        await run.checkWatchers()
        await run.store.close()
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
      }
    }
  }, 120_000)
})

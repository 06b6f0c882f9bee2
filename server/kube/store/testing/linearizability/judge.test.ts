// The judges themselves: on histories written by hand, and on stores with a bug planted into them.

import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../base/clock.ts'
import { openStore, type Store, type StoreEvent, type WatchHandler } from '../../store.ts'
import { PowerLossDisk } from '../power-loss-disk.ts'
import { seededRandom } from '../seeded-random.ts'
import { type Asked, type Heard, History, type Operation, work } from './history.ts'
import { findViolation } from './judge.ts'
import { revisionProblems, watchProblems } from './revisions.ts'

/** `[from, to, what, answer]`, all on one key; without an answer the line broke. */
type Line = [from: number, to: number, asked: Asked, heard?: Heard]

const history = (...lines: Line[]): Operation[] =>
  lines.map(([from, to, asked, heard], client) => ({
    client,
    key: 'k',
    asked,
    from,
    to: heard ? to : Number.POSITIVE_INFINITY,
    ...(heard && { heard }),
  }))
const put = (value: string): Asked => ({ type: 'put', value })
const get: Asked = { type: 'get' }
const found = (value: string, modified: number) => ({ revision: 9, found: { value, modified } })
const nothing = { revision: 9, found: undefined }

describe('the judge of orders', () => {
  it.each([
    {
      name: 'one after the other',
      lines: [
        [0, 1, put('1'), { revision: 2 }],
        [2, 3, get, found('1', 2)],
      ],
    },
    {
      name: 'a read beside a write that has not seen it yet',
      lines: [
        [0, 3, put('1'), { revision: 2 }],
        [1, 2, get, nothing],
      ],
    },
    {
      name: 'writes beside each other in the order of their revisions',
      lines: [
        [0, 3, put('1'), { revision: 3 }],
        [1, 2, put('2'), { revision: 2 }],
        [4, 5, get, found('1', 3)],
      ],
    },
    {
      name: 'a write without an answer that was done much later',
      lines: [
        [0, 1, put('1')],
        [2, 3, get, nothing],
        [4, 5, get, found('1', 7)],
        [6, 7, get, found('1', 7)],
      ],
    },
    {
      name: 'a write without an answer that was never done',
      lines: [
        [0, 1, put('1')],
        [2, 3, get, nothing],
      ],
    },
    {
      name: 'a swap that found another revision',
      lines: [
        [0, 1, put('1'), { revision: 2 }],
        [2, 3, { type: 'swap', ifModified: 5, value: '2' }, { ...found('1', 2), done: false }],
      ],
    },
    {
      name: 'a delete of what was there',
      lines: [
        [0, 1, put('1'), { revision: 2 }],
        [2, 3, { type: 'delete' }, { revision: 3, done: true }],
        [4, 5, get, nothing],
      ],
    },
  ] as { name: string; lines: Line[] }[])('finds nothing wrong with $name', ({ lines }) => {
    expect(findViolation(history(...lines))).toBeUndefined()
  })

  it.each([
    {
      name: 'a read of what was overwritten before',
      lines: [
        [0, 1, put('1'), { revision: 2 }],
        [2, 3, put('2'), { revision: 3 }],
        [4, 5, get, found('1', 2)],
      ],
    },
    {
      name: 'a write that was answered and is not there',
      lines: [
        [0, 1, put('1'), { revision: 2 }],
        [2, 3, get, nothing],
      ],
    },
    {
      name: 'two readers who see two writes in different orders',
      lines: [
        [0, 9, put('1'), { revision: 2 }],
        [0, 9, put('2'), { revision: 3 }],
        [1, 2, get, found('1', 2)],
        [3, 4, get, found('2', 3)],
        [5, 6, get, found('1', 2)],
      ],
    },
    {
      name: 'two swaps of the same state, both done',
      lines: [
        [0, 1, put('1'), { revision: 2 }],
        [2, 9, { type: 'swap', ifModified: 2, value: 'a' }, { revision: 3, done: true }],
        [2, 9, { type: 'swap', ifModified: 2, value: 'b' }, { revision: 4, done: true }],
      ],
    },
    {
      name: 'a swap that found what it expected and was not done',
      lines: [[0, 1, { type: 'swap', ifModified: 0, value: '1' }, { ...nothing, done: false }]],
    },
    {
      name: 'a write without an answer that is done, undone and done',
      lines: [
        [0, 1, put('1')],
        [2, 3, get, found('1', 2)],
        [4, 5, get, nothing],
        [6, 7, get, found('1', 2)],
      ],
    },
    {
      name: 'one state under two revisions',
      lines: [
        [0, 1, put('1')],
        [2, 3, get, found('1', 2)],
        [4, 5, get, found('1', 3)],
      ],
    },
    { name: 'a delete of what was not there', lines: [[0, 1, { type: 'delete' }, { revision: 2, done: true }]] },
  ] as { name: string; lines: Line[] }[])('finds $name', ({ lines }) => {
    expect(findViolation(history(...lines))?.key).toBe('k')
  })
})

interface Told {
  revision: number
  events: StoreEvent[]
}

/** Some clients at once on a store whose answers are tampered with; what the judges say. */
async function judged(seed: number, tamper: (store: Store, random: () => number) => Store): Promise<string[]> {
  const disk = new PowerLossDisk()
  const honest = await openStore({ directory: '/store', clock: new FakeClock(), disk })
  const store = tamper(honest, seededRandom(seed + 1000))
  const history = new History()
  const told: Told[] = []
  store.watch(
    { key: '\0', rangeEnd: '\0', startRevision: 2 },
    { events: (revision, events) => told.push({ revision, events }), ended: () => {} },
  )
  const keys = ['a', 'b', 'c']
  const workers = Array.from({ length: 4 }, (_, client) =>
    work({
      history,
      store,
      client,
      keys,
      random: seededRandom(10 * seed + client),
      goesOn: () => history.length < 300,
    }),
  )
  await Promise.all(workers)
  await new Promise((resolve) => setImmediate(resolve))
  const { revision } = honest
  await honest.close()
  const violation = findViolation(history.operations)
  return [
    ...(violation ? [`no order explains ${violation.key}`] : []),
    ...revisionProblems(history.operations),
    ...watchProblems(history.operations, told, revision),
  ]
}

/** The store with some of its methods replaced. */
function changed(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(methods, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const watching = (store: Store, tell: (handler: WatchHandler) => WatchHandler['events']) =>
  changed(store, { watch: (request, handler) => store.watch(request, { ...handler, events: tell(handler) }) })

describe('the judges of a whole run', () => {
  it('find nothing wrong with our store (20 seeds)', async () => {
    for (let seed = 1; seed <= 20; seed++) expect(await judged(seed, (store) => store)).toEqual([])
  })

  const PLANTED: { name: string; tamper: (store: Store, random: () => number) => Store; finds: RegExp }[] = [
    {
      name: 'a read that is sometimes a revision late',
      tamper: (store, random) =>
        changed(store, {
          range: async (request) => {
            if (random() < 0.9 || store.revision < 3) return store.range(request)
            const late = await store.range({ ...request, revision: store.revision - 2 })
            return late
          },
        }),
      finds: /no order explains/,
    },
    {
      name: 'a write that is answered and not done',
      tamper: (store, random) =>
        changed(store, {
          txn: async (request) => {
            const isPut = request.compare.length === 0 && request.success[0]?.type === 'put'
            if (!isPut || random() < 0.9) return store.txn(request)
            return { succeeded: true, revision: store.revision + 1, responses: [{ type: 'put' }] }
          },
        }),
      finds: /no order explains|is that of/,
    },
    {
      name: 'a comparison that is not looked at',
      tamper: (store, random) =>
        changed(store, {
          txn: (request) => store.txn(random() < 0.7 ? request : { ...request, compare: [] }),
        }),
      finds: /no order explains/,
    },
    {
      name: 'an answer with the revision from before',
      tamper: (store, random) =>
        changed(store, {
          txn: async (request) => {
            const answer = await store.txn(request)
            return random() < 0.9 ? answer : { ...answer, revision: answer.revision - 1 }
          },
        }),
      finds: /had been heard of|is that of|no order explains/,
    },
    {
      name: 'a watch that swaps two revisions',
      tamper: (store, random) =>
        watching(store, (handler) => {
          let held: Told | undefined
          return (revision, events) => {
            if (!held && random() < 0.1) held = { revision, events }
            else {
              handler.events(revision, events)
              if (held) handler.events(held.revision, held.events)
              held = undefined
            }
          }
        }),
      finds: /the watch tells revision/,
    },
    {
      name: 'a watch that leaves a revision out',
      tamper: (store, random) =>
        watching(store, (handler) => (revision, events) => {
          if (random() < 0.95) handler.events(revision, events)
        }),
      finds: /the watch/,
    },
    {
      name: 'a watch that tells a revision twice',
      tamper: (store, random) =>
        watching(store, (handler) => (revision, events) => {
          handler.events(revision, events)
          if (random() < 0.05) handler.events(revision, events)
        }),
      finds: /the watch tells revision/,
    },
    {
      name: 'a watch that tells another value',
      tamper: (store, random) =>
        watching(store, (handler) => (revision, events) => {
          const other = events.map((event) => ({ ...event, kv: { ...event.kv, value: Buffer.from('other') } }))
          handler.events(revision, random() < 0.9 ? events : other)
        }),
      finds: /the watch tells/,
    },
  ]

  it.each(PLANTED)('find $name', async ({ tamper, finds }) => {
    const problems: string[] = []
    for (let seed = 1; seed <= 3; seed++) problems.push(...(await judged(seed, tamper)))
    expect(problems.join('\n')).toMatch(finds)
  })
})

// Several clients at once, through the etcd door, of a store that is killed again and again: is what they were told one
// history? And Debian's etcd, by the same judges.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../../e2e/support/until.ts'
import { systemClock } from '../../base/clock.ts'
import { connectToEtcd } from './etcd-client/etcd-store.ts'
import type { Store, StoreEvent } from './store.ts'
import { bundleVictim } from './testing/bundle-victim.ts'
import { History, work } from './testing/linearizability/history.ts'
import { findViolation } from './testing/linearizability/judge.ts'
import { revisionProblems, describe as told, watchProblems } from './testing/linearizability/revisions.ts'
import { type RealEtcd, startEtcd } from './testing/real-etcd.ts'
import { seededRandom } from './testing/seeded-random.ts'

const SEED = 20261127
const LIVES = 12
const OPERATIONS_IN_A_LIFE = 250
const CLIENTS = 6
const KEYS = ['/a', '/b', '/c', '/d', '/e']

let directory: string
let victim: Awaited<ReturnType<typeof bundleVictim>>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-linearizable-'))
  victim = await bundleVictim('linearizability/victim.ts')
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
  await victim?.[Symbol.asyncDispose]()
})

interface Mortal {
  url: string
  start(): Promise<void>
  kill(): Promise<void>
}

describe('what clients are told', () => {
  it(`of our store is one history, though it is killed ${LIVES} times (seed ${SEED})`, async () => {
    await judge(await startVictim())
  }, 180_000)

  it(`of Debian’s etcd is one as well (seed ${SEED})`, async () => {
    const etcd = await startEtcd({ directory: join(directory, 'etcd') })
    await judge(etcd)
  }, 180_000)
})

async function judge(server: Mortal | RealEtcd): Promise<void> {
  const connect = () => connectToEtcd({ endpoints: [server.url], clock: systemClock })
  const history = new History()
  const events: { revision: number; events: StoreEvent[] }[] = []
  const watcher = await until('the watcher is connected', connect)
  let ended: unknown
  watcher.watch(
    { key: '\0', rangeEnd: '\0', startRevision: 2 },
    {
      events: (revision, of) => events.push({ revision, events: of }),
      ended: (error) => {
        ended = error ?? 'closed'
      },
    },
  )
  const random = seededRandom(SEED)
  let isOver = false
  const stores = await Promise.all(Array.from({ length: CLIENTS }, connect))
  const workers = stores.map((store: Store, client) =>
    work({
      history,
      store,
      client,
      keys: KEYS,
      random: seededRandom(SEED + client),
      goesOn: () => !isOver,
      whenBack: () => until('the store is back', () => store.range({ key: '/' })),
    }),
  )
  const failed = Promise.all(workers).then(() => 'done' as const)
  for (let life = 1; life <= LIVES; life++) {
    const answered = () => history.operations.filter(({ heard }) => heard).length
    const enough = answered() + 20 + Math.floor(random() * OPERATIONS_IN_A_LIFE)
    const lived = until(`${enough} answers`, async () => answered() >= enough)
    await Promise.race([lived, failed])
    if (life === LIVES) isOver = true
    else {
      await server.kill()
      await server.start()
    }
  }
  await failed
  const { revision } = await until('it answers', () => watcher.range({ key: '/a' }))
  await until('the watch has heard of everything', async () => events.at(-1)?.revision === revision)
  expect(ended).toBeUndefined()

  const unanswered = history.operations.filter(({ heard }) => !heard)
  expect(history.length - unanswered.length).toBeGreaterThan(LIVES * 20)
  const violation = findViolation(history.operations)
  expect(violation?.operations.map(told) ?? []).toEqual([])
  expect(revisionProblems(history.operations)).toEqual([])
  expect(watchProblems(history.operations, events, revision)).toEqual([])

  for (const store of [watcher, ...stores]) await store.close()
  await server.kill()
}

async function startVictim(): Promise<Mortal> {
  const port = await freePort()
  let child: ChildProcess
  const start = async () => {
    child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', victim.file, join(directory, 'store'), String(port)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await new Promise<void>((opened, ended) => {
      child.stdout?.once('data', () => opened())
      child.once('exit', () => ended(new Error('the store did not open')))
    })
  }
  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    async kill() {
      child.kill('SIGKILL')
      await new Promise((gone) => child.once('close', gone))
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

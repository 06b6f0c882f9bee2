import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { Lease } from '../kinds/lease.ts'
import { type Client, createClient } from './client.ts'
import { LeaderElection } from './leader-election.ts'

let server: TestServer
let clock: FakeClock
const lease = { namespace: 'kube-system', name: 'kube-scheduler' }
const leading = new Set<string>()
let mostLeaders = 0

beforeEach(async () => {
  clock = new FakeClock()
  server = await startTestServer({ clock })
  leading.clear()
  mostLeaders = 0
})
afterEach(() => server[Symbol.asyncDispose]())

function stand(identity: string) {
  const stop = new AbortController()
  let line: 'open' | 'cut' | 'silent' = 'open'
  const { transport } = server
  // A line that can be cut: the candidate lives on, but nobody hears it.
  const client: Client = createClient({
    ...transport,
    request: (request) => {
      if (line === 'silent') return new Promise(() => undefined)
      return line === 'cut' ? Promise.reject(new Error('no route to host')) : transport.request(request)
    },
  })
  const metrics = new Metrics()
  const election = new LeaderElection({
    client,
    clock,
    logger: noLogger,
    random: () => 0,
    metrics,
    lease,
    identity,
    async lead(signal) {
      leading.add(identity)
      mostLeaders = Math.max(mostLeaders, leading.size)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      leading.delete(identity)
    },
  })
  const ended = election.run(stop.signal)
  return {
    status: () => /^leader_election_master_status\{name="kube-scheduler"\} (.)$/m.exec(metrics.text())?.[1],
    async stop() {
      stop.abort()
      await ended
    },
    cut() {
      line = 'cut'
    },
    silence() {
      line = 'silent'
    },
  }
}

/** The store's disk is real, so time must not run ahead of it. */
async function pass(seconds: number) {
  for (let step = 0; step < seconds * 2; step++) {
    await clock.advance(500)
    // Written behind everything that the candidates have written so far.
    for (let round = 0; round < 3; round++) {
      await server.client.of(ConfigMap).create({ metadata: { namespace: 'default', generateName: 'tick-' } })
    }
  }
}

it('elects one of two, and the other when the first gives up', async () => {
  // The server has watches of its own; they are open by then.
  await pass(1)
  const timers = clock.pending
  const a = stand('a')
  await pass(3)
  const b = stand('b')
  await pass(30)
  expect([...leading]).toEqual(['a'])
  expect([a.status(), b.status()]).toEqual(['1', '0'])
  await a.stop()
  await pass(3)
  expect([a.status(), b.status()]).toEqual(['0', '1'])
  expect([...leading]).toEqual(['b'])
  expect((await server.client.of(Lease).get(lease)).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  await b.stop()
  expect(clock.pending).toBe(timers)
})

it('never has two leaders, even when the first is cut off and does not know it', async () => {
  const a = stand('a')
  await pass(3)
  const b = stand('b')
  a.cut()
  await pass(12)
  expect([...leading]).toEqual([])
  await pass(8)
  expect([...leading]).toEqual(['b'])
  expect(mostLeaders).toBe(1)
  await Promise.all([a.stop(), b.stop()])
})

it('lets nobody else begin before a leader has stopped whose requests are never answered', async () => {
  const first = stand('a')
  await pass(1)
  const second = stand('b')
  await pass(2)
  expect([...leading]).toEqual(['a'])
  first.silence()
  await pass(13)
  expect([...leading], 'ten seconds without an answer are enough').toEqual([])
  await pass(8)
  expect([...leading]).toEqual(['b'])
  expect(mostLeaders).toBe(1)
  await second.stop()
})

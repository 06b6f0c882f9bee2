import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { ReconcileTrace, TraceEvent } from '../../base/trace.ts'
import { LoopReporter } from '../client/operator/loop-reporter.ts'
import type { Transport } from '../client/transport.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const clock = new FakeClock()
const traces: TraceEvent[] = []
let test: TestServer
beforeAll(async () => {
  test = await startTestServer({ clock, trace: { emit: (event) => void traces.push(event) } })
})
afterAll(() => test[Symbol.asyncDispose]())
beforeEach(() => {
  traces.length = 0
})

const OWN = 'greeter/greeting-controller'
const turn = (at: number): ReconcileTrace => ({
  type: 'reconcile',
  at,
  durationMs: 3,
  client: OWN,
  key: 'default/hello',
  because: 7,
  outcome: 'done',
  wanted: 'a greeting',
  seen: 'none',
  did: ['greeted'],
  wrote: [8],
})
const told = () =>
  traces.filter((event) => (event.type === 'reconcile' || event.type === 'loop') && event.client === OWN)

/** Of a program whose clock is an hour ahead. */
function reporterAs(identity: { user: string; groups: string[] }) {
  const there = new FakeClock(clock.now() + 3_600_000)
  const asked: string[] = []
  const transportFor = (client: string): Transport => {
    const transport = test.server.transportFor({ ...identity, client })
    return {
      ...transport,
      request(request) {
        asked.push(client)
        return transport.request(request)
      },
    }
  }
  return { reporter: new LoopReporter({ transportFor, clock: there, logger: noLogger }), asked, there }
}

it('tells what a loop elsewhere does as that loop’s, by the server’s clock', async () => {
  const { reporter, asked, there } = reporterAs({ user: 'admin', groups: ['system:masters'] })
  reporter.emit(turn(there.now() - 50))
  reporter.emit({ type: 'loop', at: there.now(), client: OWN, queue: ['default/b'], queueLength: 1, cacheRevision: 9 })
  reporter.emit({ type: 'compact', at: there.now(), revision: 1 })
  await clock.advance(100)
  await there.advance(100)
  while (told().length < 2) await settlePromises()
  expect(told()).toEqual([
    turn(clock.now() - 150),
    { type: 'loop', at: clock.now() - 100, client: OWN, queue: ['default/b'], queueLength: 1, cacheRevision: 9 },
  ])
  expect(asked).toEqual([OWN])
})

it('asks whoever does not listen to a loop once, and does not disturb it', async () => {
  const { reporter, asked, there } = reporterAs({ user: 'otter', groups: ['system:authenticated'] })
  for (let i = 0; i < 3; i++) {
    reporter.emit(turn(there.now()))
    await there.advance(200)
    await settlePromises()
  }
  await reporter[Symbol.asyncDispose]()
  expect(asked).toEqual([OWN])
  expect(told()).toEqual([])
})

it('tells that a loop has ended when none of its watches is open, but not while one is renewed', async () => {
  const reporter = test.server.transportFor({ user: 'admin', groups: ['system:masters'], client: OWN })
  const ended = () => told().filter((event) => event.type === 'loop' && event.hasEnded)
  const path = '/api/v1/namespaces/default/configmaps'
  const watch = async () => {
    const controller = new AbortController()
    const events = await reporter.watch({ method: 'GET', path, query: { watch: 'true' }, signal: controller.signal })
    const reading = (async () => {
      for await (const _ of events);
    })().catch(() => undefined)
    return async () => {
      controller.abort()
      await reading
    }
  }
  const endFirst = await watch()
  const endSecond = await watch()
  await reporter.request({ method: 'POST', path: '/podium/loops', body: { now: clock.now(), events: [] } })
  await endFirst()
  await clock.advance(10_000)
  await endSecond()
  await clock.advance(1_000)
  const endRenewed = await watch()
  await clock.advance(10_000)
  expect(ended()).toEqual([])
  await endRenewed()
  await clock.advance(3_000)
  expect(ended()).toEqual([
    { type: 'loop', at: clock.now(), client: OWN, queue: [], queueLength: 0, cacheRevision: 0, hasEnded: true },
  ])
})

it.each<[who: string, body: unknown, why: RegExp]>([
  ['kube-scheduler', { now: 0, events: [] }, /a name of the cluster's own/],
  ['kube-controller-manager/replicaset-controller', { now: 0, events: [] }, /a name of the cluster's own/],
  [OWN, {}, /expected \{"now"/],
  [OWN, { now: 0, events: [{ type: 'reconcile' }] }, /events\[0\] says not when it was/],
  [OWN, { now: 0, events: [{ type: 'append', at: 1 }] }, /events\[0\] is neither/],
])('refuses what %s must not say: %j', async (client, body, why) => {
  const transport = test.server.transportFor({ user: 'admin', groups: ['system:masters'], client })
  await expect(transport.request({ method: 'POST', path: '/podium/loops', body })).rejects.toThrow(why)
  expect(told()).toEqual([])
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { noLogger } from '../base/logger.ts'
import { startTestServer, type TestServer } from '../kube/apiserver/testing/test-server.ts'
import { ConfigMap } from '../kube/kinds/index.ts'
import { ObjectFeed } from './object-feed.ts'
import { nextThat } from './testing/next-that.ts'

let clock: FakeClock
let test: TestServer
let feed: ObjectFeed
let connections: number
beforeEach(async () => {
  clock = new FakeClock()
  test = await startTestServer()
  connections = 0
  const connect = () => {
    connections++
    return { ...test.transport, [Symbol.dispose]: () => void connections-- }
  }
  feed = new ObjectFeed({ connect, clock, logger: noLogger, random: Math.random })
})
afterEach(async () => {
  feed[Symbol.dispose]()
  await test[Symbol.asyncDispose]()
})

const pushThat = <T>(stream: AsyncGenerator<T>, fits: (push: T) => boolean) => nextThat(clock, stream, fits)
const map = (name: string, more: object = {}) => ({ metadata: { name, namespace: 'default', ...more } })

it('shows everything there is, and then only what is new and what has gone', async () => {
  await test.client.of(ConfigMap).create(map('a'))
  const stop = new AbortController()
  const stream = feed.watch(stop.signal)
  const first = await pushThat(stream, () => true)
  expect(first.whole).toBe(true)
  expect(first.objects.map(({ kind, name }) => `${kind} ${name}`)).toContain('ConfigMap a')
  const uid = first.objects.find(({ name }) => name === 'a')?.uid ?? ''
  await test.client.of(ConfigMap).create(map('b'))
  const second = await pushThat(stream, ({ objects }) => objects.some(({ name }) => name === 'b'))
  expect(second.whole).toBe(false)
  expect(second.objects.map(({ name }) => name)).not.toContain('a')
  await test.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
  expect((await pushThat(stream, ({ gone }) => gone.length > 0)).gone).toEqual([uid])
  stop.abort()
})

it('tells what a typed selector reaches, and what is wrong with one in the API server’s words', async () => {
  const mine = await test.client.of(ConfigMap).create(map('mine', { labels: { app: 'web' } }))
  await test.client.of(ConfigMap).create(map('other', { labels: { app: 'web', canary: 'yes' } }))
  const stop = new AbortController()
  const ask = (selector: string) => feed.watchSelected({ selector, namespace: 'default' }, stop.signal)
  const good = ask('app in (web),!canary')
  expect(await pushThat(good, () => true)).toEqual({ uids: [mine.metadata?.uid], problem: '' })
  const bad = await pushThat(ask('app=='), () => true)
  const worse = await pushThat(ask('app in web'), () => true)
  expect(bad).toEqual({ uids: [], problem: '' })
  expect(worse.problem).toBe("unable to parse requirement: found 'web' expected: '('")
  stop.abort()
})

it('has one connection for all who look, and none when nobody has looked for a while', async () => {
  const stop = new AbortController()
  const streams = [feed.watch(stop.signal), feed.watch(stop.signal)]
  for (const stream of streams) await pushThat(stream, () => true)
  expect(connections).toBe(1)
  stop.abort()
  for (const stream of streams) expect((await stream.next()).done).toBe(true)
  expect(connections).toBe(1)
  await clock.advance(15_000)
  expect(connections).toBe(0)
})

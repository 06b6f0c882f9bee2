// Two API servers over one store, as behind a load balancer: each has caches of its own, and neither may show less than
// the other has answered.

import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { KubeList } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import { LeaderElection } from '../client/leader-election.ts'
import type { Transport } from '../client/transport.ts'
import { ConfigMap, FlowSchema, Namespace, ResourceQuota, Service } from '../kinds/index.ts'
import { openStore, type Store } from '../store/store.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

/** The same store, whose news come late, though in order: as over a network. */
function lagging(store: Store): Store {
  const watch: Store['watch'] = (request, handler) => {
    let last = Promise.resolve()
    const later = (run: () => void) => {
      last = last.then(async () => {
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
        run()
      })
    }
    return store.watch(request, {
      events: (revision, events) => later(() => handler.events(revision, events)),
      progress: (revision) => later(() => handler.progress?.(revision)),
      ended: (error) => later(() => handler.ended(error)),
    })
  }
  return new Proxy(store, {
    get(target, key) {
      if (key === 'watch') return watch
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const MAPS = '/api/v1/namespaces/default/configmaps'

describe('several API servers over one store', () => {
  const clock = new FakeClock()
  let test: TestServer
  let second: TestServer
  let there: Transport
  let here: Client
  let other: Client

  beforeEach(async () => {
    test = await startTestServer({ clock })
    here = test.client
    second = await startTestServer({ clock, store: lagging(test.store) })
    there = second.transport
    other = second.client
  })
  afterEach(async () => {
    await second[Symbol.asyncDispose]()
    await test[Symbol.asyncDispose]()
  })

  const map = (name: string, data: Record<string, string> = {}) => ({ metadata: { namespace: 'default', name }, data })
  const at = (name: string) => ({ namespace: 'default', name })

  it('read what the other has just written, and hear of it in their watches in one order', async () => {
    const { resourceVersion = '' } = (await other.of(ConfigMap).list()).metadata
    using near = await watchLog(test.transport, MAPS, { resourceVersion })
    using far = await watchLog(there, MAPS, { resourceVersion })
    for (let turn = 0; turn < 20; turn++) {
      const [writer, reader] = turn % 2 === 0 ? [here, other] : [other, here]
      const made = await writer.of(ConfigMap).create(map(`m-${turn}`))
      const seen = await reader.of(ConfigMap).get(at(`m-${turn}`))
      expect(seen.metadata).toMatchObject({ uid: made.metadata?.uid, resourceVersion: made.metadata?.resourceVersion })
      expect((await reader.of(ConfigMap).list({ namespace: 'default' })).items).toHaveLength(turn + 1)
    }
    await Promise.all([near.length(20), far.length(20)])
    const told = ({ events }: typeof near) => events.map(({ object }) => object.metadata?.resourceVersion)
    expect(told(far)).toEqual(told(near))
  })

  it('let one of two concurrent writers win, whichever server each asks', async () => {
    await here.of(ConfigMap).create(map('counter', { n: '0' }))
    const increment = async (client: Client): Promise<void> => {
      const { data, metadata } = await client.of(ConfigMap).get(at('counter'))
      try {
        await client.of(ConfigMap).update({ metadata, data: { n: String(Number(data?.n) + 1) } })
      } catch (err) {
        expect(err).toMatchObject({ reason: 'Conflict' })
        return increment(client)
      }
    }
    await Promise.all(Array.from({ length: 30 }, (_, turn) => increment(turn % 2 === 0 ? here : other)))
    expect((await other.of(ConfigMap).get(at('counter'))).data).toEqual({ n: '30' })
  })

  it('go on with a list that the other has begun', async () => {
    for (const name of ['a', 'b', 'c']) await here.of(ConfigMap).create(map(name))
    const list = (transport: Transport, query: Record<string, string>) =>
      transport.request({ method: 'GET', path: MAPS, query }) as Promise<KubeList>
    const first = await list(test.transport, { limit: '1' })
    await other.of(ConfigMap).create(map('aa'))
    const rest = await list(there, { continue: first.metadata.continue ?? '' })
    expect(rest.items.map(({ metadata }) => metadata?.name)).toEqual(['b', 'c'])
    expect(rest.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
  })

  it('never give one address or one node port to two services', async () => {
    const service = (name: string) => ({ ...map(name), spec: { type: 'NodePort', ports: [{ port: 80 }] } })
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, turn) =>
        (turn % 2 === 0 ? here : other).of(Service).create(service(`s-${turn}`) as never),
      ),
    )
    expect(new Set(made.map(({ spec }) => spec?.clusterIP)).size).toBe(40)
    expect(new Set(made.map(({ spec }) => spec?.ports?.[0]?.nodePort)).size).toBe(40)
  })

  it('let in together what a quota has room for, and not one more of 64', async () => {
    const hard = { configmaps: '10' }
    const made = await here.of(ResourceQuota).create({ metadata: { name: 'q', namespace: 'default' }, spec: { hard } })
    await here.of(ResourceQuota).updateStatus({ ...made, status: { hard, used: { configmaps: '0' } } })
    // Who has not heard of a quota cannot keep it, as upstream: only from then on is it for both.
    await other.of(ResourceQuota).list({ namespace: 'default' })
    const answers = await Promise.allSettled(
      Array.from({ length: 64 }, (_, index) =>
        [here, other][index % 2]!.of(ConfigMap).create({ metadata: { name: `m-${index}`, namespace: 'default' } }),
      ),
    )
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []))
    for (const { message } of refused) expect(message).toMatch(/exceeded quota: q|object has been modified/)
    const { items } = await other.of(ConfigMap).list({ namespace: 'default' })
    const own = items.filter(({ metadata }) => metadata?.name?.startsWith('m-'))
    expect(own).toHaveLength(64 - refused.length)
    expect(own.length).toBeLessThanOrEqual(10)
    const { status } = await other.of(ResourceQuota).get({ namespace: 'default', name: 'q' })
    // What is charged may be more than what was made, until it is counted anew; never less.
    expect(Number(status?.used?.configmaps)).toBeGreaterThanOrEqual(own.length)
    expect(Number(status?.used?.configmaps)).toBeLessThanOrEqual(10)
    expect(own.length).toBe(10)
  })

  it('have one of each system object between them', async () => {
    const names = (await here.of(Namespace).list()).items.map(({ metadata }) => metadata?.name)
    expect(names).toEqual(expect.arrayContaining(['default', 'kube-system', 'kube-public', 'kube-node-lease']))
    expect(new Set(names).size).toBe(names.length)
    const [near, far] = await Promise.all([here.of(FlowSchema).list(), other.of(FlowSchema).list()])
    expect(far.items).toEqual(near.items)
  })

  it('let no two loops lead that ask different servers', async () => {
    const leading = new Set<string>()
    const stop = new AbortController()
    const runs = [here, other, here].map((client, at) => {
      const identity = `candidate-${at}`
      const election = new LeaderElection({
        client,
        clock,
        logger: noLogger,
        random: () => 0.1 * at,
        lease: { namespace: 'kube-system', name: 'loop' },
        identity,
        async lead(signal) {
          leading.add(identity)
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          leading.delete(identity)
        },
      })
      return election.run(stop.signal)
    })
    // The store's disk is real: a leader whose renewal has not been written in time stops, and another term begins.
    for (let second = 0; second < 60 || leading.size === 0; second++) {
      await clock.advance(1000)
      await test.transport.request({ method: 'GET', path: '/api/v1/namespaces/default' })
      expect(leading.size).toBeLessThanOrEqual(1)
    }
    stop.abort()
    await Promise.all(runs)
  })

  it('go on when the other is closed', async () => {
    await here.of(ConfigMap).create(map('before'))
    await test.server.close()
    expect((await other.of(ConfigMap).get(at('before'))).metadata?.name).toBe('before')
    await other.of(ConfigMap).create(map('after'))
  })
})

it('may start at the same time over an empty store', async () => {
  const options = { advertise: { address: '172.20.0.1', port: 6443 } }
  for (let turn = 0; turn < 3; turn++) {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'podium-empty-store-'))
    const store = await openStore({ directory: directory.path, clock: systemClock })
    const starting = Array.from({ length: 4 }, () => startTestServer({ store: lagging(store), options }))
    const servers = await Promise.all(starting)
    const { items } = await servers[0]!.client.of(Service).list()
    expect(items.map(({ metadata, spec }) => `${metadata?.name} ${spec?.clusterIP}`)).toEqual(['kubernetes 10.96.0.1'])
    for (const server of servers) await server[Symbol.asyncDispose]()
    await store.close()
  }
})

// What must be true of two API servers that share one memory, whoever keeps it: one table for our own store behind its
// etcd door and for Debian's etcd.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { isConflict } from '../../apimachinery/status-error.ts'
import { createClient } from '../../client/client.ts'
import { LeaderElection } from '../../client/leader-election.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import type { Store } from '../../store/store.ts'
import { startTestServer, type TestServer } from './test-server.ts'
import { watchLog } from './watch-log.ts'

export interface SharedMemory {
  /** A connection for each server. */
  connect(): Promise<Store>
  stop(): Promise<void>
}

const name = { namespace: 'default', name: 'counter' }
const map = (of: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { namespace: 'default', name: of },
  data,
})

export function describeSharedStore(what: string, start: () => Promise<SharedMemory>): void {
  describe(`two API servers over ${what}`, () => {
    let memory: SharedMemory
    let stores: Store[]
    let servers: TestServer[]

    beforeEach(async () => {
      memory = await start()
      stores = [await memory.connect(), await memory.connect()]
      // At the same time: both find that the system's own objects are missing.
      servers = await Promise.all(stores.map((store) => startTestServer({ store })))
    })
    afterEach(async () => {
      for (const server of servers) await server[Symbol.asyncDispose]()
      for (const store of stores) await store.close()
      await memory.stop()
    })

    const client = (index: number) => servers[index % 2]!.client.of(ConfigMap)

    it('read through either what was written through the other, at once', async () => {
      for (let i = 0; i < 40; i++) {
        await client(i).create(map(`map-${i}`))
        expect((await client(i + 1).get({ namespace: 'default', name: `map-${i}` })).metadata?.name).toBe(`map-${i}`)
        await client(i).update({
          ...(await client(i + 1).get({ namespace: 'default', name: `map-${i}` })),
          data: { i: `${i}` },
        })
        const { items } = await client(i + 1).list({ namespace: 'default' })
        expect(items.filter(({ metadata }) => metadata?.name?.startsWith('map-')).length).toBe(i + 1)
        expect(items.find(({ metadata }) => metadata?.name === `map-${i}`)?.data).toEqual({ i: `${i}` })
      }
      await client(0).delete({ namespace: 'default', name: 'map-3' })
      await expect(client(1).get({ namespace: 'default', name: 'map-3' })).rejects.toThrow('not found')
    })

    it('lose no update of two who write the same object', async () => {
      await client(0).create(map('counter', { n: '0' }))
      const increment = async (index: number) => {
        for (let done = 0; done < 25; ) {
          const before = await client(index).get(name)
          try {
            await client(index).update({ ...before, data: { n: String(Number(before.data?.n) + 1) } })
            done++
          } catch (error) {
            if (!isConflict(error)) throw error
          }
        }
      }
      await Promise.all([increment(0), increment(1), increment(0), increment(1)])
      expect((await client(0).get(name)).data).toEqual({ n: '100' })
    })

    it('show every change once and in the same order to whoever watches either', async () => {
      const path = '/api/v1/namespaces/default/configmaps'
      const query = { fieldSelector: 'metadata.name=counter' }
      using first = await watchLog(servers[0]!.transport, path, query)
      using second = await watchLog(servers[1]!.transport, path, query)
      await client(0).create(map('counter', { n: '0' }))
      const change = async (index: number) => {
        for (let i = 0; i < 30; i++) {
          await client(index).patch(name, 'application/merge-patch+json', { data: { [`by-${index}`]: String(i) } })
        }
      }
      await Promise.all([change(0), change(1)])
      await Promise.all([first.length(61), second.length(61)])
      const versions = (log: typeof first) => log.events.map(({ object }) => Number(object.metadata?.resourceVersion))
      expect(versions(first)).toEqual(versions(second))
      expect(versions(first)).toEqual([...new Set(versions(first))].sort((a, b) => a - b))
    })

    it('let a watch that one of them had go on at the other from where it was', async () => {
      const created = await client(0).create(map('counter', { n: '0' }))
      await servers[0]![Symbol.asyncDispose]()
      await client(1).patch(name, 'application/merge-patch+json', { data: { n: '1' } })
      const { resourceVersion = '' } = created.metadata ?? {}
      using log = await watchLog(servers[1]!.transport, '/api/v1/namespaces/default/configmaps', { resourceVersion })
      await log.length(1)
      expect(log.events[0]?.object).toMatchObject({ data: { n: '1' } })
    })

    it('have one leader at a time among loops that stand at different ones, and another soon after it has died', async () => {
      const clock = new FakeClock()
      const leading = new Set<string>()
      let mostAtOnce = 0
      const stand = (identity: string, index: number) => {
        const stop = new AbortController()
        let isCutOff = false
        const { transport } = servers[index]!
        const cut = createClient({
          ...transport,
          request: (request) => (isCutOff ? Promise.reject(new Error('no route to host')) : transport.request(request)),
        })
        const election = new LeaderElection({
          client: cut,
          clock,
          logger: noLogger,
          random: () => 0,
          lease: { namespace: 'kube-system', name: 'loops' },
          identity,
          async lead(signal) {
            leading.add(identity)
            mostAtOnce = Math.max(mostAtOnce, leading.size)
            await new Promise<void>((over) => signal.addEventListener('abort', () => over(), { once: true }))
            leading.delete(identity)
          },
        })
        const ended = election.run(stop.signal)
        return {
          cutOff: () => {
            isCutOff = true
          },
          stop: async () => {
            stop.abort()
            await ended
          },
        }
      }
      const candidates = { a: stand('a', 0), b: stand('b', 1) }
      const leaderIs = async (holds: (leader: string | undefined) => boolean) => {
        while (!(leading.size === 1 && holds([...leading][0]))) {
          await clock.advance(100)
          await new Promise((resolve) => setImmediate(resolve))
        }
        return [...leading][0] as 'a' | 'b'
      }
      const first = await leaderIs(() => true)
      candidates[first].cutOff()
      const second = await leaderIs((leader) => leader !== first)
      expect(second).not.toBe(first)
      expect(mostAtOnce).toBe(1)
      for (const candidate of [candidates[second], candidates[first]]) await candidate.stop()
    })
  })
}

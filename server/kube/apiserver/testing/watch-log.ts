// The events of a watch as they come, for tests that wait for one.

import type { KubeObject, WatchEvent } from '../../apimachinery/object-meta.ts'
import { eachOf, type Transport } from '../../client/transport.ts'

export interface WatchLog extends Disposable {
  readonly events: WatchEvent<KubeObject>[]
  /** `ADDED a`, `MODIFIED a`, `BOOKMARK`. */
  readonly words: string[]
  /** Resolves when there are that many; rejects when the watch ends first. */
  length(count: number): Promise<void>
  readonly ended: Promise<unknown>
}

export async function watchLog(
  transport: Transport,
  path: string,
  query: Record<string, string> = {},
): Promise<WatchLog> {
  const stop = new AbortController()
  const events: WatchEvent<KubeObject>[] = []
  const waiting: { count: number; resolve: () => void; reject: (reason: unknown) => void }[] = []
  const stream = await transport.watch({ method: 'GET', path, query: { watch: 'true', ...query }, signal: stop.signal })
  let isEnded = false
  let why: unknown
  const settle = () => {
    for (const waiter of waiting) {
      if (events.length >= waiter.count) waiter.resolve()
      else if (isEnded) waiter.reject(new Error(`the watch ended after ${events.length} events`, { cause: why }))
    }
  }
  const ended = (async () => {
    try {
      for await (const event of eachOf(stream)) {
        events.push(event)
        settle()
      }
      return undefined
    } catch (err) {
      why = err
      return err
    } finally {
      isEnded = true
      settle()
    }
  })()
  return {
    events,
    get words() {
      return events.map(({ type, object }) => (type === 'BOOKMARK' ? type : `${type} ${object.metadata?.name}`))
    },
    length(count) {
      return new Promise((resolve, reject) => {
        waiting.push({ count, resolve, reject })
        settle()
      })
    },
    ended,
    [Symbol.dispose]: () => stop.abort(),
  }
}

// Forgets history older than five minutes, so that the store does not grow for ever. Watches from before then start
// anew with a list. Upstream: apiserver/pkg/storage/etcd3/compact.go.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Trace } from '../../base/trace.ts'
import { CompactedError, type Store, StoreClosedError } from '../store/store.ts'

const INTERVAL_MS = 5 * 60_000

export interface CompactorOptions {
  store: Store
  clock: Clock
  logger: Logger
  trace: Trace
}

export function startCompactor({ store, clock, logger, trace }: CompactorOptions): Disposable {
  let lastSeen = store.revision
  let timer: Disposable
  const turn = () => {
    const target = lastSeen
    lastSeen = store.revision
    if (target > store.compactRevision && target > 1) {
      store.compact(target).then(
        () => trace.emit({ type: 'compact', at: clock.now(), revision: target }),
        (err) => {
          if (!(err instanceof CompactedError || err instanceof StoreClosedError))
            logger.warn('cannot compact the store', { err })
        },
      )
    }
    timer = clock.setTimeout(turn, INTERVAL_MS)
  }
  timer = clock.setTimeout(turn, INTERVAL_MS)
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}

// The one place that writes objects to the store: a transaction that compares what the writer has seen.

import type { Metrics, Series } from '../../../base/metrics.ts'
import type { Trace } from '../../../base/trace.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { inGoOrder } from '../../schemas/go-order.ts'
import { withNulls } from '../../schemas/null-fields.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import { isTooLarge, type Store } from '../../store/store.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { CauseMap } from '../watch-cache/cause-map.ts'
import { type Entry, encodeStored } from '../watch-cache/entry.ts'
import { atRevision } from '../watch-cache/resource-cache.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import { Write, type WritesInFlight } from '../watch-cache/writes-in-flight.ts'
import type { ClaimChange } from './claims.ts'

export interface CommitterOptions {
  store: Store
  writes: WritesInFlight
  causes: CauseMap
  trace: Trace
  feed: StoreFeed
  metrics: Metrics
  schemas: Schemas
}

const STORE_SECONDS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

export type Committed = { succeeded: true; entry: Entry } | { succeeded: false; revision: number }

interface Put {
  kind: AnyKind
  key: string
  object: KubeObject
  seen: Entry | undefined
  claims?: ClaimChange | undefined
}

export class Committer {
  readonly #options: CommitterOptions
  readonly #seconds
  readonly #series = new WeakMap<AnyKind, Map<string, Series>>()

  constructor(options: CommitterOptions) {
    this.#options = options
    const help = 'How long the store took.'
    this.#seconds = options.metrics.histogram('etcd_request_duration_seconds', help, STORE_SECONDS)
  }

  /** Creates when `seen` is undefined, else replaces exactly that state. */
  async put(context: RequestContext, change: Put): Promise<Committed> {
    try {
      return await this.#put(context, change)
    } catch (err) {
      // Of an object that is too large, who owns which field is the least that can be lost.
      const { managedFields, ...metadata } = change.object.metadata ?? {}
      if (!isTooLarge(err) || !managedFields) throw err
      return this.#put(context, { ...change, object: { ...change.object, metadata } })
    }
  }

  async #put(context: RequestContext, change: Put): Promise<Committed> {
    const { kind, key, seen, claims } = change
    // With a place for the revision, which comes when it is known.
    const placed = { ...change.object, metadata: { ...change.object.metadata, resourceVersion: '' } }
    const object = inGoOrder(this.#options.schemas, kind, placed)
    const value = encodeStored(kind, withNulls(this.#options.schemas, kind, object))
    const write = new Write({ key, origin: context.origin, value, object })
    const operation = seen ? 'update' : 'create'
    const revision = await this.#transact(context, { kind, write, object, seen, claims, operation })
    if (revision.succeeded) {
      return { succeeded: true, entry: { key, value, revision: revision.at, object: write.objectAt(revision.at) } }
    }
    return { succeeded: false, revision: revision.at }
  }

  async remove(
    context: RequestContext,
    change: { kind: AnyKind; seen: Entry; claims?: ClaimChange | undefined },
  ): Promise<Committed> {
    const { kind, seen, claims } = change
    const write = new Write({ key: seen.key, origin: context.origin })
    const revision = await this.#transact(context, {
      kind,
      write,
      object: seen.object,
      seen,
      claims,
      operation: 'delete',
    })
    if (revision.succeeded) return { succeeded: true, entry: atRevision(seen, revision.at) }
    return { succeeded: false, revision: revision.at }
  }

  #seriesOf(kind: AnyKind, operation: string): Series {
    const known = this.#series.get(kind) ?? new Map<string, Series>()
    const series = known.get(operation) ?? this.#seconds.of({ group: kind.group, operation, resource: kind.plural })
    this.#series.set(kind, known.set(operation, series))
    return series
  }

  async #transact(
    context: RequestContext,
    change: {
      kind: AnyKind
      write: Write
      object: KubeObject
      seen: Entry | undefined
      claims: ClaimChange | undefined
      operation: 'create' | 'update' | 'delete'
    },
  ): Promise<{ succeeded: boolean; at: number }> {
    const { store, writes, causes, trace, feed } = this.#options
    const { kind, write, object, seen, claims, operation } = change
    const { key, value } = write
    const from = context.clock.monotonic()
    let heard: Promise<void> | undefined
    writes.begin(write)
    try {
      const answer = await store.txn({
        compare: [
          { key, target: 'mod', result: '=', value: seen?.revision ?? 0 },
          ...(claims?.take ?? []).map((claim) => ({ key: claim.key, target: 'mod', result: '=', value: 0 }) as const),
        ],
        success: [
          value ? { type: 'put', key, value } : { type: 'delete', key },
          ...(claims?.take ?? []).map((claim) => ({ type: 'put', ...claim }) as const),
          ...(claims?.release ?? []).map((claim) => ({ type: 'delete', key: claim }) as const),
        ],
        failure: [],
      })
      this.#seriesOf(kind, operation).observe((context.clock.monotonic() - from) / 1000)
      context.stage(
        'store',
        from,
        answer.succeeded ? 'compare, append' : 'compare: changed meanwhile',
        answer.succeeded,
      )
      if (!answer.succeeded) return { succeeded: false, at: answer.revision }
      write.revision = answer.revision
      heard = feed.reached(answer.revision)
      context.revision = answer.revision
      causes.set(answer.revision, write.origin)
      trace.emit({
        type: 'append',
        at: context.clock.now(),
        revision: answer.revision,
        operation,
        group: kind.group,
        resource: kind.plural,
        namespace: object.metadata?.namespace ?? '',
        name: object.metadata?.name ?? '',
        client: context.client,
        requestId: context.id,
        cause: context.cause,
      })
      return { succeeded: true, at: answer.revision }
    } finally {
      // The event may still be on its way, and wants to know where it came from.
      if (heard) heard.catch(() => undefined).finally(() => writes.end(write))
      else writes.end(write)
    }
  }
}

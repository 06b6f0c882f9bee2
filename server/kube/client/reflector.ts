// Keeps a target in step with the API server: one list, then a watch from the list's revision, for ever.
//
//   list ──► replace(items) ──► watch from its revision ──► add, update, delete, bookmark …
//    ▲                            │ ends (a time limit, a broken line): watch again from the last revision heard
//    └────── 410 Gone ◄───────────┘ the server has forgotten that revision: list again
//
// Upstream: client-go/tools/cache/reflector.go.

import { Backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { isExpired, isRevisionTooLarge, StatusError } from '../apimachinery/status-error.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { type Client, collectionPath } from './client.ts'

export interface Selection {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

export interface ReflectorTarget<T extends KubeObject> {
  replace(objects: readonly T[], resourceVersion: string): void
  add(object: T, resourceVersion: string): void
  update(object: T, resourceVersion: string): void
  delete(object: T, resourceVersion: string): void
  /** Nothing happened up to this revision. */
  bookmark(resourceVersion: string): void
}

export interface ReflectorOptions<T extends KubeObject> {
  client: Client
  kind: Kind<T>
  target: ReflectorTarget<T>
  clock: Clock
  random: () => number
  logger: Logger
  selection?: Selection
}

const PAGE_SIZE = 500
// Watches are closed by the server after 5 to 10 minutes, each at a time of its own, so that a thousand
// clients of a restarted server do not come back together for ever.
const MIN_WATCH_SECONDS = 300
// 800 ms, 1.6 s … 30 s, each up to doubled by jitter: from about one request a second down to one in 45 s.
const BACKOFF = { initialMs: 800, maxMs: 30_000, factor: 2, jitter: 1 }

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #backoff: Backoff
  #resourceVersion = ''
  /** The server no longer knows our revision: ask for the newest state instead of one at least that new. */
  #revisionLost = false

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#backoff = new Backoff({ ...BACKOFF, random: options.random })
  }

  /** Runs until aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, kind } = this.#options
    while (!signal.aborted) {
      try {
        await this.#list(signal)
        this.#backoff.reset()
        await this.#watchUntilExpired(signal)
      } catch (err) {
        if (signal.aborted) return
        logger.warn('list failed, will be tried again', { kind: kind.kind, err })
        await clock.sleep(this.#backoff.nextMs(), signal).catch(() => undefined)
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    try {
      await this.#listFrom(this.#revisionLost ? '' : this.#resourceVersion || '0', signal)
      this.#revisionLost = false
    } catch (err) {
      if (!isRevisionLost(err) || this.#revisionLost) throw err
      this.#revisionLost = true
      await this.#listFrom('', signal)
      this.#revisionLost = false
    }
  }

  async #listFrom(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, kind, selection = {}, target } = this.#options
    const items: T[] = []
    let next: string | undefined
    for (;;) {
      // A page must come from the same snapshot as the first, so later pages name no revision of their own.
      const page = await client.of(kind).list({
        ...selection,
        limit: PAGE_SIZE,
        ...(next ? { continue: next } : resourceVersion ? { resourceVersion } : {}),
      })
      if (signal.aborted) return
      for (const item of page.items) items.push(item)
      next = page.metadata.continue
      if (!next) {
        this.#resourceVersion = page.metadata.resourceVersion ?? ''
        return target.replace(items, this.#resourceVersion)
      }
    }
  }

  /** Returns when a fresh list is needed; a watch that merely ended or could not be opened is opened again. */
  async #watchUntilExpired(signal: AbortSignal): Promise<void> {
    const { clock, logger, kind } = this.#options
    while (!signal.aborted) {
      const openedAt = clock.monotonic()
      let events = 0
      try {
        events = await this.#watchOnce(signal)
      } catch (err) {
        if (signal.aborted) return
        if (isRevisionLost(err)) {
          this.#revisionLost = true
          return
        }
        // What the server says about the watch itself may need a new list; a broken line does not.
        const serverSaid = err instanceof StatusError && err.code !== 429 && err.code < 500
        logger.debug('watch ended', { kind: kind.kind, err })
        await clock.sleep(this.#backoff.nextMs(), signal).catch(() => undefined)
        if (serverSaid) return
        continue
      }
      if (signal.aborted) return
      if (events > 0 || clock.monotonic() - openedAt >= 1000) this.#backoff.reset()
      // Accepted and closed at once, without a word: slow down or it becomes a busy loop.
      else await clock.sleep(this.#backoff.nextMs(), signal).catch(() => undefined)
    }
  }

  async #watchOnce(signal: AbortSignal): Promise<number> {
    const { client, kind, selection = {}, target, random } = this.#options
    const { namespace, ...selectors } = selection
    const pieces = await client.transport.watch({
      method: 'GET',
      path: collectionPath(kind, namespace),
      query: {
        ...selectors,
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: this.#resourceVersion,
        timeoutSeconds: String(Math.floor(MIN_WATCH_SECONDS * (1 + random()))),
      },
      signal,
    })
    let count = 0
    for await (const events of pieces) {
      for (const { type, object } of events) {
        if (signal.aborted) return count
        count++
        const revision = object.metadata?.resourceVersion ?? ''
        if (type === 'ADDED') target.add(object as T, revision)
        else if (type === 'MODIFIED') target.update(object as T, revision)
        else if (type === 'DELETED') target.delete(object as T, revision)
        else if (type === 'BOOKMARK') target.bookmark(revision)
        else throw StatusError.fromStatus(object as { reason?: string; message?: string; code?: number })
        if (revision) this.#resourceVersion = revision
      }
    }
    return count
  }
}

/** Forgotten, or of the future: then the store was put back to an earlier state. */
const isRevisionLost = (err: unknown) => isExpired(err) || isRevisionTooLarge(err)

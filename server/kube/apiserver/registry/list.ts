// Lists: which revision they show, what they leave out, and how they go on where the last one stopped.
//
// The first page comes from the cache. Later pages must show the same revision, so they are read from the store's
// history; when that is compacted, the client has to start again (410). Upstream: storage/cacher, storage/continue.go.

import type { FieldRequirement } from '../../apimachinery/field-selector.ts'
import { parseFieldSelector } from '../../apimachinery/field-selector.ts'
import { parseSelector, type Selector } from '../../apimachinery/label-selector.ts'
import type { KubeObject, ListMeta } from '../../apimachinery/object-meta.ts'
import { badRequest, expired, StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { CompactedError, FutureRevisionError, type Store } from '../../store/store.ts'
import type { Entry } from '../watch-cache/entry.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import { entryOf, type StoreFeed } from '../watch-cache/store-feed.ts'
import type { FixedField } from '../watch-cache/watcher.ts'
import { LATEST, readContinueToken, writeContinueToken } from './continue-token.ts'
import { listPrefix, storageKey } from './storage-keys.ts'

export interface Selection {
  labels: Selector | undefined
  fields: readonly FieldRequirement[]
}

export interface ListRequest {
  namespace: string
  selection: Selection
  resourceVersion: string
  resourceVersionMatch: string
  limit: number
  continueToken: string
}

export interface ListResult {
  metadata: ListMeta
  entries: Entry[]
}

/** Fails for fields the kind does not offer, in upstream's words. */
export function parseSelection(kind: AnyKind, labelSelector: string, fieldSelector: string): Selection {
  const fields = fieldSelector ? parseFieldSelector(fieldSelector) : []
  const own = Object.keys(kind.selectableFields)
  for (const { field } of fields) {
    if (field === 'metadata.name' || own.includes(field)) continue
    const hasOwnWords = own.length > 0 || kind.schema !== undefined
    if (field === 'metadata.namespace' && (kind.namespaced || !hasOwnWords)) continue
    throw badRequest(
      hasOwnWords
        ? `field label not supported: ${field}`
        : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    )
  }
  return { labels: labelSelector ? parseSelector(labelSelector) : undefined, fields }
}

export function selects(kind: AnyKind, { labels, fields }: Selection, object: KubeObject): boolean {
  if (labels && !labels.matches(object.metadata?.labels)) return false
  return fields.every(({ field, equal, value }) => (fieldOf(kind, field, object) === value) === equal)
}

function fieldOf(kind: AnyKind, field: string, object: KubeObject): string {
  if (field === 'metadata.name') return object.metadata?.name ?? ''
  if (field === 'metadata.namespace') return object.metadata?.namespace ?? ''
  return kind.selectableFields[field]?.(object) ?? ''
}

/** The one name that a selection can match, if it says so: then there is no need to look at the others. */
export function selectedName({ fields }: Selection): string | undefined {
  return fields.find(({ field, equal }) => field === 'metadata.name' && equal)?.value
}

/** A field that can have one value only. */
export function fixedField(kind: AnyKind, fields: readonly FieldRequirement[]): FixedField | undefined {
  const fixed = fields.find(({ equal }) => equal)
  return fixed && { field: fixed.field, value: fixed.value, read: (object) => fieldOf(kind, fixed.field, object) }
}

const UINT64_MAX = 2n ** 64n - 1n

/** What does not fit a JavaScript number exactly is in the far future, and stays there. */
export function parseRevision(text: string): number {
  if (text === '' || text === '0') return 0
  const isNumber = /^\d+$/.test(text)
  if (isNumber && BigInt(text) <= UINT64_MAX) return Number(text)
  const quoted = JSON.stringify(text)
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ` +
      (isNumber ? 'value out of range' : 'invalid syntax'),
  )
}

/** Stored entries as the listed version shows them: selectors see that version too. */
type Shown = (entries: readonly Entry[]) => readonly Entry[] | Promise<readonly Entry[]>

export class Lister {
  readonly #kind: AnyKind
  readonly #cache: ResourceCache
  readonly #feed: StoreFeed
  readonly #store: Store
  readonly #shown: Shown

  constructor(told: { kind: AnyKind; cache: ResourceCache; feed: StoreFeed; store: Store; shown: Shown }) {
    this.#shown = told.shown
    this.#kind = told.kind
    this.#cache = told.cache
    this.#feed = told.feed
    this.#store = told.store
  }

  async list(request: ListRequest): Promise<ListResult> {
    if (request.continueToken) return this.#continued(request)
    const revision = parseRevision(request.resourceVersion)
    const { resourceVersionMatch: match, limit } = request
    // A limit with a revision has always meant exactly that revision.
    if (revision > 0 && (match === 'Exact' || (match === '' && limit > 0))) {
      return this.#fromHistory(request, { revision, start: listPrefix(this.#kind, request.namespace) })
    }
    if (request.resourceVersion === '') await this.#feed.caughtUp()
    else await this.heard(revision)
    // Whoever is content with any revision gets all of it, as upstream's watch cache answers.
    return this.#fromCache(request.resourceVersion === '0' ? { ...request, limit: 0 } : request)
  }

  /** Waits for a revision that may still be on its way, but not for one that nobody has written. */
  async heard(revision: number): Promise<void> {
    if (revision <= this.#feed.revision) return
    const newest = await this.#store.newestRevision()
    if (revision > newest) throw tooLarge(revision, newest)
    await this.#feed.reached(revision)
  }

  async #fromCache({ namespace, selection, limit }: ListRequest): Promise<ListResult> {
    const kind = this.#kind
    const revision = this.#feed.revision
    const name = selectedName(selection)
    let candidates: Entry[]
    if (name !== undefined && (namespace || !kind.namespaced)) {
      const entry = this.#cache.get(storageKey(kind, namespace, name))
      candidates = entry ? [entry] : []
    } else candidates = this.#cache.under(listPrefix(kind, namespace))
    const isPlain = !selection.labels && selection.fields.length === 0
    const shown = await this.#shown(candidates)
    const metadata = { resourceVersion: String(revision) }
    if (isPlain && limit <= 0) return { metadata, entries: [...shown] }
    const entries: Entry[] = []
    for (const [index, entry] of shown.entries()) {
      if (!isPlain && !selects(kind, selection, entry.object)) continue
      entries.push(entry)
      const left = shown.length - index - 1
      // Whether any of the rest is selected is not looked for: a page may turn out to be empty.
      if (limit <= 0 || entries.length < limit || left === 0) continue
      return {
        metadata: {
          ...metadata,
          continue: nextPage(listPrefix(kind, namespace), revision, entry.key),
          ...(isPlain ? { remainingItemCount: left } : {}),
        },
        entries,
      }
    }
    return { metadata, entries }
  }

  async #continued(request: ListRequest): Promise<ListResult> {
    // It says where to go on below what was asked for: a token of another's making leads into no other namespace.
    const from = readContinueToken(listPrefix(this.#kind, request.namespace), request.continueToken)
    if (request.resourceVersion !== '' && request.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue')
    }
    if (from.revision > 0) return this.#fromHistory(request, from)
    await this.#feed.caughtUp()
    return this.#fromHistory(request, { start: from.start, revision: this.#feed.revision })
  }

  async #fromHistory(request: ListRequest, from: { revision: number; start: string }): Promise<ListResult> {
    const { namespace, selection, limit } = request
    const kind = this.#kind
    const prefix = listPrefix(kind, namespace)
    const rangeEnd = `${prefix.slice(0, -1)}0`
    const isPlain = !selection.labels && selection.fields.length === 0
    const entries: Entry[] = []
    let { start } = from
    for (;;) {
      const answer = await this.#range(
        { key: start, rangeEnd, revision: from.revision, limit },
        request.continueToken === '' ? undefined : prefix,
      )
      const found = answer.kvs.map((kv) => {
        const live = this.#cache.get(kv.key)
        return live?.revision === kv.modRevision ? live : entryOf(kv)
      })
      for (const [index, entry] of (await this.#shown(found)).entries()) {
        const { key } = entry
        if (!isPlain && !selects(kind, selection, entry.object)) continue
        entries.push(entry)
        const hasMore = answer.more || index < answer.kvs.length - 1
        if (limit > 0 && entries.length === limit && hasMore) {
          return {
            metadata: {
              resourceVersion: String(from.revision),
              continue: nextPage(prefix, from.revision, key),
              ...(isPlain ? { remainingItemCount: answer.count - index - 1 } : {}),
            },
            entries,
          }
        }
      }
      const last = answer.kvs.at(-1)
      if (!answer.more || !last) return { metadata: { resourceVersion: String(from.revision) }, entries }
      start = `${last.key}\0`
    }
  }

  async #range(
    request: { key: string; rangeEnd: string; revision: number; limit: number },
    continuedBelow: string | undefined,
  ) {
    try {
      return await this.#store.range(request)
    } catch (err) {
      if (err instanceof CompactedError) {
        if (continuedBelow === undefined) throw expired(TOO_OLD)
        // Whoever would rather see the rest as it is now than begin again may go on with this.
        const rest = writeContinueToken(continuedBelow, { revision: LATEST, start: request.key })
        throw new StatusError('Expired', CONTINUE_TOO_OLD, { metadata: { continue: rest } })
      }
      if (err instanceof FutureRevisionError) throw tooLarge(request.revision, this.#store.revision)
      throw err
    }
  }
}

/** Asked for what nobody has written yet; the client tries again, elsewhere or later. */
export function tooLarge(revision: number, current: number): StatusError {
  return new StatusError('Timeout', `Too large resource version: ${revision}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  })
}

const TOO_OLD = 'The resourceVersion for the provided list is too old.'

const CONTINUE_TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.'

const nextPage = (prefix: string, revision: number, lastKey: string) =>
  writeContinueToken(prefix, { revision, start: `${lastKey}\0` })

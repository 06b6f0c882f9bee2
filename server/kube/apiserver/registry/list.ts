// Lists: which revision they show, what they leave out, and how they go on where the last one stopped.
//
// The first page comes from the cache. Later pages must show the same revision, so they are read from the store's
// history; when that is compacted, the client has to start again (410). Upstream: storage/cacher, storage/continue.go.

import type { FieldRequirement } from '../../apimachinery/field-selector.ts'
import { parseFieldSelector } from '../../apimachinery/field-selector.ts'
import { parseSelector, type Selector } from '../../apimachinery/label-selector.ts'
import type { KubeObject, ListMeta } from '../../apimachinery/object-meta.ts'
import { badRequest, expired, StatusError } from '../../apimachinery/status-error.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { CompactedError, FutureRevisionError, type Store } from '../../store/store.ts'
import type { Entry } from '../watch-cache/entry.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import { entryOf, type StoreFeed } from '../watch-cache/store-feed.ts'
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
  for (const { field } of fields) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && kind.namespaced)) continue
    if (!Object.hasOwn(kind.selectableFields, field)) {
      throw badRequest(
        `Unable to find "${apiVersionOf(kind)}, Resource=${kind.plural}" that match label selector "${labelSelector}", ` +
          `field selector "${fieldSelector}": field label not supported: ${field}`,
      )
    }
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

export function parseRevision(text: string): number {
  if (text === '' || text === '0') return 0
  const revision = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(revision)) {
    throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`)
  }
  return revision
}

export class Lister {
  readonly #kind: AnyKind
  readonly #cache: ResourceCache
  readonly #feed: StoreFeed
  readonly #store: Store

  constructor(told: { kind: AnyKind; cache: ResourceCache; feed: StoreFeed; store: Store }) {
    this.#kind = told.kind
    this.#cache = told.cache
    this.#feed = told.feed
    this.#store = told.store
  }

  async list(request: ListRequest): Promise<ListResult> {
    assertMatch(request)
    if (request.continueToken) return this.#continued(request)
    const revision = parseRevision(request.resourceVersion)
    if (request.resourceVersionMatch === 'Exact' && revision > 0) {
      return this.#fromHistory(request, { revision, start: listPrefix(this.#kind, request.namespace) })
    }
    if (request.resourceVersion === '') await this.#feed.caughtUp()
    else if (revision > this.#feed.revision) await this.#heard(revision)
    return this.#fromCache(request)
  }

  /** Waits for a revision that may still be on its way, but not for one that nobody has written. */
  async #heard(revision: number): Promise<void> {
    if (revision > this.#store.revision) throw tooLarge(revision, this.#store.revision)
    await this.#feed.reached(revision)
  }

  #fromCache({ namespace, selection, limit }: ListRequest): ListResult {
    const kind = this.#kind
    const revision = this.#feed.revision
    const name = selectedName(selection)
    let candidates: Entry[]
    if (name !== undefined && (namespace || !kind.namespaced)) {
      const entry = this.#cache.get(storageKey(kind, namespace, name))
      candidates = entry ? [entry] : []
    } else candidates = this.#cache.under(listPrefix(kind, namespace))
    const isPlain = !selection.labels && selection.fields.length === 0
    const entries = isPlain ? candidates : candidates.filter((entry) => selects(kind, selection, entry.object))
    if (limit <= 0 || entries.length <= limit) return { metadata: { resourceVersion: String(revision) }, entries }
    const page = entries.slice(0, limit)
    return {
      metadata: {
        resourceVersion: String(revision),
        continue: continueToken(kind, revision, page.at(-1)?.key ?? ''),
        ...(isPlain ? { remainingItemCount: entries.length - limit } : {}),
      },
      entries: page,
    }
  }

  #continued(request: ListRequest): Promise<ListResult> {
    const { revision, start } = parseContinueToken(this.#kind, request.continueToken)
    return this.#fromHistory(request, { revision, start })
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
      const answer = await this.#range({ key: start, rangeEnd, revision: from.revision, limit })
      for (const [index, kv] of answer.kvs.entries()) {
        const live = this.#cache.get(kv.key)
        const entry = live?.revision === kv.modRevision ? live : entryOf(kv)
        if (!isPlain && !selects(kind, selection, entry.object)) continue
        entries.push(entry)
        const hasMore = answer.more || index < answer.kvs.length - 1
        if (limit > 0 && entries.length === limit && hasMore) {
          return {
            metadata: {
              resourceVersion: String(from.revision),
              continue: continueToken(kind, from.revision, kv.key),
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

  async #range(request: { key: string; rangeEnd: string; revision: number; limit: number }) {
    try {
      return await this.#store.range(request)
    } catch (err) {
      if (err instanceof CompactedError) throw expired(CONTINUE_TOO_OLD)
      if (err instanceof FutureRevisionError) {
        throw tooLarge(request.revision, this.#store.revision)
      }
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

const CONTINUE_TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.'

function assertMatch({ resourceVersionMatch, resourceVersion, continueToken }: ListRequest): void {
  if (resourceVersionMatch === '') return
  if (resourceVersion === '') {
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided')
  }
  if (continueToken) throw badRequest('resourceVersionMatch is forbidden when continue is provided')
  if (resourceVersionMatch !== 'Exact' && resourceVersionMatch !== 'NotOlderThan') {
    throw badRequest(
      `resourceVersionMatch: Unsupported value: "${resourceVersionMatch}": supported values: "Exact", "NotOlderThan"`,
    )
  }
  if (resourceVersionMatch === 'Exact' && resourceVersion === '0') {
    throw badRequest('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  }
}

/** As upstream: where to start, relative to the resource, and the revision the first page showed. */
function continueToken(kind: AnyKind, revision: number, lastKey: string): string {
  const start = `${lastKey.slice(listPrefix(kind, '').length)}\0`
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString('base64url')
}

function parseContinueToken(kind: AnyKind, token: string): { revision: number; start: string } {
  try {
    const told = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { rv?: unknown; start?: unknown }
    const { rv, start } = told
    if (typeof rv === 'number' && rv > 0 && typeof start === 'string' && !start.includes('..')) {
      return { revision: rv, start: listPrefix(kind, '') + start }
    }
  } catch {
    // Falls through: not a token of ours.
  }
  throw badRequest('continue key is not valid: illegal base64 data or an unknown version')
}

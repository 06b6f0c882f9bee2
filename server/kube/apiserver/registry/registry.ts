// The generic registry: creates, updates and deletes objects of any kind the same way. Kinds differ by their strategy
// only. Conflict detection, finalizers and graceful deletion live here once.
// Upstream: apiserver/pkg/registry/generic/registry/store.go.

import { type Clock, isoTime } from '../../../base/clock.ts'
import { deepCopy, deepEqual } from '../../apimachinery/deep.ts'
import type { JsonValue } from '../../apimachinery/json.ts'
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../../apimachinery/object-meta.ts'
import {
  alreadyExists,
  badRequest,
  conflict,
  fieldError,
  invalid,
  noNameFound,
  notFound,
  STALE,
  StatusError,
} from '../../apimachinery/status-error.ts'
import type { AnyKind, Occasion } from '../../kinds/define-kind.ts'
import { type Store, tooLarge } from '../../store/store.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import type { Entry } from '../watch-cache/entry.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import type { FixedField } from '../watch-cache/watcher.ts'
import type { ClaimChange, Claims } from './claims.ts'
import type { Committed, Committer } from './commit.ts'
import { type DeleteRequest, isReadyToGo, planDeletion } from './deletion.ts'
import { fixedField, Lister, type ListRequest, type ListResult, parseRevision, type Selection } from './list.ts'
import { assertNamed } from './object-meta-rules.ts'
import {
  assertSameUid,
  fillSystemFields,
  generatedName,
  prepareForApproval,
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForSubresource,
  prepareForUpdate,
  validateForCreate,
  validateForUpdate,
  type WithStatus,
  warningsOfUpdate,
} from './prepare.ts'
import { storageKey } from './storage-keys.ts'
import { isTooLarge } from './too-large.ts'

/** What stands between a request and the store: the plug-ins, seen from here. */
export interface Gate {
  mutate(object: KubeObject, previous: KubeObject | undefined): Promise<void>
  validate(object: KubeObject | undefined, previous: KubeObject | undefined): Promise<void>
}

export interface WriteRequest {
  namespace: string
  gate: Gate
  dryRun: boolean
}

export interface UpdateRequest extends WriteRequest {
  name: string
  subresource?: string | undefined
  /** Its uid is a wish to change that; an update says by it which object it means. */
  isPatch?: boolean
  /** Makes the new state out of the current one; called again when somebody else was faster. The result is ours to change. */
  change(current: KubeObject): KubeObject | Promise<KubeObject>
}

/**
 * Between what is stored and what this registry works with: custom resources, each version of which has a registry and a
 * validity of its own. Built-in kinds are converted outside of it (endpoints/served-kind.ts).
 */
export interface Conversion {
  readonly storedKind: AnyKind
  /** Entries as this version shows them, in order; the same ones where there is no difference. */
  shown(entries: readonly Entry[]): readonly Entry[] | Promise<readonly Entry[]>
  /** One that is not stored, of any version, as this one. */
  converted(object: KubeObject): KubeObject | Promise<KubeObject>
  stored(object: KubeObject): KubeObject | Promise<KubeObject>
  /** Is this entry stored as it would be stored now? */
  isCurrent(entry: Entry): boolean
  /** Throws when nothing new may be made any more. */
  assertCreates(name: string): void
}

const NAME_ATTEMPTS = 8
const DELETE_ATTEMPTS = 10

export interface RegistryOptions {
  kind: AnyKind
  cache: ResourceCache
  feed: StoreFeed
  store: Store
  committer: Committer
  clock: Clock
  claims?: Claims | undefined
  /** What stands in the place of a status that nobody has written: Go leaves no struct out, and clients read on in it. */
  emptyStatus?: JsonValue | undefined
  /** Where objects are stored in another form than this registry's. */
  conversion?: Conversion | undefined
}

const FOR_ONE_THING = new Set(['binding', 'finalize', 'ephemeralcontainers', 'resize'])

/** What lies in no namespace may have been sent with one. */
function settleNamespace({ namespaced }: AnyKind, metadata: ObjectMeta, namespace: string): void {
  if (namespaced) metadata.namespace = namespace
  else delete metadata.namespace
}

export class Registry {
  readonly kind: AnyKind
  readonly cache: ResourceCache
  readonly #options: RegistryOptions
  readonly #lister: Lister

  constructor(options: RegistryOptions) {
    this.kind = options.kind
    this.cache = options.cache
    this.#options = options
    this.#lister = new Lister({ ...options, shown: (entries) => this.shown(entries) })
  }

  /** In whose version objects are stored. */
  get storedKind(): AnyKind {
    return this.#options.conversion?.storedKind ?? this.kind
  }

  get #resource() {
    return { group: this.kind.group, resource: this.kind.plural }
  }

  /** As clients of this version see them. */
  shown(entries: readonly Entry[]): readonly Entry[] | Promise<readonly Entry[]> {
    return this.#options.conversion?.shown(entries) ?? entries
  }

  /** An object of another version, as one of this. */
  converted(object: KubeObject): KubeObject | Promise<KubeObject> {
    return this.#options.conversion?.converted(object) ?? object
  }

  async #shown(entry: Entry): Promise<Entry> {
    const [shown = entry] = await this.shown([entry])
    return shown
  }

  async #put(
    context: RequestContext,
    change: { key: string; object: KubeObject; seen: Entry | undefined; claims?: ClaimChange | undefined },
  ): Promise<Committed> {
    const { committer, conversion } = this.#options
    if (!conversion) return committer.put(context, { kind: this.kind, ...change })
    const object = await conversion.stored(change.object)
    const committed = await committer.put(context, { kind: conversion.storedKind, ...change, object })
    return committed.succeeded ? { ...committed, entry: await this.#shown(committed.entry) } : committed
  }

  /** What the cache holds now: for admission and the like, which may be a moment behind. */
  peek(namespace: string, name: string): KubeObject | undefined {
    return this.cache.get(storageKey(this.kind, namespace, name))?.object
  }

  /** Linearizable: sees every write that was acknowledged before. With a revision: not older than that. */
  async get(namespace: string, name: string, resourceVersion = ''): Promise<Entry> {
    if (resourceVersion === '') await this.#options.feed.caughtUp()
    else await this.#lister.heard(parseRevision(resourceVersion))
    const entry = this.cache.get(storageKey(this.kind, namespace, name))
    if (!entry) throw notFound(this.#resource, name)
    return this.#options.conversion ? this.#shown(entry) : entry
  }

  async #stored(namespace: string, name: string): Promise<Entry> {
    await this.#options.feed.caughtUp()
    const entry = this.cache.get(storageKey(this.kind, namespace, name))
    if (!entry) throw notFound(this.#resource, name)
    return entry
  }

  /** More than the store takes; of a version that is not stored, nobody knows what becomes of it. */
  isTooLarge(object: KubeObject): boolean {
    return this.storedKind === this.kind && isTooLarge(object, this.#options.store.mostBytes)
  }

  #assertFits(object: KubeObject): void {
    if (this.isTooLarge(object)) throw tooLarge()
  }

  /** As get() sees it. */
  async has(namespace: string, name: string): Promise<boolean> {
    await this.#options.feed.caughtUp()
    return this.peek(namespace, name) !== undefined
  }

  /** What all that is selected has in common, as it is stored. Of what is converted only names are known beforehand. */
  fixedField({ fields }: Selection): FixedField | undefined {
    const { conversion } = this.#options
    return fixedField(this.kind, conversion ? fields.filter(({ field }) => field === 'metadata.name') : fields)
  }

  list(request: ListRequest): Promise<ListResult> {
    return this.#lister.list(request)
  }

  async create(context: RequestContext, request: WriteRequest & { object: KubeObject }): Promise<Entry> {
    const { kind } = this
    const { object, namespace, gate, dryRun } = request
    const { clock, feed, conversion } = this.#options
    conversion?.assertCreates(object.metadata?.name ?? '')
    object.metadata = { ...object.metadata }
    settleNamespace(kind, object.metadata, namespace)
    const { generateName, resourceVersion = '' } = object.metadata
    const isGenerated = !object.metadata.name && Boolean(generateName)
    const taken = (name: string) => (generateName ? noNameFound : alreadyExists)(this.#resource, name)
    fillSystemFields(kind, object, clock)
    if (isGenerated) object.metadata.name = generatedName(generateName ?? '')
    await gate.mutate(object, undefined)
    kind.strategy.setDefaults?.(object)
    prepareForCreate(kind, object, this.#occasionOf(context))
    this.#writeEmptyStatus(object)
    for (let attempt = 1; ; attempt++) {
      // Claims are made for one attempt, and written into the object.
      const next = this.#options.claims ? deepCopy(object) : object
      const claims = this.#options.claims?.allocate(next, undefined)
      await validateForCreate(kind, next, clock)
      this.#assertFits(next)
      if (attempt === 1) for (const warning of kind.strategy.warnings?.(next) ?? []) context.warn(warning)
      await gate.validate(next, undefined)
      const name = next.metadata?.name ?? ''
      const key = storageKey(kind, namespace, name)
      if (dryRun) {
        if (this.cache.get(key)) throw taken(name)
        return { key, revision: 0, object: next, value: Buffer.alloc(0) }
      }
      // Upstream's store says so, last of all and without a reason: not of what is only shown, nor of what is no number.
      if (/^0*[1-9]\d*$/.test(resourceVersion)) {
        throw new StatusError('Unknown', 'resourceVersion should not be set on objects to be created')
      }
      const committed = await this.#put(context, { key, object: next, seen: undefined, claims })
      if (committed.succeeded) return committed.entry
      await feed.reached(committed.revision)
      const isTaken = this.cache.get(key) !== undefined
      if ((isTaken && !isGenerated) || attempt === NAME_ATTEMPTS) throw taken(name)
      if (isTaken && object.metadata) object.metadata.name = generatedName(generateName ?? '')
    }
  }

  async update(context: RequestContext, request: UpdateRequest): Promise<Entry> {
    const { kind } = this
    const { namespace, name, gate, subresource, dryRun } = request
    const { conversion, clock } = this.#options
    const key = storageKey(kind, namespace, name)
    for (;;) {
      const stored = await this.#stored(namespace, name)
      const seen = conversion ? await this.#shown(stored) : stored
      const next = await request.change(seen.object)
      this.#assertMeant(seen, next, request)
      next.metadata = { ...next.metadata, name }
      settleNamespace(kind, next.metadata, namespace)
      await gate.mutate(next, seen.object)
      this.#setDefaults(next, seen.object, subresource)
      this.#prepare(next, seen.object, subresource, this.#occasionOf(context))
      this.#writeEmptyStatus(next)
      const claims = this.#options.claims?.allocate(next, seen.object)
      // A binding changes what nobody else may change, and has been checked by its own endpoint.
      if (subresource !== 'binding') await validateForUpdate(kind, next, seen.object, { subresource, clock })
      this.#assertFits(next)
      for (const warning of warningsOfUpdate(kind, next, seen.object, subresource)) context.warn(warning)
      await gate.validate(next, seen.object)
      if (dryRun) return dryEntry(seen, next)
      if (isUnchanged(next, seen) && conversion?.isCurrent(stored) !== false) return seen
      const committed = isReadyToGo(kind, next)
        ? await this.#removeAfter(context, stored, next)
        : await this.#put(context, { key, object: next, seen: stored, claims })
      if (committed.succeeded) return committed.entry
      await this.#options.feed.reached(committed.revision)
      if (!this.cache.get(key)) throw notFound(this.#resource, name)
      // Tried again on the newer object, however often: each time somebody else's write has been done. Whoever asked for
      // a revision is told now that it is stale, by #assertMeant.
    }
  }

  #occasionOf(context: RequestContext): Occasion {
    const { clock } = this.#options
    return {
      user: context.user,
      // Few kinds want it.
      get now() {
        return isoTime(clock)
      },
      warn: (message) => context.warn(message),
    }
  }

  #writeEmptyStatus(object: WithStatus): void {
    const { emptyStatus } = this.#options
    if (emptyStatus !== undefined) object.status ??= deepCopy(emptyStatus)
  }

  /** What a binding or a status leaves as it is has its defaults, and is the cache's: not to be touched. */
  #setDefaults(next: WithStatus, previous: WithStatus, subresource: string | undefined): void {
    if (subresource === 'binding') return
    const { spec } = next
    const keepsSpec = subresource === 'status' && spec !== undefined && spec === previous.spec
    if (keepsSpec) delete next.spec
    this.kind.strategy.setDefaults?.(next)
    if (keepsSpec) next.spec = spec
  }

  #prepare(next: KubeObject, previous: KubeObject, subresource: string | undefined, occasion: Occasion): void {
    if (subresource === 'status') prepareForStatusUpdate(this.kind, next, previous, occasion)
    else if (subresource === 'approval') prepareForApproval(this.kind, next, previous, occasion)
    else if (subresource && FOR_ONE_THING.has(subresource)) prepareForSubresource(next, previous, subresource)
    else prepareForUpdate(this.kind, next, previous, occasion)
  }

  /** The last finalizer has been taken away: the sender gets the object as it would have been. */
  async #removeAfter(context: RequestContext, seen: Entry, next: KubeObject) {
    const { committer, claims } = this.#options
    const removed = await committer.remove(context, {
      kind: this.kind,
      seen,
      claims: this.#released(claims, seen.object),
    })
    return removed.succeeded ? ({ succeeded: true, entry: dryEntry(removed.entry, next) } as const) : removed
  }

  #released(claims: Claims | undefined, object: KubeObject) {
    return claims && { take: [], release: claims.heldBy(object) }
  }

  /** Is this update meant for this object, in this state? */
  #assertMeant(seen: Entry, next: KubeObject, { namespace, name, isPatch }: UpdateRequest): void {
    const meta = next.metadata ?? {}
    if (meta.namespace && this.kind.namespaced && meta.namespace !== namespace) {
      throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`)
    }
    assertNamed(next, name)
    // Revision 0 is none: who sends it means whatever is there.
    const revision = meta.resourceVersion === '0' ? undefined : meta.resourceVersion
    if (!revision && this.kind.strategy.requiresResourceVersion) {
      throw invalid(this.kind, name, [
        fieldError.invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ])
    }
    if (!isPatch) assertSameUid(this.kind, next, seen)
    if (revision && revision !== seen.object.metadata?.resourceVersion) {
      throw conflict(this.#resource, name, STALE)
    }
    if (isPatch && meta.uid && meta.uid !== seen.object.metadata?.uid) {
      throw invalid(this.kind, name, [fieldError.invalid('metadata.uid', meta.uid, 'field is immutable')])
    }
  }

  async delete(
    context: RequestContext,
    request: WriteRequest & { name: string; options: DeleteRequest },
  ): Promise<{ entry: Entry; isGone: boolean }> {
    const { kind } = this
    const { namespace, name, gate, dryRun, options } = request
    const { clock, committer, feed, claims, conversion } = this.#options
    for (let attempt = 1; ; attempt++) {
      const stored = await this.#stored(namespace, name)
      const seen = conversion ? await this.#shown(stored) : stored
      await gate.validate(undefined, seen.object)
      const plan = planDeletion(kind, seen.object, options, clock)
      if (plan.outcome === 'pending') return { entry: seen, isGone: false }
      if (dryRun) {
        return plan.outcome === 'remove'
          ? { entry: seen, isGone: true }
          : { entry: dryEntry(seen, plan.object), isGone: false }
      }
      const committed =
        plan.outcome === 'remove'
          ? await committer.remove(context, { kind, seen: stored, claims: this.#released(claims, stored.object) })
          : await this.#put(context, { key: stored.key, object: plan.object, seen: stored })
      if (committed.succeeded) {
        const { entry } = committed
        const isGone = plan.outcome === 'remove'
        return { entry: isGone && conversion ? await this.#shown(entry) : entry, isGone }
      }
      await feed.reached(committed.revision)
      if (attempt >= DELETE_ATTEMPTS) throw conflict(this.#resource, name, STALE)
    }
  }
}

/** When somebody last set a field to what it is already is not worth a revision. */
function isUnchanged(next: KubeObject, { object: before }: Entry): boolean {
  const { metadata: meta = {} } = next
  const { metadata: metaBefore = {} } = before
  return (
    isEqualBut(['metadata'], next, before) &&
    isEqualBut(['resourceVersion', 'managedFields'], meta, metaBefore) &&
    areSameOwners(meta.managedFields ?? [], metaBefore.managedFields ?? [])
  )
}

function isEqualBut<T extends object>(left: readonly (keyof T)[], a: T, b: T): boolean {
  for (const field in a) if (!left.includes(field) && !deepEqual(a[field], b[field])) return false
  for (const field in b) if (a[field] === undefined && b[field] !== undefined && !left.includes(field)) return false
  return true
}

function areSameOwners(owners: readonly ManagedFieldsEntry[], before: readonly ManagedFieldsEntry[]): boolean {
  if (owners.length !== before.length) return false
  return owners.every(({ time: _time, ...owner }, index) => {
    const { time: _before, ...other } = before[index] ?? {}
    return deepEqual(owner, other)
  })
}

const dryEntry = (seen: Entry, object: KubeObject): Entry => ({
  key: seen.key,
  revision: seen.revision,
  value: Buffer.alloc(0),
  object: { ...object, metadata: { ...object.metadata, resourceVersion: String(seen.revision) } },
})

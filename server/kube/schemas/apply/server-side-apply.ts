// Server-side apply: whoever applies a field owns it; another applier's different wish is a conflict, and what an applier
// no longer names is removed unless somebody else owns it. Pure: objects and time go in, objects come out.
//
// fieldManagerOf() gives the two entries of one endpoint: apply() is PATCH with application/apply-patch+yaml, update()
// follows every other write, so that its author owns what it changed. Both return the object with managedFields written.
// Upstream: structured-merge-diff/merge/update.go, apimachinery/pkg/util/managedfields.

import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import { Findings } from '../../apimachinery/told.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { applySchemaOfKind } from '../structural/apply-of-schema.ts'
import type { JsonSchema } from '../structural/json-schema.ts'
import { ownByClientSideApply, withLastApplied } from './client-side-apply.ts'
import { conflictError, type FieldConflict } from './conflicts.ts'
import { FieldSet, NO_PLACES, type Path } from './field-set.ts'
import {
  capUpdaters,
  idOf,
  type Managed,
  type ManagedFields,
  type Manager,
  readManagedFields,
  writeManagedFields,
} from './managed-fields.ts'
import { OwnedFields } from './owned-fields.ts'
import { prune } from './prune-applied.ts'
import { type Comparison, compareTyped, fieldSetOf, mergeTyped } from './typed-value.ts'
import { type Comparisons, comparisonsOf, type Steps, settled, type Versions, type VersionView } from './versions.ts'

export interface FieldManagerOptions {
  /** Empty for the object itself. */
  subresource?: string
  /** Places this endpoint does not take from its writers: `[['f:status']]` on the object itself. */
  ignored?: readonly Path[]
}

interface Write {
  /** The stored object; undefined when it is yet to be made. */
  live: JsonObject | undefined
  /** The fieldManager of the request. */
  manager: string
  /** RFC 3339, whole seconds. */
  now: string
}

type Apply = Write & { applied: JsonObject; force: boolean }
type Update = Write & { next: JsonObject }

/** With `versions`, what others own in another version is looked at there, which may take time. */
export interface FieldManager {
  /** The objects of this endpoint as they are. */
  readonly view: VersionView
  /** `applied` is as it was sent; the result is to be decoded and defaulted. Throws Conflict, naming each field and its manager, unless forced. */
  apply(write: Apply): JsonObject
  apply(write: Apply, versions: Versions): JsonObject | Promise<JsonObject>
  /** `next` is the object about to be stored. */
  update(write: Update): JsonObject
  update(write: Update, versions: Versions): JsonObject | Promise<JsonObject>
}

export function fieldManagerOf(
  schemas: Schemas,
  gvk: GroupVersionKind & { schema?: JsonSchema },
  { subresource = '', ignored = [] }: FieldManagerOptions = {},
): FieldManager {
  const schema = applySchemaOfKind(schemas, gvk)
  const apiVersion = gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version
  const asIs = (object: JsonObject) => object
  const view: VersionView = { apiVersion, schema, ignored: FieldSet.of(...ignored), to: asIs, from: asIs }
  const endpointOf = (versions: Versions = () => undefined): Endpoint => ({
    view,
    subresource,
    versions: (other) => (other === apiVersion ? view : versions(other)),
  })
  return {
    view,
    apply: (write: Apply, versions?: Versions) =>
      // Without other versions no step waits.
      settled(applyConfiguration(endpointOf(versions), { ...write, live: write.live ?? {} })) as JsonObject,
    update: (write: Update, versions?: Versions) =>
      settled(trackUpdate(endpointOf(versions), { ...write, live: write.live ?? {} })) as JsonObject,
  }
}

interface Endpoint {
  /** As it is written here. */
  view: VersionView
  subresource: string
  versions: Versions
}

type Applied = Apply & { live: JsonObject }
type Updated = Update & { live: JsonObject }

/** Nobody's: given by the server or the request. */
const UNOWNED = FieldSet.of(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
)
/** Upstream keeps the times of the scaled object's own entries only: managedfields/scalehandler.go. */
const TIMELESS = 'scale'
const BEFORE_FIRST_APPLY = 'before-first-apply'

function* applyConfiguration(endpoint: Endpoint, request: Applied): Steps<JsonObject> {
  const { view, subresource, versions } = endpoint
  const { schema, apiVersion, ignored } = view
  const { applied, force, now } = request
  if (isJsonObject(applied.metadata) && applied.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil')
  }
  const managed = readManagedFields(metadataOf(request.live).managedFields) ?? new Map<string, Managed>()
  const live = withoutManagedFields(request.live)
  if (managed.size === 0 && metadataOf(live).uid !== undefined) {
    const first: Manager = { name: BEFORE_FIRST_APPLY, operation: 'Update', apiVersion, subresource: '' }
    const owned = OwnedFields.of(fieldSetOf(schema, live).difference(UNOWNED))
    managed.set(idOf(first), { manager: first, owned, time: now })
  }

  const applier: Manager = { name: request.manager, operation: 'Apply', apiVersion, subresource }
  const id = idOf(applier)
  const last = managed.get(id)
  const set = fieldSetOf(schema, applied).without(ignored)
  managed.set(id, { manager: applier, owned: OwnedFields.of(set), time: last?.time })
  const merged = mergeTyped(schema, live, applied)
  const pruned = last && !last.owned.isEmpty ? yield* prune(endpoint, merged, managed, last) : merged
  const comparison = compareTyped(schema, live, pruned, ignored)
  const others = yield* comparisonsOf({ own: view, versions, managed, comparison }, live, pruned)
  if (!force) {
    const ownOf = () => ownByClientSideApply({ schema, live, manager: request.manager, apiVersion })
    const found = new Findings<FieldConflict>(({ path }) => path.reduce((sum, step) => sum + step.length, 0))
    const conflicts = found.addAll(conflictsWithOthers({ managed, id, others, ownOf })).all
    if (conflicts.length > 0) throw conflictError(conflicts)
  }
  takeFromOthers(managed, id, others)

  // An apply that changes nothing keeps its time, so that it need not be written.
  const time = isSame(comparison) || subresource === TIMELESS ? last?.time : now
  managed.set(id, { manager: applier, owned: OwnedFields.of(set.difference(UNOWNED)), time })
  return withLastApplied(withManagedFields(pruned, managed), applied, request.manager)
}

/** A write of another form than apply is never refused for what its owners cannot be told of: then it has none, as upstream (UpdateNoErrors). */
function* trackUpdate(endpoint: Endpoint, request: Updated): Steps<JsonObject> {
  try {
    return yield* ownChanges(endpoint, request)
  } catch (err) {
    if (!(err instanceof StatusError)) throw err
    return withoutManagedFields(request.next)
  }
}

function* ownChanges(endpoint: Endpoint, request: Updated): Steps<JsonObject> {
  const { view, subresource, versions } = endpoint
  const { schema, apiVersion, ignored } = view
  const managed = managedFieldsFor(request, subresource)
  // An object that was never tracked stays so: nobody knows who set what.
  if (managed.size === 0 && metadataOf(request.live).uid !== undefined) return withoutManagedFields(request.next)
  const live = besideManagedFields(request.live)
  const next = besideManagedFields(request.next)

  const updater: Manager = { name: request.manager || 'unknown', operation: 'Update', apiVersion, subresource }
  const id = idOf(updater)
  const comparison = compareTyped(schema, live, next, ignored)
  if (!isSame(comparison)) {
    takeFromOthers(managed, id, yield* comparisonsOf({ own: view, versions, managed, comparison }, live, next))
    const changed = comparison.modified.union(comparison.added).difference(UNOWNED)
    const known = managed.get(id)
    const owned = (known?.owned ?? OwnedFields.of(new FieldSet())).without(comparison.removed).with(changed)
    const time = changed.isEmpty || subresource === TIMELESS ? known?.time : request.now
    managed.set(id, { ...known, manager: updater, owned, time })
    capUpdaters(managed)
  }
  return withManagedFields(next, managed)
}

const isSame = ({ added, modified, removed }: Comparison) => added.isEmpty && modified.isEmpty && removed.isEmpty

/** `ownOf`: places that conflict with nobody; asked for when there is a conflict. */
function* conflictsWithOthers(told: {
  managed: ManagedFields
  id: string
  others: Comparisons
  ownOf: () => FieldSet | undefined
}): Generator<FieldConflict> {
  const { managed, id, others, ownOf } = told
  let own: FieldSet | undefined
  for (const [other, { manager, owned }] of managed) {
    const comparison = others(manager.apiVersion)
    if (other === id || !comparison) continue
    const changed = comparison.modified.union(comparison.added)
    if (!owned.hasAnyOf(changed)) continue
    own ??= ownOf() ?? NO_PLACES
    for (const path of owned.set.intersection(changed).paths()) if (!own.has(path)) yield { manager, path }
  }
}

/** Other managers lose what changed under them, and all that they own in a version that is no more. Changes `managed`. */
function takeFromOthers(managed: ManagedFields, id: string, compared: Comparisons): void {
  const changes = new Map<Comparison, FieldSet>()
  const changesOf = (comparison: Comparison) => {
    const known = changes.get(comparison)
    if (known) return known
    const all = comparison.modified.union(comparison.added).union(comparison.removed)
    changes.set(comparison, all)
    return all
  }
  for (const [other, entry] of [...managed]) {
    if (other === id) continue
    const comparison = compared(entry.manager.apiVersion)
    const owned = comparison && entry.owned.without(changesOf(comparison))
    if (!owned || owned.isEmpty) managed.delete(other)
    else if (owned !== entry.owned) managed.set(other, { ...entry, owned })
  }
}

/** Updates may write managedFields themselves: an empty list (or one empty entry) forgets all owners. */
function managedFieldsFor({ live, next }: Updated, subresource: string): ManagedFields {
  const own = () => readManagedFields(metadataOf(live).managedFields) ?? new Map<string, Managed>()
  if (subresource) return own()
  const told = metadataOf(next).managedFields
  const [first] = Array.isArray(told) ? told : []
  const isReset =
    Array.isArray(told) &&
    (told.length === 0 || (told.length === 1 && isJsonObject(first) && Object.keys(first).length === 0))
  if (isReset) return new Map()
  const read = readManagedFields(told)
  return read && read.size > 0 ? read : own()
}

const metadataOf = (object: JsonObject): JsonObject => (isJsonObject(object.metadata) ? object.metadata : {})

function withoutManagedFields(object: JsonObject): JsonObject {
  if (!isJsonObject(object.metadata) || !Object.hasOwn(object.metadata, 'managedFields')) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** The same to whoever compares; each write does, and to leave a field out of a copy takes longer than to write it over. */
function besideManagedFields(object: JsonObject): JsonObject {
  if (!isJsonObject(object.metadata) || object.metadata.managedFields === undefined) return object
  return { ...object, metadata: { ...object.metadata, managedFields: undefined } as unknown as JsonObject }
}

function withManagedFields(object: JsonObject, managed: ManagedFields): JsonObject {
  const managedFields = writeManagedFields(managed)
  if (managedFields.length === 0) return withoutManagedFields(object)
  return { ...object, metadata: { ...metadataOf(object), managedFields } }
}

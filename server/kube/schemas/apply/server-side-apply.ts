// Server-side apply: whoever applies a field owns it; another applier's different wish is a conflict, and what an applier
// no longer names is removed unless somebody else owns it. Pure: objects and time go in, objects come out.
//
// fieldManagerOf() gives the two entries of one endpoint: apply() is PATCH with application/apply-patch+yaml, update()
// follows every other write, so that its author owns what it changed. Both return the object with managedFields written.
// Upstream: structured-merge-diff/merge/update.go, apimachinery/pkg/util/managedfields.

import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { applySchemaOfKind } from '../structural/apply-of-schema.ts'
import type { JsonSchema } from '../structural/json-schema.ts'
import type { ApplySchema } from './apply-schema.ts'
import { ownByClientSideApply, withLastApplied } from './client-side-apply.ts'
import { conflictError, type FieldConflict } from './conflicts.ts'
import { FieldSet, type Path } from './field-set.ts'
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
import { type Comparison, compareTyped, fieldSetOf, mergeTyped, removeItems } from './typed-value.ts'

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

export interface FieldManager {
  /** `applied` is as it was sent; the result is to be decoded and defaulted. Throws Conflict, naming each field and its manager, unless forced. */
  apply(write: Write & { applied: JsonObject; force: boolean }): JsonObject
  /** `next` is the object about to be stored. */
  update(write: Write & { next: JsonObject }): JsonObject
}

export function fieldManagerOf(
  schemas: Schemas,
  gvk: GroupVersionKind & { schema?: JsonSchema },
  { subresource = '', ignored = [] }: FieldManagerOptions = {},
): FieldManager {
  const schema = applySchemaOfKind(schemas, gvk)
  const apiVersion = gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version
  const endpoint = { schema, apiVersion, subresource, ignored: FieldSet.of(...ignored) }
  return {
    apply: (write) => applyConfiguration(endpoint, { ...write, live: write.live ?? {} }),
    update: (write) => trackUpdate(endpoint, { ...write, live: write.live ?? {} }),
  }
}

interface Endpoint {
  schema: ApplySchema
  /** The version written in: `apps/v1`. */
  apiVersion: string
  subresource: string
  ignored: FieldSet
}

type Applied = Write & { live: JsonObject; applied: JsonObject; force: boolean }
type Updated = Write & { live: JsonObject; next: JsonObject }

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

function applyConfiguration(endpoint: Endpoint, request: Applied): JsonObject {
  const { schema, apiVersion, subresource, ignored } = endpoint
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
  const pruned = last && !last.owned.isEmpty ? prune(schema, merged, managed, last.owned.set) : merged
  const comparison = compareTyped(schema, live, pruned, ignored)
  if (!force) {
    const conflicts = conflictsWithOthers(managed, id, comparison)
    const own = conflicts.length > 0 && ownByClientSideApply({ schema, live, manager: request.manager, apiVersion })
    const refused = own ? conflicts.filter(({ path }) => !own.has(path)) : conflicts
    if (refused.length > 0) throw conflictError(refused)
  }
  takeFromOthers(managed, id, comparison)

  // An apply that changes nothing keeps its time, so that it need not be written.
  const time = isSame(comparison) || subresource === TIMELESS ? last?.time : now
  managed.set(id, { manager: applier, owned: OwnedFields.of(set.difference(UNOWNED)), time })
  return withLastApplied(withManagedFields(pruned, managed), applied, request.manager)
}

function trackUpdate(endpoint: Endpoint, request: Updated): JsonObject {
  const { schema, apiVersion, subresource, ignored } = endpoint
  const managed = managedFieldsFor(request, subresource)
  const live = withoutManagedFields(request.live)
  const next = withoutManagedFields(request.next)
  // An object that was never tracked stays so: nobody knows who set what.
  if (managed.size === 0 && metadataOf(live).uid !== undefined) return next

  const updater: Manager = { name: request.manager || 'unknown', operation: 'Update', apiVersion, subresource }
  const id = idOf(updater)
  const comparison = compareTyped(schema, live, next, ignored)
  if (!isSame(comparison)) {
    takeFromOthers(managed, id, comparison)
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

/**
 * Takes away what the applier applied last time and does not now, unless anybody else owns it. Three steps, as upstream:
 * all of last time's, then back what is owned, then back what was never the applier's but went with it.
 */
function prune(schema: ApplySchema, merged: JsonObject, managed: ManagedFields, last: FieldSet): JsonObject {
  const declared = (set: FieldSet) => set.withDeclaredFields(schema)
  const places = (object: JsonObject) => declared(fieldSetOf(schema, object))
  let owned = new FieldSet()
  for (const entry of managed.values()) owned = owned.union(entry.owned.set)

  const bare = removeItems(schema, merged, declared(last))
  const unowned = places(merged).difference(places(bare).union(declared(owned)))
  const kept = removeItems(schema, merged, unowned)
  const gone = places(merged).difference(places(kept)).intersection(declared(last))
  return removeItems(schema, merged, gone)
}

function conflictsWithOthers(managed: ManagedFields, id: string, { modified, added }: Comparison): FieldConflict[] {
  const changed = modified.union(added)
  const conflicts: FieldConflict[] = []
  for (const [other, { manager, owned }] of managed) {
    if (other === id || !owned.hasAnyOf(changed)) continue
    for (const path of owned.set.intersection(changed).paths()) conflicts.push({ manager, path })
  }
  return conflicts
}

/** Other managers lose what changed under them. Changes `managed`. */
function takeFromOthers(managed: ManagedFields, id: string, { added, modified, removed }: Comparison): void {
  const taken = modified.union(added).union(removed)
  for (const [other, entry] of [...managed]) {
    if (other === id) continue
    const owned = entry.owned.without(taken)
    if (owned.isEmpty) managed.delete(other)
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
  if (!isJsonObject(object.metadata) || object.metadata.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

function withManagedFields(object: JsonObject, managed: ManagedFields): JsonObject {
  const managedFields = writeManagedFields(managed)
  const { managedFields: _, ...metadata } = metadataOf(object)
  return { ...object, metadata: managedFields.length > 0 ? { ...metadata, managedFields } : metadata }
}

// Server-side apply: whoever applies a field owns it; another applier's different wish is a conflict, and what an applier
// no longer names is removed unless somebody else owns it. Pure: objects and time go in, objects come out.
//
// fieldManagerOf() gives the two entries of one endpoint: apply() is PATCH with application/apply-patch+yaml, update()
// follows every other write, so that its author owns what it changed. Both return the object with managedFields written.
// Upstream: structured-merge-diff/merge/update.go, apimachinery/pkg/util/managedfields.

import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { type ApplySchema, applySchemaOf } from './apply-schema.ts'
import { emptyObjectOf } from './empty-object.ts'
import { FieldSet, type Path, pathText } from './field-set.ts'
import { idOf, type ManagedFields, type Manager, readManagedFields, writeManagedFields } from './managed-fields.ts'
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
  /** `applied` is decoded but not defaulted. Throws Conflict, naming each field and its manager, unless forced. */
  apply(write: Write & { applied: JsonObject; force: boolean }): JsonObject
  /** `next` is the object about to be stored. */
  update(write: Write & { next: JsonObject }): JsonObject
}

export function fieldManagerOf(
  schemas: Schemas,
  gvk: GroupVersionKind,
  { subresource = '', ignored = [] }: FieldManagerOptions = {},
): FieldManager {
  const schema = applySchemaOf(schemas, gvk)
  const apiVersion = gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version
  const endpoint = { schema, apiVersion, subresource, ignored: FieldSet.of(...ignored) }
  const empty = emptyObjectOf(schemas, gvk)
  return {
    apply: (write) => applyConfiguration(endpoint, { ...write, live: write.live ?? {} }),
    update: (write) => trackUpdate(endpoint, { ...write, live: write.live ?? empty }),
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
const BEFORE_FIRST_APPLY = 'before-first-apply'
/** More updaters than this, and the oldest become one. */
const MAX_UPDATERS = 10
const ANCIENT = 'ancient-changes'

function applyConfiguration(endpoint: Endpoint, request: Applied): JsonObject {
  const { schema, apiVersion, subresource, ignored } = endpoint
  const { force, now } = request
  if (isJsonObject(request.applied.metadata) && request.applied.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil')
  }
  const managed = readManagedFields(metadataOf(request.live).managedFields)
  const live = withoutManagedFields(request.live)
  const applied = request.applied
  if (managed.size === 0 && metadataOf(live).uid !== undefined) {
    const first: Manager = { name: BEFORE_FIRST_APPLY, operation: 'Update', apiVersion, subresource: '' }
    const set = fieldSetOf(schema, live).difference(UNOWNED)
    managed.set(idOf(first), { manager: first, set, time: now })
  }

  const applier: Manager = {
    name: request.manager,
    operation: 'Apply',
    apiVersion,
    subresource,
  }
  const id = idOf(applier)
  const last = managed.get(id)
  const set = fieldSetOf(schema, applied).without(ignored)
  managed.set(id, { manager: applier, set, time: last?.time })
  const merged = mergeTyped(schema, live, applied)
  const pruned = last && !last.set.isEmpty ? prune(schema, merged, managed, last.set) : merged
  const comparison = filtered(compareTyped(schema, live, pruned), ignored)
  takeFromOthers({ managed, id, comparison, force, live, schema, manager: request.manager })

  managed.set(id, { manager: applier, set: set.difference(UNOWNED), time: now })
  return withManagedFields(pruned, managed)
}

function trackUpdate(endpoint: Endpoint, request: Updated): JsonObject {
  const { schema, apiVersion, subresource, ignored } = endpoint
  const { now } = request
  const managed = managedFieldsFor(request, subresource)
  const live = withoutManagedFields(request.live)
  const next = withoutManagedFields(request.next)
  // An object that was never tracked stays so: nobody knows who set what.
  if (managed.size === 0 && metadataOf(live).uid !== undefined) return next

  const updater: Manager = {
    name: request.manager || 'unknown',
    operation: 'Update',
    apiVersion,
    subresource,
  }
  const id = idOf(updater)
  const comparison = filtered(compareTyped(schema, live, next), ignored)
  const changed = comparison.modified.union(comparison.added)
  takeFromOthers({ managed, id, comparison, force: true, live, schema, manager: updater.name })
  const known = managed.get(id)
  const owned = (known?.set ?? new FieldSet()).difference(comparison.removed).union(changed).difference(UNOWNED)
  const hasTaken = !changed.difference(UNOWNED).isEmpty
  managed.set(id, { manager: updater, set: owned, time: hasTaken ? now : known?.time })
  return withManagedFields(next, capped(managed))
}

/**
 * Takes away what the applier applied last time and does not now, unless anybody else owns it. Three steps, as upstream:
 * all of last time's, then back what is owned, then back what was never the applier's but went with it.
 */
function prune(schema: ApplySchema, merged: JsonObject, managed: ManagedFields, last: FieldSet): JsonObject {
  const declared = (set: FieldSet) => set.withDeclaredFields(schema)
  const places = (object: JsonObject) => declared(fieldSetOf(schema, object))
  let owned = new FieldSet()
  for (const { set } of managed.values()) owned = owned.union(set)

  const bare = removeItems(schema, merged, declared(last))
  const unowned = places(merged).difference(places(bare).union(declared(owned)))
  const kept = removeItems(schema, merged, unowned)
  const gone = places(merged).difference(places(kept)).intersection(declared(last))
  return removeItems(schema, merged, gone)
}

interface Taking {
  managed: ManagedFields
  id: string
  comparison: Comparison
  force: boolean
  live: JsonObject
  schema: ApplySchema
  manager: string
}

/** Other managers lose what changed under them; without force that is a conflict instead. Changes `managed`. */
function takeFromOthers({ managed, id, comparison, force, live, schema, manager }: Taking): void {
  const changed = comparison.modified.union(comparison.added)
  const conflicts: { manager: Manager; path: Path }[] = []
  const allowed = force ? undefined : conflictsOfClientSideApply(schema, live, manager)
  for (const [other, { manager: owner, set }] of managed) {
    if (other === id) continue
    const contested = set.intersection(changed)
    const refused = allowed ? contested.difference(allowed) : contested
    for (const path of refused.paths()) conflicts.push({ manager: owner, path })
  }
  if (!force && conflicts.length > 0) throw conflictError(conflicts)
  for (const [other, entry] of [...managed]) {
    if (other === id) continue
    const rest = entry.set.difference(changed).difference(comparison.removed)
    if (rest.isEmpty) managed.delete(other)
    else managed.set(other, { ...entry, set: rest })
  }
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** kubectl may take over from its own client-side apply what nobody has changed since. */
function conflictsOfClientSideApply(schema: ApplySchema, live: JsonObject, manager: string): FieldSet | undefined {
  const annotations = metadataOf(live).annotations
  const text = manager === 'kubectl' && isJsonObject(annotations) ? annotations[LAST_APPLIED] : undefined
  if (typeof text !== 'string') return undefined
  try {
    const last = JSON.parse(text) as JsonObject
    const { added, modified, removed } = compareTyped(schema, last, live)
    return fieldSetOf(schema, last).difference(modified).difference(added).difference(removed)
  } catch {
    return undefined
  }
}

/** Updates may write managedFields themselves: an empty list (or one empty entry) forgets all owners. */
function managedFieldsFor({ live, next }: Updated, subresource: string): ManagedFields {
  const own = metadataOf(live).managedFields
  if (subresource) return readManagedFields(own)
  const told = metadataOf(next).managedFields
  const [first] = Array.isArray(told) ? told : []
  const isReset =
    Array.isArray(told) &&
    (told.length === 0 || (told.length === 1 && isJsonObject(first) && Object.keys(first).length === 0))
  if (isReset) return new Map()
  const read = readManagedFields(told)
  return read.size > 0 ? read : readManagedFields(own)
}

function capped(managed: ManagedFields): ManagedFields {
  const updaters = [...managed].filter(([, { manager }]) => manager.operation === 'Update')
  const surplus = updaters.length - MAX_UPDATERS
  if (surplus <= 0) return managed
  const oldest = updaters.sort(([, a], [, b]) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1)).slice(0, surplus + 1)
  for (const [id, { manager, set, time }] of oldest) {
    managed.delete(id)
    const ancient: Manager = { ...manager, name: ANCIENT, subresource: '' }
    const known = managed.get(idOf(ancient))
    managed.set(idOf(ancient), { manager: ancient, set: known ? known.set.union(set) : set, time })
  }
  return managed
}

function filtered(comparison: Comparison, places: FieldSet): Comparison {
  return {
    added: comparison.added.without(places),
    modified: comparison.modified.without(places),
    removed: comparison.removed.without(places),
  }
}

function conflictError(conflicts: { manager: Manager; path: Path }[]): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: pathText(path),
  }))
  const [first] = causes
  let message = `Apply failed with 1 conflict: ${first!.message}: ${first!.field}`
  if (conflicts.length > 1) {
    const lines: string[] = []
    for (const manager of [...new Set(conflicts.map((conflict) => managerText(conflict.manager)))].sort()) {
      lines.push(`conflicts with ${manager}:`)
      for (const conflict of conflicts) {
        if (managerText(conflict.manager) === manager) lines.push(`- ${pathText(conflict.path)}`)
      }
    }
    message = `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
  }
  return new StatusError('Conflict', message, { details: { causes } })
}

function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const text = subresource ? `"${name}" with subresource "${subresource}"` : `"${name}"`
  return operation === 'Update' ? `${text} using ${apiVersion}` : text
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

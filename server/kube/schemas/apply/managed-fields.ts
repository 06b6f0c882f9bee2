// metadata.managedFields: who owns what. One entry a manager, kept in an order of its own.
// Upstream: apimachinery/pkg/util/managedfields/internal/{managedfields,capmanagers}.go.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { ManagedFieldsEntry } from '../../apimachinery/object-meta.ts'
import { isFieldsV1, OwnedFields } from './owned-fields.ts'

export interface Manager {
  name: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
}

export interface Managed {
  manager: Manager
  owned: OwnedFields
  time: string | undefined
  /** The entry this was read from; written again as it is when nothing about it has changed. */
  entry?: JsonObject
}

/** Managers by identity: an applier is one whatever version it applies, an updater one for each version. */
export type ManagedFields = Map<string, Managed>

/** More updaters than this, and the oldest become one. */
const MAX_UPDATERS = 10
const ANCIENT = 'ancient-changes'

/** Begins with the name: this is the order in which conflicts are told. */
export function idOf({ name, operation, apiVersion, subresource }: Manager): string {
  return `${name}\n${operation}\n${operation === 'Apply' ? '' : apiVersion}\n${subresource}`
}

/** Undefined when one entry cannot be read: then none is believed. */
export function readManagedFields(entries: JsonValue | undefined): ManagedFields | undefined {
  const managed: ManagedFields = new Map()
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isJsonObject(entry)) return undefined
    const {
      manager: name = '',
      operation,
      apiVersion,
      subresource = '',
      time,
      fieldsType,
    } = entry as ManagedFieldsEntry
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined
    // What comes from the cache is frozen, and has been looked at when it was written.
    if (!Object.isFrozen(entry.fieldsV1) && !isFieldsV1(entry.fieldsV1)) return undefined
    const manager: Manager = { name, operation, apiVersion, subresource }
    managed.set(idOf(manager), { manager, owned: OwnedFields.read(entry.fieldsV1), time, entry })
  }
  return managed
}

export function writeManagedFields(managed: ManagedFields): JsonObject[] {
  return [...managed.values()]
    .filter(({ owned }) => !owned.isEmpty)
    .sort(inOrder)
    .map(entryOf)
}

const inOrder = ({ manager: a, time: left = '' }: Managed, { manager: b, time: right = '' }: Managed) =>
  compareText(a.operation, b.operation) ||
  compareText(left, right) ||
  compareText(a.name, b.name) ||
  compareText(a.apiVersion, b.apiVersion) ||
  compareText(a.subresource, b.subresource)

function entryOf({ manager, owned, time, entry }: Managed): JsonObject {
  const fieldsV1 = owned.toFieldsV1()
  if (entry?.fieldsV1 === fieldsV1 && entry.time === time && entry.apiVersion === manager.apiVersion) return entry
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(time ? { time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(manager.subresource ? { subresource: manager.subresource } : {}),
  }
}

/** Merges the oldest updaters of each version, two at a time, until there are few enough. Changes `managed`. */
export function capUpdaters(managed: ManagedFields): void {
  const updaters = [...managed].filter(([, { manager }]) => manager.operation === 'Update')
  let surplus = updaters.length - MAX_UPDATERS
  if (surplus <= 0) return
  const byAge = ([a, left]: [string, Managed], [b, right]: [string, Managed]) =>
    compareText(left.time ?? '', right.time ?? '') || compareText(a, b)
  const oldestOf = new Map<string, [string, Managed]>()
  for (const [id, updater] of updaters.sort(byAge)) {
    if (surplus === 0) return
    const { apiVersion } = updater.manager
    const oldest = oldestOf.get(apiVersion)
    if (!oldest) {
      oldestOf.set(apiVersion, [id, updater])
      continue
    }
    const manager: Manager = { name: ANCIENT, operation: 'Update', apiVersion, subresource: '' }
    const bucketId = idOf(manager)
    const bucket = id === bucketId ? undefined : managed.get(bucketId)
    if (!bucket) managed.delete(oldest[0])
    managed.delete(id)
    const { owned } = bucket ?? oldest[1]
    managed.set(bucketId, { manager, owned: owned.with(updater.owned.set), time: updater.time })
    surplus--
  }
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

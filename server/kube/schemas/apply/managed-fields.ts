// metadata.managedFields: who owns what. One entry a manager, kept in an order of its own.
// Upstream: apimachinery/pkg/util/managedfields/internal/managedfields.go.

import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import type { ManagedFieldsEntry } from '../../apimachinery/object-meta.ts'
import { FieldSet } from './field-set.ts'

export interface Manager {
  name: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
}

export interface Managed {
  manager: Manager
  set: FieldSet
  time: string | undefined
}

/** Managers by identity: an applier is one whatever version it applies, an updater one for each version. */
export type ManagedFields = Map<string, Managed>

export function idOf({ name, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify([operation, name, subresource, operation === 'Apply' ? '' : apiVersion])
}

/** Entries of another form than ours are dropped, as upstream drops what it cannot read. */
export function readManagedFields(entries: JsonValue | undefined): ManagedFields {
  const managed: ManagedFields = new Map()
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isJsonObject(entry)) continue
    const { manager: name, operation, apiVersion, subresource, time, fieldsV1 } = entry as ManagedFieldsEntry
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion) continue
    const manager: Manager = { name: name ?? 'unknown', operation, apiVersion, subresource: subresource ?? '' }
    managed.set(idOf(manager), { manager, set: FieldSet.fromFieldsV1(fieldsV1 as JsonValue), time })
  }
  return managed
}

export function writeManagedFields(managed: ManagedFields): JsonObject[] {
  const text = ({ manager, time = '' }: Managed) =>
    [manager.operation, time, manager.name, manager.apiVersion, manager.subresource].join('\n')
  return [...managed.values()]
    .filter(({ set }) => !set.isEmpty)
    .sort((a, b) => (text(a) < text(b) ? -1 : 1))
    .map(({ manager, set, time }) => ({
      manager: manager.name,
      operation: manager.operation,
      apiVersion: manager.apiVersion,
      ...(time ? { time } : {}),
      fieldsType: 'FieldsV1',
      fieldsV1: set.toFieldsV1(),
      ...(manager.subresource ? { subresource: manager.subresource } : {}),
    }))
}

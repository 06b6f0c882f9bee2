// A kind as one of its other versions: a kind like any other to whoever serves, describes or prints it.

import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf, type OtherVersion } from './define-kind.ts'

/** Made once for each server: what is kept by kind is kept by identity. */
export function kindAs(kind: AnyKind, version: OtherVersion<KubeObject>): AnyKind {
  const { group, fieldNames } = version
  const { setDefaults: _own, ...strategy } = kind.strategy
  const { selectableFields } = kind
  const asStored = (object: KubeObject) => storedAs(kind, version, object)
  return Object.freeze({
    ...kind,
    group,
    version: version.version,
    strategy: { ...strategy, ...(version.setDefaults ? { setDefaults: version.setDefaults } : {}) },
    columns: kind.columns.map((column) => ({
      ...column,
      ...(column.field ? { fieldOf: { group: kind.group, version: kind.version, kind: kind.kind } } : {}),
      value: (o: KubeObject, now: number) => column.value(asStored(o), now),
    })),
    selectableFields: Object.fromEntries(
      Object.entries(fieldNames ?? Object.fromEntries(Object.keys(selectableFields).map((name) => [name, name]))).map(
        ([name, own]) => [name, (object: KubeObject) => selectableFields[own]?.(asStored(object)) ?? ''],
      ),
    ),
    otherVersions: [],
  })
}

export function storedAs(kind: AnyKind, version: OtherVersion<KubeObject>, object: KubeObject): KubeObject {
  return { ...version.stored(object), apiVersion: apiVersionOf(kind), kind: kind.kind }
}

/** What a server serves: each kind, and after it the same in its other versions. */
export function servedKinds(kinds: readonly AnyKind[]): AnyKind[] {
  return kinds.flatMap((kind) => [kind, ...kind.otherVersions.map((version) => kindAs(kind, version))])
}

// The shapes of all built-in kinds: pure look-ups over the facts in kubernetes.facts.json.
//
// One parsed table serves every cluster of a process; whoever starts clusters calls loadSchemas() once and passes the
// result in by the door. Types and fields are unpacked from the compact table when first asked for.

import type { RecentDocuments } from './recent-documents.ts'

/** Names a kind in one version: `{ group: 'apps', version: 'v1', kind: 'Deployment' }`. */
export interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

export type ScalarKind =
  | 'string'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'double'
  | 'bytes'
  | 'int-or-string'
  | 'quantity'
  | 'time'
  | 'microtime'
  | 'duration'
  /** Any JSON: RawExtension, FieldsV1, JSON. */
  | 'raw'

export type ValueType =
  /** `goType` is how Go's decoder names it in messages, where that differs: `v1.PullPolicy`. */
  | { kind: ScalarKind; goType?: string }
  | { kind: 'ref'; ref: string }
  | { kind: 'array'; items: ValueType; goType?: string }
  | { kind: 'map'; values: ValueType; goType?: string }

export interface FieldFact {
  /** The JSON name. */
  readonly name: string
  /** The how manieth of its struct, from 0. */
  readonly place: number
  readonly type: ValueType
  readonly required: boolean
  /** A Go pointer: absent and zero are two things. */
  readonly pointer: boolean
  /** Written out even when empty, as `resources: {}` is. */
  readonly always: boolean
  readonly protobuf?: { number: number; wire: 'varint' | 'fixed64' | 'bytes' }
  readonly patchStrategies: readonly string[]
  readonly patchMergeKey?: string
  readonly listType?: 'atomic' | 'set' | 'map'
  readonly listMapKeys?: readonly string[]
  readonly mapType?: 'atomic' | 'granular'
  readonly enum?: readonly string[]
  readonly default?: unknown
}

export interface TypeFact {
  /** The OpenAPI definition name: `io.k8s.api.apps.v1.Deployment`. */
  readonly name: string
  /** Go's short name: `Deployment`; with its package in messages: `v1.Deployment`. */
  readonly goName: string
  readonly goType: string
  /** Owned as a whole by whoever applies any part of it. */
  readonly atomic: boolean
  /** Those of embedded types included, as in JSON. */
  readonly fields: ReadonlyMap<string, FieldFact>
  /** Those of them that are written out even when empty. */
  readonly always: readonly FieldFact[]
  /** The names of those that Go writes as `null` when nothing is there. */
  readonly nulls: ReadonlySet<string>
  /** Types whose fields are this type's own in JSON, but messages of their own in protobuf. */
  readonly embedded: readonly { type: string; protobuf: number }[]
}

export interface Schemas {
  /** The type of a top-level kind; undefined for kinds we have no facts of (custom resources). */
  typeOf(gvk: GroupVersionKind): TypeFact | undefined
  /** A type by its definition name. */
  type(name: string): TypeFact | undefined
  /** Walks JSON field names from a kind; list elements and map values are stepped into silently (`*` names a map's value). */
  fieldAt(gvk: GroupVersionKind, path: readonly string[]): FieldFact | undefined
  /** The fields of a type below which, at any depth, Go writes nulls. */
  waysToNulls(type: TypeFact): readonly FieldFact[]
  /** All top-level kinds known. */
  kinds(): readonly (GroupVersionKind & { type: string })[]
  typeNames(): readonly string[]
  /** Definition, or `definition.field`, → text for people. Read when first asked for; empty where there are none. */
  descriptions(): ReadonlyMap<string, string>
  /** Documents made of these facts, by hash, so that all clusters of a process share their bytes. */
  readonly documents: RecentDocuments
}

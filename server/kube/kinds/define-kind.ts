// A kind is told once, here. From it come: URL paths and discovery, storage keys, defaults, validation, what an update
// may change, printer columns, field selectors, the typed client and its lister. Field shapes come from schemas/.
//
// A kind that needs nothing special has no strategy at all; the registry's defaults apply.
// The order of the hooks is fixed in apiserver/registry, and written down there.

import { inOnePiece } from '../../base/pace.ts'
import type { JsonPrimitive } from '../apimachinery/json.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { FieldError } from '../apimachinery/status-error.ts'
import type { GroupVersionKind } from '../schemas/schemas.ts'
import type { JsonSchema } from '../schemas/structural/json-schema.ts'

export interface Column<T> {
  name: string
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format?: string
  /** What it shows, in words. */
  description?: string
  /** In their place: the field whose text in the documentation tells that, as a path from the object. */
  field?: string
  /** Whose field that is, where it is not of the kind that is shown. */
  fieldOf?: GroupVersionKind
  /** 0 is always shown; 1 with `-o wide`. */
  priority?: 0 | 1
  value(object: T, now: number): JsonPrimitive | undefined
}

export interface RowCondition {
  type: 'Completed'
  status: 'True'
  reason: string
  message: string
}

/** What of an object's metadata is for its writers to change. */
export const SENT_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const
export type SentMetadata = (typeof SENT_METADATA)[number]

/** By whom and when a write is made. */
export interface Occasion {
  user: {
    name: string
    uid?: string
    groups: readonly string[]
    extra?: Readonly<Record<string, readonly string[]>>
  }
  /** As timestamps are written. */
  now: string
  /** Tells the sender of what is about to be forgotten. */
  warn(message: string): void
}

/** For whoever can wait, and for whoever cannot. */
export const validatedInPieces = <T extends KubeObject>(
  errorsOf: (object: T, previous: T | undefined) => Generator<undefined, FieldError[]>,
): Pick<Strategy<T>, 'validate' | 'validateInPieces'> => ({
  validate: (object, previous) => inOnePiece(errorsOf(object, previous)),
  validateInPieces: (object, previous) => errorsOf(object, previous),
})

export interface Strategy<T extends KubeObject> {
  /** Fills what the sender left out; runs on every decode (create, update, patch), so it must be idempotent. Mutates. */
  setDefaults?(object: T): void
  /** Clears what a creator may not set (status), sets generation. Mutates. */
  prepareForCreate?(object: T, occasion?: Occasion): void
  /** The same for an update of the main resource: by default status is taken from `previous`. Mutates `next`. */
  prepareForUpdate?(next: T, previous: T, occasion?: Occasion): void
  /** For kinds with a status subresource: by default all but status and metadata is taken from `previous`. */
  prepareForStatusUpdate?(next: T, previous: T, occasion: Occasion): void
  /** For the one kind with an approval subresource, which changes conditions and nothing else. */
  prepareForApproval?(next: T, previous: T, occasion: Occasion): void
  /** Of an update `previous` is what it was: what is left as it was is not always looked at again. */
  validate?(object: T, previous?: T): FieldError[]
  /** The same, where it may take long: stops at each `yield`. */
  validateInPieces?(object: T, previous?: T): Generator<undefined, FieldError[]>
  /** On top of `validate`, for new objects only. */
  validateCreate?(object: T): FieldError[]
  validateUpdate?(next: T, previous: T, subresource?: string): FieldError[]
  validateStatusUpdate?(next: T, previous: T): FieldError[]
  /** Told to whoever makes or changes it; `previous` is what it was. */
  warnings?(object: T, previous?: T): string[]
  /** Told to whoever changes its status. */
  statusWarnings?(object: T): string[]
  /** Of what was wrong before and is left so, asked after `validateUpdate` of the same object. */
  updateWarnings?(next: T): readonly string[]
  /** Seconds an object lives on after a DELETE, until whoever runs it confirms; undefined means at once. Pods only. */
  gracePeriodSeconds?(object: T, asked: number | undefined): number
  /** What is wrong with a name; by default it must be an RFC 1123 subdomain. */
  nameProblems?(name: string): string[]
  /** Something beside metadata.finalizers that keeps a deleted object: a namespace's own finalizers. */
  isHeld?(object: T): boolean
  /** Marks an object whose deletion has begun. Mutates. */
  prepareForDelete?(object: T): void
  /** What a status update leaves as it was of the metadata that it is sent; by default nothing, as any update. */
  keptByStatusUpdates?: readonly SentMetadata[]
  /** A creator may send a status: nodes register with theirs. */
  acceptsStatusOnCreate?: boolean
  /** DELETE answers with the object rather than with a Status. */
  returnsDeletedObject?: boolean
  /** Whoever deletes without saying how leaves the dependents: as these kinds did before there was a choice. */
  orphansDependents?: boolean
  /** Nothing ever depends on it: what is said of dependents is not heard. */
  hasNoDependents?: boolean
  /** Said to whoever deletes without saying what is to become of the dependents. */
  deletionWarnings?(object: T): string[]
  /** Refuses a PUT that names no resourceVersion. */
  requiresResourceVersion?: boolean
  /** A PUT makes it where there is none. */
  createsOnUpdate?: boolean
}

/**
 * Another version, or another group, in which objects of a kind are served beside the one they are stored in. Requests
 * are decoded, defaulted and owned in the version they name; everything else happens to the stored form.
 */
export interface OtherVersion<T extends KubeObject> {
  readonly group: string
  readonly version: string
  /** What this version fills in, before it is converted; the kind's own defaults follow. Mutates. */
  // biome-ignore lint/suspicious/noExplicitAny: each version has a type of its own
  setDefaults?(object: any): void
  /** kind and apiVersion are set by whoever calls. `shown` gets a frozen object and must not change it. */
  // biome-ignore lint/suspicious/noExplicitAny: each version has a type of its own
  stored(object: any): T
  shown(object: T): KubeObject
  /** What is wrong with it when it comes in this version, on top of what the kind says. */
  errors?(next: T, previous: T | undefined): FieldError[]
  /** Field selectors that have another name here, and the name the kind tells them by. */
  readonly fieldNames?: Readonly<Record<string, string>>
}

export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  /** What a list of it is called; a custom kind may choose. */
  readonly listKind: string
  /** Told to whoever has to do with it in this version. */
  readonly deprecation?: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** `metadata.generation` counts changes of spec. */
  readonly hasGeneration: boolean
  /** The registry knows these by name: status, scale, log, exec, attach, portforward, binding, eviction, token, proxy, finalize, approval, ephemeralcontainers, resize. */
  readonly subresources: readonly string[]
  /** Where `scale` finds its numbers; only for kinds with that subresource. */
  readonly scale?: { specReplicas: string; statusReplicas: string; labelSelector: string }
  readonly strategy: Strategy<T>
  /** Beside NAME and AGE, which every table has: all columns in order, NAME and AGE included. */
  readonly columns: readonly Column<T>[]
  /** In which order a table of them stands; by default as they are listed. */
  readonly rowOrder?: (a: T, b: T) => number
  /** What a row is marked with beside its cells. */
  readonly rowConditions?: (object: T) => readonly RowCondition[]
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>
  /** Of a custom resource: its definition's schema. Of built-in kinds the facts in schemas/ tell the fields. */
  readonly schema?: JsonSchema
  /** Where else it is served; `group` and `version` above are those it is stored in, and those that clients prefer. */
  readonly otherVersions: readonly OtherVersion<T>[]
  /** Never present at run time; carries the type for inference. */
  readonly __type?: T
}

type Told<T extends KubeObject> = Pick<Kind<T>, 'version' | 'kind' | 'plural'> &
  Partial<Omit<Kind<T>, 'version' | 'kind' | 'plural' | '__type'>>

/** A kind of no particular type: what lists of kinds hold. Strategy methods are bivariant, so every Kind<T> fits. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where a list must hold kinds of every type
export type AnyKind = Kind<any>

export function defineKind<T extends KubeObject>(told: Told<T>): Kind<T> {
  return Object.freeze({
    group: '',
    singular: told.kind.toLowerCase(),
    listKind: `${told.kind}List`,
    shortNames: [],
    categories: [],
    namespaced: true,
    hasGeneration: false,
    subresources: [],
    strategy: {},
    columns: [nameColumn, ageColumn],
    selectableFields: {},
    otherVersions: [],
    ...told,
  })
}

export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  field: 'metadata.name',
  value: (object) => object.metadata?.name,
}

export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  field: 'metadata.creationTimestamp',
  value: (object, now) => age(object.metadata?.creationTimestamp, now),
}

export function age(timestamp: string | undefined, now: number): string {
  return timestamp ? humanDuration(now - Date.parse(timestamp)) : '<unknown>'
}

/** `5s`, `3m20s`, `2d4h`: as kubectl prints ages. Upstream: apimachinery/pkg/util/duration/duration.go. */
export function humanDuration(ms: number): string {
  // Towards zero, as Go rounds: clocks may differ by all but two seconds.
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 192) return withRest(days, 'd', hours % 24, 'h')
  if (days < 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  if (days < 365 * 8) return withRest(years, 'y', days % 365, 'd')
  return `${years}y`
}

const withRest = (whole: number, unit: string, rest: number, restUnit: string) =>
  rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`

export function apiVersionOf(kind: Pick<AnyKind, 'group' | 'version'>): string {
  return kind.group ? `${kind.group}/${kind.version}` : kind.version
}

// What happens to an object between the sender and the store, always in this order:
//
//   decode, default → mutating admission → prepareForCreate / prepareForUpdate → validate → validating admission → store
//
// Kinds say only what differs (kinds/define-kind.ts). Upstream: registry/rest/{create,update}.go.

import { randomInt, randomUUID } from 'node:crypto'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { Pace } from '../../../base/pace.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { conflict, type FieldError, invalid } from '../../apimachinery/status-error.ts'
import { type AnyKind, type Occasion, SENT_METADATA } from '../../kinds/define-kind.ts'
import type { PodSpec } from '../../kinds/pod-template/newer-fields.ts'
import { resizedSpec } from '../../kinds/pod-template/pod-resize.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { metaErrors, metaUpdateErrors } from './object-meta-rules.ts'

export interface WithStatus extends KubeObject {
  spec?: unknown
  status?: unknown
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
/** Names are at most 63 characters where they become host names; the suffix takes five. */
const LONGEST_PREFIX = 58

export function generatedName(prefix: string): string {
  let suffix = ''
  for (let count = 0; count < 5; count++) suffix += SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)]
  return prefix.slice(0, LONGEST_PREFIX) + suffix
}

/** System fields are the server's to write, whatever was sent. Mutates. */
export function fillSystemFields(kind: AnyKind, object: KubeObject, clock: Clock): void {
  const meta = object.metadata ?? {}
  const {
    deletionTimestamp: _deletion,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    resourceVersion: _revision,
    ...kept
  } = meta as ObjectMeta & { selfLink?: string }
  delete kept.selfLink
  object.metadata = {
    ...kept,
    uid: randomUUID(),
    ...(kind.hasGeneration ? { generation: 1 } : {}),
    creationTimestamp: isoTime(clock),
  }
}

export function prepareForCreate(kind: AnyKind, object: WithStatus, occasion: Occasion): void {
  if (kind.subresources.includes('status') && !kind.strategy.acceptsStatusOnCreate) delete object.status
  kind.strategy.prepareForCreate?.(object, occasion)
}

export async function validateForCreate(kind: AnyKind, object: KubeObject, clock: Clock): Promise<void> {
  const own = [...(await validated(kind, object, undefined, clock)), ...(kind.strategy.validateCreate?.(object) ?? [])]
  refuse(kind, object, [...metaErrors(kind, object.metadata ?? {}), ...own])
}

/** Everything but what the sender may change comes from `previous`. Mutates `next`. */
export function prepareForUpdate(kind: AnyKind, next: WithStatus, previous: WithStatus, occasion: Occasion): void {
  keepSystemFields(next, previous)
  if (kind.subresources.includes('status')) copyField(next, previous, 'status')
  kind.strategy.prepareForUpdate?.(next, previous, occasion)
  if (kind.hasGeneration && !deepEqual(next.spec, previous.spec)) bumpGeneration(next)
}

export function prepareForStatusUpdate(
  kind: AnyKind,
  next: WithStatus,
  previous: WithStatus,
  occasion: Occasion,
): void {
  const meta = next.metadata ?? {}
  const { status } = next
  for (const field of Object.keys(next)) delete (next as Record<string, unknown>)[field]
  Object.assign(next, previous)
  next.metadata = { ...previous.metadata }
  copyField(next.metadata, meta, 'managedFields')
  const kept = kind.strategy.keptByStatusUpdates ?? []
  for (const field of SENT_METADATA) if (!kept.includes(field)) copyField(next.metadata, meta, field)
  if (status === undefined) delete next.status
  else next.status = status
  kind.strategy.prepareForStatusUpdate?.(next, previous, occasion)
}

export function prepareForApproval(
  kind: AnyKind,
  next: WithStatus,
  previous: WithStatus & { status?: object },
  occasion: Occasion,
): void {
  const { conditions } = (next.status ?? {}) as { conditions?: unknown }
  const { metadata } = next
  Object.assign(next, previous, { metadata, status: { ...previous.status, conditions } })
  keepSystemFields(next, previous)
  kind.strategy.prepareForApproval?.(next, previous, occasion)
}

/** The other subresources change what they are for and nothing else, so only metadata has to be looked after. */
export function prepareForSubresource(next: WithStatus, previous: WithStatus, subresource: string): void {
  if (subresource === 'finalize') {
    const { spec, metadata } = next
    for (const field of Object.keys(next)) delete (next as Record<string, unknown>)[field]
    Object.assign(next, previous, { spec, metadata })
    keepSystemFields(next, previous)
  } else if (subresource === 'ephemeralcontainers' || subresource === 'resize') {
    const [given, before] = [next.spec as PodSpec, previous.spec as PodSpec]
    const { managedFields } = next.metadata ?? {}
    for (const field of Object.keys(next)) delete (next as Record<string, unknown>)[field]
    const { ephemeralContainers } = given
    const spec = subresource === 'resize' ? resizedSpec(given, before) : { ...before, ephemeralContainers }
    Object.assign(next, previous, { spec })
    next.metadata = { ...previous.metadata, managedFields }
    if (!deepEqual(next.spec, previous.spec)) bumpGeneration(next)
  } else keepSystemFields(next, previous)
}

async function validated(
  { strategy }: AnyKind,
  next: KubeObject,
  previous: KubeObject | undefined,
  clock: Clock,
): Promise<FieldError[]> {
  const { validate, validateInPieces } = strategy
  return validateInPieces
    ? new Pace(clock).through(validateInPieces(next, previous))
    : (validate?.(next, previous) ?? [])
}

export async function validateForUpdate(
  kind: AnyKind,
  next: KubeObject,
  previous: KubeObject,
  { subresource, clock }: { subresource: string | undefined; clock: Clock },
): Promise<void> {
  const { strategy } = kind
  const own =
    subresource === 'status'
      ? (strategy.validateStatusUpdate?.(next, previous) ?? [])
      : [
          ...(await validated(kind, next, previous, clock)),
          ...(strategy.validateUpdate?.(next, previous, subresource) ?? []),
        ]
  refuse(kind, next, [...metaUpdateErrors(next, previous), ...metaErrors(kind, next.metadata ?? {}), ...own])
}

export function warningsOfUpdate(
  { strategy }: AnyKind,
  next: KubeObject,
  previous: KubeObject,
  subresource: string | undefined,
): readonly string[] {
  const ofPart = subresource === 'status' ? strategy.statusWarnings?.(next) : undefined
  const own = subresource === undefined ? strategy.warnings?.(next, previous) : ofPart
  return [...(strategy.updateWarnings?.(next) ?? []), ...(own ?? [])]
}

function refuse(kind: AnyKind, object: KubeObject, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(kind, object.metadata?.name ?? '', errors)
}

function keepSystemFields(next: KubeObject, previous: KubeObject): void {
  const before = previous.metadata ?? {}
  const meta: ObjectMeta & { selfLink?: string } = { ...next.metadata }
  delete meta.selfLink
  for (const field of ['uid', 'generation', 'generateName', 'creationTimestamp'] as const)
    copyField(meta, before, field)
  // Nobody takes these away; who sets them is told by validation that only DELETE does.
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (before[field] !== undefined) copyField(meta, before, field)
  }
  next.metadata = meta
}

function copyField<T extends object>(to: T, from: T, field: keyof T): void {
  if (from[field] === undefined) delete to[field]
  else to[field] = from[field]
}

export function bumpGeneration(object: KubeObject): void {
  if (object.metadata) object.metadata.generation = (object.metadata.generation ?? 0) + 1
}

/** An update meant for an object that has since been deleted and made anew. */
export function assertSameUid(kind: AnyKind, next: KubeObject, { key, object }: Pick<Entry, 'key' | 'object'>): void {
  const [asked, actual] = [next.metadata?.uid, object.metadata?.uid]
  if (!asked || asked === actual) return
  const why = preconditionProblem(key, `UID in precondition: ${asked}, UID in object meta: ${actual}`)
  throw conflict({ group: kind.group, resource: kind.plural }, object.metadata?.name ?? '', why)
}

/** As upstream's store says it. */
export const preconditionProblem = (key: string, why: string) =>
  `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${why}`

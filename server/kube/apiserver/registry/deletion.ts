// What a DELETE makes of an object: gone at once, or marked and kept until its grace period or its finalizers are over.
// Upstream: registry/rest/delete.go BeforeDelete, generic/registry/store.go Delete.

import type { Clock } from '../../../base/clock.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { conflict } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { bumpGeneration } from './prepare.ts'

export interface DeleteRequest {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  /** What propagationPolicy was called before. */
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
}

export type Deletion =
  | { outcome: 'remove' }
  /** Its deletion has begun; write this and wait. */
  | { outcome: 'mark'; object: KubeObject }
  /** Its deletion had begun before, and nothing has changed about it. */
  | { outcome: 'pending' }

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'

export function planDeletion(kind: AnyKind, object: KubeObject, request: DeleteRequest, clock: Clock): Deletion {
  assertPreconditions(kind, object, request)
  const before = object.metadata ?? {}
  const meta: ObjectMeta = { ...before }
  const finalizers = finalizersAfter(kind, before.finalizers ?? [], request)
  if (finalizers.length > 0) meta.finalizers = finalizers
  else delete meta.finalizers
  const next: KubeObject = { ...object, metadata: meta }

  const isHeld = finalizers.length > 0 || kind.strategy.isHeld?.(object) === true
  if (before.deletionTimestamp) {
    const current = before.deletionGracePeriodSeconds ?? 0
    const asked = request.gracePeriodSeconds ?? current
    // Asked again without a number, or with a longer one: the first DELETE stands.
    const isShorter = asked < current
    if (current > 0 && !isShorter) return { outcome: 'pending' }
    if ((current === 0 || asked === 0) && !isHeld) return { outcome: 'remove' }
    if (!isShorter && sameList(before.finalizers ?? [], finalizers)) return { outcome: 'pending' }
    if (isShorter) {
      const begunMs = Date.parse(before.deletionTimestamp) - durationMs(current)
      // Nothing is to have gone before it was asked for: who has waited for longer gets a last second, and ends it.
      const isOver = begunMs + durationMs(asked) < clock.now()
      meta.deletionTimestamp = timeOf(isOver ? clock.now() : begunMs + durationMs(asked))
      meta.deletionGracePeriodSeconds = isOver ? Math.min(asked, 1) : asked
    }
    return { outcome: 'mark', object: next }
  }
  const grace = kind.strategy.gracePeriodSeconds?.(object, request.gracePeriodSeconds) ?? 0
  if (grace === 0 && !isHeld) return { outcome: 'remove' }
  meta.deletionTimestamp = timeOf(clock.now() + durationMs(grace))
  meta.deletionGracePeriodSeconds = grace
  if ((meta.generation ?? 0) > 0) bumpGeneration(next)
  kind.strategy.prepareForDelete?.(next)
  return { outcome: 'mark', object: next }
}

const timeOf = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`

/** A duration of Go has 64 bits of nanoseconds: 292 years are the most, and more come out as others. */
const durationMs = (seconds: number) => Number(BigInt.asIntN(64, BigInt(seconds) * 1_000_000_000n) / 1_000_000n)

/** After an update: an object whose deletion has begun goes as soon as nothing holds it any more. */
export function isReadyToGo(kind: AnyKind, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata ?? {}
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    finalizers.length === 0 &&
    kind.strategy.isHeld?.(object) !== true
  )
}

function finalizersAfter(kind: AnyKind, existing: readonly string[], request: DeleteRequest): string[] {
  const others = existing.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND)
  const policy = policyOf(kind, existing, request)
  const [own] = policy === 'Orphan' ? [ORPHAN] : policy === 'Foreground' ? [FOREGROUND] : []
  const after = own ? [...others, own] : others
  // The same ones stay in their order.
  const isSame = after.every((one) => existing.includes(one)) && existing.every((one) => after.includes(one))
  return isSame ? [...existing] : after
}

function policyOf(
  kind: AnyKind,
  existing: readonly string[],
  request: DeleteRequest,
): DeleteRequest['propagationPolicy'] {
  if (kind.strategy.hasNoDependents) return 'Background'
  if (request.orphanDependents !== undefined) return request.orphanDependents ? 'Orphan' : 'Background'
  if (request.propagationPolicy) return request.propagationPolicy
  if (existing.includes(ORPHAN)) return 'Orphan'
  if (existing.includes(FOREGROUND)) return 'Foreground'
  return kind.strategy.orphansDependents ? 'Orphan' : 'Background'
}

const sameList = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((item, index) => item === b[index])

export function assertPreconditions(kind: AnyKind, object: KubeObject, { preconditions }: DeleteRequest): void {
  for (const [field, name, what] of PRECONDITIONS) {
    const [asked, found] = [preconditions?.[field], object.metadata?.[field]]
    if (asked === undefined || asked === found) continue
    const isOwnWay = OWN_WAY.has(`${kind.plural}.${kind.group}`)
    const why = isOwnWay
      ? `Precondition failed: ${name} in precondition: ${asked}, ${name} in object meta: ${found}`
      : `the ${name} in the precondition (${asked}) does not match the ${name} in record (${found}). The object might have been ${what}`
    const of = { group: kind.group, resource: isOwnWay ? kind.plural : kind.kind }
    throw conflict(of, object.metadata?.name ?? '', why)
  }
}

const PRECONDITIONS = [
  ['uid', 'UID', 'deleted and then recreated'],
  ['resourceVersion', 'ResourceVersion', 'modified'],
] as const

/** These look at their preconditions themselves, before others do. */
const OWN_WAY = new Set(['namespaces.', 'customresourcedefinitions.apiextensions.k8s.io'])

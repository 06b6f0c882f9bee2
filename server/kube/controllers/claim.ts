// Settles who owns what, by selector: takes in matching orphans, lets go of what no longer matches, and leaves alone
// what belongs to somebody else. Upstream: kubernetes/pkg/controller/controller_ref_manager.go.

import type { Selector } from '../apimachinery/label-selector.ts'
import { controllerOf, type KubeObject } from '../apimachinery/object-meta.ts'
import { isNotFound, StatusError } from '../apimachinery/status-error.ts'
import type { ReconcileContext } from '../client/reconcile-context.ts'
import type { AnyKind, Kind } from '../kinds/define-kind.ts'
import { controllerReference } from './pod-control.ts'

export interface ClaimOptions<T extends KubeObject> {
  context: ReconcileContext
  ownerKind: AnyKind
  owner: KubeObject
  selector: Selector
  kind: Kind<T>
  candidates: Iterable<T>
  /** What is owned holds until its owner lets go of it. */
  finalizers?: readonly string[]
}

/** Returns what the owner owns now. */
export async function claim<T extends KubeObject>(options: ClaimOptions<T>): Promise<T[]> {
  const { owner, selector, candidates } = options
  const owned: T[] = []
  let mayAdopt: Promise<boolean> | undefined
  for (const candidate of candidates) {
    const holder = controllerOf(candidate)
    const matches = selector.matches(candidate.metadata?.labels)
    if (holder) {
      if (holder.uid !== owner.metadata?.uid) continue
      if (matches) owned.push(candidate)
      else if (!owner.metadata?.deletionTimestamp) await release(options, candidate)
      continue
    }
    if (!matches || owner.metadata?.deletionTimestamp || candidate.metadata?.deletionTimestamp) continue
    // The cache may not know yet that the owner is going. Adopting then would pull an orphan into its death.
    mayAdopt ??= isAlive(options)
    if ((await mayAdopt) && (await adopt(options, candidate))) owned.push(held(candidate, options.finalizers))
  }
  return owned
}

const nameOf = ({ metadata }: KubeObject) => ({
  name: metadata?.name ?? '',
  ...(metadata?.namespace ? { namespace: metadata.namespace } : {}),
})

/** As it is written by now, of which the cache has not heard. */
function held<T extends KubeObject>(adopted: T, finalizers: readonly string[] = []): T {
  const present = adopted.metadata?.finalizers ?? []
  const missing = finalizers.filter((finalizer) => !present.includes(finalizer))
  if (missing.length === 0) return adopted
  return { ...adopted, metadata: { ...adopted.metadata, finalizers: [...present, ...missing] } }
}

async function isAlive<T extends KubeObject>({ context, ownerKind, owner }: ClaimOptions<T>): Promise<boolean> {
  try {
    const fresh = (await context.client.of(ownerKind).get(nameOf(owner))) as KubeObject
    return fresh.metadata?.uid === owner.metadata?.uid && !fresh.metadata?.deletionTimestamp
  } catch (err) {
    if (isNotFound(err)) return false
    throw err
  }
}

async function adopt<T extends KubeObject>(
  { context, kind, ownerKind, owner, finalizers }: ClaimOptions<T>,
  orphan: T,
): Promise<boolean> {
  const { uid } = orphan.metadata ?? {}
  const ownerReferences = [controllerReference(ownerKind, owner)]
  const patch = { metadata: { uid, ownerReferences, ...(finalizers ? { finalizers } : {}) } }
  try {
    await context.client.of(kind).patch(nameOf(orphan), 'application/strategic-merge-patch+json', patch)
  } catch (err) {
    if (isNotFound(err)) return false
    throw err
  }
  context.report.did.push(`adopted ${kind.kind} ${orphan.metadata?.name}`)
  return true
}

async function release<T extends KubeObject>(
  { context, kind, owner, finalizers }: ClaimOptions<T>,
  child: T,
): Promise<void> {
  const ownerReferences = [{ $patch: 'delete', uid: owner.metadata?.uid }]
  const letGo = finalizers ? { '$deleteFromPrimitiveList/finalizers': finalizers } : {}
  const patch = { metadata: { uid: child.metadata?.uid, ownerReferences, ...letGo } }
  try {
    await context.client.of(kind).patch(nameOf(child), 'application/strategic-merge-patch+json', patch)
  } catch (err) {
    // Gone, or changed hands already (the uid does not match, or there are no owners left to take one from).
    if (isNotFound(err) || (err instanceof StatusError && err.reason === 'Invalid')) return
    throw err
  }
  context.report.did.push(`released ${kind.kind} ${child.metadata?.name}`)
}

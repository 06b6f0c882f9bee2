// Who owns whom, read out of the caches: every object by uid, and the dependents of every uid.
// Upstream: kubernetes/pkg/controller/garbagecollector/{graph,graph_builder}.go.

import type { KubeObject, OwnerReference } from '../../apimachinery/object-meta.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'

const BY_UID = 'uid'
const BY_OWNER = 'owner'

export interface GraphNode {
  kind: AnyKind
  object: KubeObject
}

export class OwnershipGraph {
  readonly #view: ClusterView
  #caches: { kind: AnyKind; cache: IndexedCache<KubeObject> }[] = []

  constructor(view: ClusterView) {
    this.#view = view
  }

  add(kind: AnyKind): void {
    const cache: IndexedCache<KubeObject> = this.#view.cache(kind)
    const uidsOf = ({ metadata }: KubeObject) => (metadata?.uid ? [metadata.uid] : [])
    const ownersOf = ({ metadata }: KubeObject) => (metadata?.ownerReferences ?? []).map(({ uid }) => uid)
    cache.addIndex(BY_UID, uidsOf, ({ metadata }) => metadata?.uid)
    cache.addIndex(BY_OWNER, ownersOf, ({ metadata }) => metadata?.ownerReferences)
    this.#caches.push({ kind, cache })
  }

  remove(kind: AnyKind): void {
    this.#caches = this.#caches.filter((known) => known.kind !== kind)
    this.#view.forget(kind)
  }

  find(uid: string): GraphNode | undefined {
    for (const { kind, cache } of this.#caches) {
      const [object] = cache.byIndex(BY_UID, uid)
      if (object) return { kind, object }
    }
    return undefined
  }

  dependentsOf(uid: string): GraphNode[] {
    return this.#caches.flatMap(({ kind, cache }) => cache.byIndex(BY_OWNER, uid).map((object) => ({ kind, object })))
  }

  /** The owner as the reference names it; one of that uid elsewhere, or of another name, is not meant. */
  owner(of: KubeObject, owner: OwnerReference): KubeObject | undefined {
    const node = this.find(owner.uid)
    const isMeant =
      node &&
      node.kind === this.kindNamed(owner.apiVersion, owner.kind) &&
      node.object.metadata?.name === owner.name &&
      (!node.kind.namespaced || node.object.metadata?.namespace === of.metadata?.namespace)
    return isMeant ? node.object : undefined
  }

  /** The kind that an owner reference names; versions of a kind are one. */
  kindNamed(apiVersion: string, kindName: string): AnyKind | undefined {
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
    return this.#caches.find(({ kind }) => kind.kind === kindName && kind.group === group)?.kind
  }
}

export const isBeingDeleted = ({ metadata }: KubeObject) => metadata?.deletionTimestamp !== undefined
export const hasFinalizer = ({ metadata }: KubeObject, finalizer: string) =>
  metadata?.finalizers?.includes(finalizer) ?? false

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

/** Waits for its dependents to go before it goes itself. */
export const waitsForDependents = (object: KubeObject) => isBeingDeleted(object) && hasFinalizer(object, FOREGROUND)

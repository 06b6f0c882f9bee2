// Deletes what has lost its owners, and sees deletions through that ask for more than that.
//
//   background  the owner goes at once; its dependents, ownerless now, follow
//   foreground  the owner waits (finalizer foregroundDeletion) until dependents that block it have gone
//   orphan      the owner waits (finalizer orphan) until its dependents no longer name it, then goes without them
//
// A key is the object's uid. Upstream: kubernetes/pkg/controller/garbagecollector/garbagecollector.go.

import type { KubeObject, ObjectMeta, OwnerReference } from '../../apimachinery/object-meta.ts'
import { isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import {
  FOREGROUND,
  type GraphNode,
  hasFinalizer,
  isBeingDeleted,
  ORPHAN,
  OwnershipGraph,
  waitsForDependents,
} from './ownership-graph.ts'

type Standing = 'solid' | 'gone' | 'waiting'

const MAX_REMEMBERED = 500
/** Until one looks again for an owner that is there, but of which the cache has not heard. */
const UNHEARD_MS = 10_000

export class GarbageCollectorReconciler implements Reconciler {
  readonly graph: OwnershipGraph
  /** Owners that the API server has said are not where they are named; uids never come back. */
  readonly #absent = new Set<string>()

  constructor(view: ClusterView) {
    this.graph = new OwnershipGraph(view)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { report } = context
    const uid = context.key.slice(context.key.lastIndexOf('/') + 1)
    const node = this.graph.find(uid)
    if (!node) return
    const { object } = node
    if (isBeingDeleted(object)) {
      if (hasFinalizer(object, ORPHAN)) return this.#orphanDependents(context, node)
      if (hasFinalizer(object, FOREGROUND)) return this.#finishForeground(context, node)
      return
    }
    const owners = object.metadata?.ownerReferences ?? []
    if (owners.length === 0) return
    for (const owner of owners) this.#tellOfOtherNamespace(context, node, owner)
    // What is in no namespace and names an owner in one does not say where to look: nobody dares to delete it.
    const isNamespaced = (owner: OwnerReference) => this.graph.kindNamed(owner.apiVersion, owner.kind)?.namespaced
    if (!node.kind.namespaced && owners.some(isNamespaced)) return
    // Of a kind that nobody knows, or not yet: nothing is said of any of them.
    if (owners.some((owner) => !this.#isCollected(owner))) return { requeueAfterMs: UNHEARD_MS }
    const standings = new Map<OwnerReference, Standing>()
    for (const owner of owners) standings.set(owner, await this.#standingOf(context, node, owner))
    const those = (standing: Standing) => owners.filter((owner) => standings.get(owner) === standing)
    report.sees(object)
    report.wanted = 'an owner that lives'
    report.seen = owners.map((owner) => `${owner.kind} ${owner.name}: ${standings.get(owner)}`).join(', ')
    if (those('solid').length > 0) {
      const lost = [...those('gone'), ...those('waiting')]
      if (lost.length > 0) await this.#forgetOwners(context, node, lost)
      // An owner that is made and goes while nobody here hears of it would never be missed.
      const isUnheard = owners.some((owner) => !this.graph.owner(object, owner) && this.#isCollected(owner))
      return isUnheard ? { requeueAfterMs: UNHEARD_MS } : undefined
    }
    await this.#delete(context, node, { ownerWaits: those('waiting').length > 0 })
  }

  #isCollected({ apiVersion, kind }: OwnerReference): boolean {
    return this.graph.kindNamed(apiVersion, kind) !== undefined
  }

  /** Somebody meant an owner that counts as gone. */
  #tellOfOtherNamespace(context: ReconcileContext, { kind, object }: GraphNode, owner: OwnerReference): void {
    const { namespace = '' } = object.metadata ?? {}
    const found = this.graph.find(owner.uid)
    if (!found?.kind.namespaced || found.object.metadata?.namespace === namespace) return
    const named = `[${owner.apiVersion}/${owner.kind}, namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}]`
    const message = `ownerRef ${named} does not exist in namespace ${JSON.stringify(namespace)}`
    context.event(kind, object, 'Warning', 'OwnerRefInvalidNamespace', message)
  }

  async #standingOf(context: ReconcileContext, { object }: GraphNode, owner: OwnerReference): Promise<Standing> {
    const known = this.graph.owner(object, owner)
    if (known) return waitsForDependents(known) ? 'waiting' : 'solid'
    const kind = this.graph.kindNamed(owner.apiVersion, owner.kind)
    if (!kind) return 'solid'
    const name = { name: owner.name, ...(kind.namespaced ? { namespace: object.metadata?.namespace ?? '' } : {}) }
    const place = `${kind.plural}.${kind.group}/${name.namespace ?? ''}/${name.name}/${owner.uid}`
    if (this.#absent.has(place)) return 'gone'
    try {
      // Our cache may be behind, so ask.
      const fresh = (await context.client.of(kind).get(name)) as KubeObject
      if (fresh.metadata?.uid === owner.uid) return waitsForDependents(fresh) ? 'waiting' : 'solid'
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
    this.#rememberAbsent(place)
    return 'gone'
  }

  #rememberAbsent(place: string): void {
    this.#absent.add(place)
    if (this.#absent.size <= MAX_REMEMBERED) return
    const [oldest] = this.#absent
    if (oldest) this.#absent.delete(oldest)
  }

  async #delete(context: ReconcileContext, node: GraphNode, { ownerWaits }: { ownerWaits: boolean }): Promise<void> {
    const { kind, object } = node
    const { uid = '', name, finalizers } = object.metadata ?? {}
    const dependents = this.graph.dependentsOf(uid)
    // An owner that waits, waits for what depends on its dependents too.
    const deep = ownerWaits && dependents.length > 0
    // Perhaps a circle: each would wait for the other. So nobody waits for this one.
    const isInCircle = deep && dependents.some((dependent) => waitsForDependents(dependent.object))
    const { resourceVersion } = isInCircle ? await unblockOwners(context, node) : (object.metadata ?? {})
    const propagationPolicy = deep
      ? 'Foreground'
      : finalizers?.includes(ORPHAN)
        ? 'Orphan'
        : finalizers?.includes(FOREGROUND)
          ? 'Foreground'
          : 'Background'
    try {
      await context.client.of(kind).delete(nameOf(object), {
        propagationPolicy,
        uid,
        // It may have been given another owner since we looked.
        ...(resourceVersion ? { resourceVersion } : {}),
      })
      context.report.did.push(`deleted ${kind.kind} ${name}`)
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }

  async #forgetOwners(
    { client, report }: ReconcileContext,
    { kind, object }: GraphNode,
    lost: readonly OwnerReference[],
  ): Promise<void> {
    await removeOwners(client, { kind, object }, (owner) => lost.some(({ uid }) => uid === owner.uid))
    report.did.push(`took ${lost.map(({ kind: ownerKind, name }) => `${ownerKind} ${name}`).join(', ')} off its owners`)
  }

  async #finishForeground(context: ReconcileContext, { kind, object }: GraphNode): Promise<void> {
    const uid = object.metadata?.uid ?? ''
    const blocking = this.graph
      .dependentsOf(uid)
      .filter((node) =>
        node.object.metadata?.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion),
      )
    context.report.sees(object)
    context.report.wanted = 'no dependents left that block it'
    context.report.seen = `${blocking.length} left`
    // Each of them has a key of its own; the last to go wakes this one.
    if (blocking.length > 0) return
    await removeFinalizer(context, { kind, object }, FOREGROUND)
  }

  async #orphanDependents(context: ReconcileContext, node: GraphNode): Promise<void> {
    const uid = node.object.metadata?.uid ?? ''
    const dependents = this.graph.dependentsOf(uid)
    context.report.sees(node.object)
    context.report.wanted = 'dependents that live on without it'
    context.report.seen = `${dependents.length} dependents`
    for (const dependent of dependents) await removeOwners(context.client, dependent, (owner) => owner.uid === uid)
    await removeFinalizer(context, node, ORPHAN)
  }
}

const nameOf = ({ metadata }: KubeObject) => ({
  name: metadata?.name ?? '',
  ...(metadata?.namespace ? { namespace: metadata.namespace } : {}),
})

async function removeOwners(
  client: ReconcileContext['client'],
  { kind, object }: GraphNode,
  isLost: (owner: OwnerReference) => boolean,
): Promise<void> {
  const ownerReferences = (object.metadata?.ownerReferences ?? []).filter((owner) => !isLost(owner))
  const { uid, resourceVersion } = object.metadata ?? {}
  const patch = {
    metadata: { uid, resourceVersion, ownerReferences: ownerReferences.length > 0 ? ownerReferences : null },
  }
  try {
    await client.of(kind).patch(nameOf(object), 'application/merge-patch+json', patch)
  } catch (err) {
    if (!isNotFound(err)) throw err
  }
}

/** Its owners do not wait for it; returns what it is then. */
async function unblockOwners({ client, report }: ReconcileContext, { kind, object }: GraphNode): Promise<ObjectMeta> {
  const { uid, resourceVersion, ownerReferences = [] } = object.metadata ?? {}
  if (!ownerReferences.some((owner) => owner.blockOwnerDeletion)) return object.metadata ?? {}
  const unblocked = ownerReferences.map((owner) =>
    owner.blockOwnerDeletion ? { ...owner, blockOwnerDeletion: false } : owner,
  )
  const patch = { metadata: { uid, resourceVersion, ownerReferences: unblocked } }
  const { metadata = {} } = await client.of(kind).patch(nameOf(object), 'application/merge-patch+json', patch)
  report.did.push('told its owners not to wait for it: they may be waiting for each other')
  return metadata
}

async function removeFinalizer(
  { client, report }: ReconcileContext,
  { kind, object }: GraphNode,
  finalizer: string,
): Promise<void> {
  const finalizers = (object.metadata?.finalizers ?? []).filter((one) => one !== finalizer)
  const { uid, resourceVersion } = object.metadata ?? {}
  const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null } }
  try {
    await client.of(kind).patch(nameOf(object), 'application/merge-patch+json', patch)
    report.did.push(`removed the finalizer ${finalizer}`)
  } catch (err) {
    if (!isNotFound(err) && !(err instanceof StatusError && err.reason === 'Gone')) throw err
  }
}

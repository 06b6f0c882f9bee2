import { deepEqual } from '../../apimachinery/deep.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import type { Change } from '../../client/shared-informer.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { followCustomKinds } from '../custom-kinds.ts'
import { GarbageCollectorReconciler } from './garbage-collector-reconciler.ts'
import { FOREGROUND, type GraphNode, ORPHAN, type OwnershipGraph, waitsForDependents } from './ownership-graph.ts'

/** `pods/default/web-1/<uid>`: for people; only the uid counts. */
const gcKey = ({ kind, object }: GraphNode) => `${kind.plural}/${keyOf(object)}/${object.metadata?.uid}`

/** Whose standing a change may have altered. */
function concerned(graph: OwnershipGraph, kind: AnyKind, change: Change<KubeObject>): GraphNode[] {
  const { object } = change
  const { uid = '', ownerReferences = [], finalizers = [], deletionTimestamp } = object.metadata ?? {}
  const self = { kind, object }
  const waitingOwners = (references: typeof ownerReferences) =>
    references.flatMap((owner) => {
      const node = graph.find(owner.uid)
      return node && waitsForDependents(node.object) ? [node] : []
    })
  if (change.type === 'deleted') return [...graph.dependentsOf(uid), ...waitingOwners(ownerReferences)]
  const previous = change.type === 'updated' ? change.previous.metadata : undefined
  const nodes: GraphNode[] = []
  const ownersChanged = !deepEqual(previous?.ownerReferences ?? [], ownerReferences)
  if (ownersChanged) nodes.push(self, ...waitingOwners(previous?.ownerReferences ?? []))
  const asksForMore = deletionTimestamp && (finalizers.includes(FOREGROUND) || finalizers.includes(ORPHAN))
  const asked = previous?.deletionTimestamp && deepEqual(previous.finalizers, finalizers)
  if (asksForMore && !asked) {
    nodes.push(self)
    if (finalizers.includes(FOREGROUND)) nodes.push(...graph.dependentsOf(uid))
  }
  return nodes
}

export function garbageCollector(kinds: readonly AnyKind[]) {
  // Nothing owns an Event but time, and there are many.
  const collected = kinds.filter(({ kind }) => kind !== 'Event')
  return controller('garbage-collector')
    .queueNamed('garbage_collector_attempt_to_delete')
    .actsAs('generic-garbage-collector')
    .concurrency(20)
    .reconcileWith((view, enqueue) => {
      const reconciler = new GarbageCollectorReconciler(view)
      const { graph } = reconciler
      const collect = (kind: AnyKind) => {
        graph.add(kind)
        view.onChange(kind, (change: Change<KubeObject>) => {
          for (const node of concerned(graph, kind, change)) enqueue(gcKey(node), change.object)
        })
      }
      for (const kind of collected) collect(kind)
      followCustomKinds(view, { come: collect, go: (kind) => graph.remove(kind) })
      return reconciler
    })
}

import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { verdictOn } from './daemon-pods.ts'
import { DaemonSetReconciler } from './daemon-set-reconciler.ts'

export const daemonSetController = controller('daemonset')
  .actsAs('daemon-set-controller')
  .for(DaemonSet)
  .owns(Pod)
  .owns(ControllerRevision)
  // An orphan: whoever selects it may adopt it.
  .watches(Pod, ({ object, type }, view) => {
    if (type === 'deleted' || controllerOf(object)) return []
    return view
      .cache(DaemonSet)
      .inNamespace(object.metadata?.namespace ?? '')
      .filter(({ spec }) => selectorOfObject(spec?.selector).matches(object.metadata?.labels))
      .map(keyOf)
  })
  // Nodes report all the time; only labels and taints decide who may be there.
  .watches(Node, (change, view) => {
    const { object } = change
    const before = change.type === 'updated' ? change.previous : undefined
    const sets = view.cache(DaemonSet).list()
    if (!before) return sets.map(keyOf)
    if (
      deepEqual(before.metadata?.labels, object.metadata?.labels) &&
      deepEqual(before.spec?.taints, object.spec?.taints)
    )
      return []
    return sets.filter((set) => !deepEqual(verdictOn(set, before), verdictOn(set, object))).map(keyOf)
  })
  .reconcileWith((view) => new DaemonSetReconciler(view))

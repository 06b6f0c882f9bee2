import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicaSetReconciler } from './replica-set-reconciler.ts'

export const replicaSetController = controller('replicaset')
  .for(ReplicaSet)
  .owns(Pod)
  // An orphan: whoever selects it may adopt it.
  .watches(Pod, ({ object, type }, view) => {
    if (type === 'deleted' || controllerOf(object)) return []
    return view
      .cache(ReplicaSet)
      .inNamespace(object.metadata?.namespace ?? '')
      .filter((replicaSet) => selectorOfObject(replicaSet.spec?.selector).matches(object.metadata?.labels))
      .map(keyOf)
  })
  .reconcileWith((view) => new ReplicaSetReconciler(view))

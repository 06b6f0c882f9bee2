import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { Pod } from '../../kinds/pod.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { StatefulSetReconciler } from './stateful-set-reconciler.ts'

export const statefulSetController = controller('statefulset')
  .for(StatefulSet)
  .owns(Pod)
  .owns(ControllerRevision)
  // An orphan: whoever selects it may adopt it; and one that stood in the way of a name has gone.
  .watches(Pod, ({ object }, view) => {
    if (controllerOf(object)) return []
    return view
      .cache(StatefulSet)
      .inNamespace(object.metadata?.namespace ?? '')
      .filter(({ spec }) => selectorOfObject(spec?.selector).matches(object.metadata?.labels))
      .map(keyOf)
  })
  .reconcileWith((view) => new StatefulSetReconciler(view))

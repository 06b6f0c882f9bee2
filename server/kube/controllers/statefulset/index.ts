import type { StatefulSet as AppsStatefulSet } from 'kubernetes-types/apps/v1'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { claimName } from './identity.ts'
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
  // A pod waits for the disk of the one before it to be gone, or for its own to be made again.
  .watches(PersistentVolumeClaim, ({ object, type }, view) => {
    if (type !== 'deleted') return []
    const { namespace = '', name = '' } = object.metadata ?? {}
    const isOf = (set: AppsStatefulSet) =>
      set.spec?.volumeClaimTemplates?.some(({ metadata }) =>
        name.startsWith(claimName(set, metadata?.name ?? '', 0).slice(0, -1)),
      )
    return view.cache(StatefulSet).inNamespace(namespace).filter(isOf).map(keyOf)
  })
  .reconcileWith((view) => new StatefulSetReconciler(view))

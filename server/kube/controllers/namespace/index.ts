import { controller } from '../../client/controller-builder.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Pod } from '../../kinds/pod.ts'
import { NamespaceReconciler } from './namespace-reconciler.ts'

export const namespaceController = (kinds: readonly AnyKind[]) =>
  controller('namespace')
    .for(Namespace)
    // Pods take their time to go; the last one's end is worth hearing of at once.
    .watches(Pod, ({ type, object }, view) => {
      const namespace = object.metadata?.namespace ?? ''
      const isGoing = view.cache(Namespace).get(namespace)?.metadata?.deletionTimestamp
      return type === 'deleted' && isGoing ? [namespace] : []
    })
    .concurrency(10)
    .retriesWithin(60_000)
    .reconcileWith((view) => new NamespaceReconciler(view, kinds))

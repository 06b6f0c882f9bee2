import type { ReplicaSet as AppsReplicaSet } from 'kubernetes-types/apps/v1'
import { selectorOfMap, selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import type { Kind } from '../../kinds/define-kind.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { type Flavour, ReplicaSetReconciler } from './replica-set-reconciler.ts'

const replicaSets: Flavour = {
  kind: ReplicaSet,
  tellsTerminating: true,
  selectorOf: ({ spec }) => selectorOfObject(spec?.selector),
}

const replicationControllers: Flavour = {
  kind: ReplicationController as unknown as Kind<AppsReplicaSet>,
  tellsTerminating: false,
  selectorOf: ({ spec }) => selectorOfMap(spec?.selector as Record<string, string> | undefined),
}

export const replicaSetController = loopFor('replicaset', replicaSets).reconcileWith(
  (view) => new ReplicaSetReconciler(view, replicaSets),
)

export const replicationController = loopFor('replication', replicationControllers)
  .queueNamed('replicationmanager')
  .reconcileWith((view) => new ReplicaSetReconciler(view, replicationControllers))

function loopFor(name: string, { kind, selectorOf }: Flavour) {
  return (
    controller(name)
      .for(kind)
      .owns(Pod)
      // An orphan: whoever selects it may adopt it.
      .watches(Pod, ({ object, type }, view) => {
        if (type === 'deleted' || controllerOf(object)) return []
        return view
          .cache(kind)
          .inNamespace(object.metadata?.namespace ?? '')
          .filter((owner) => selectorOf(owner).matches(object.metadata?.labels))
          .map(keyOf)
      })
  )
}

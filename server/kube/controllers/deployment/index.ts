import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { DeploymentReconciler, recreatingOwner } from './deployment-reconciler.ts'

export const deploymentController = controller('deployment')
  .for(Deployment)
  .owns(ReplicaSet)
  // An orphan: whoever selects it may adopt it.
  .watches(ReplicaSet, ({ object, type }, view) => {
    if (type === 'deleted' || controllerOf(object)) return []
    return view
      .cache(Deployment)
      .inNamespace(object.metadata?.namespace ?? '')
      .filter((deployment) => selectorOfObject(deployment.spec?.selector).matches(object.metadata?.labels))
      .map(keyOf)
  })
  // Pods matter to a Deployment only while it waits for the last old one to go.
  .watches(Pod, ({ object, type }, view) => (type === 'deleted' ? recreatingOwner(view, object) : []))
  .reconcileWith((view) => new DeploymentReconciler(view))

import { keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { Node } from '../../kinds/node.ts'
import { saysMore } from './node-health.ts'
import { type NodeLifecycleOptions, NodeLifecycleReconciler, PATROL } from './node-lifecycle-reconciler.ts'

export const nodeLifecycleController = (options: NodeLifecycleOptions) =>
  controller('node-lifecycle')
    .queueNamed('node_lifecycle_controller')
    .actsAs('node-controller')
    .startsWith(PATROL)
    .watches(Node, (change) =>
      change.type === 'updated' && !saysMore(change.object, change.previous) ? [] : [keyOf(change.object)],
    )
    .eventsFrom('node-controller')
    .reconcileWith((view, enqueue) => new NodeLifecycleReconciler(view, enqueue, options))

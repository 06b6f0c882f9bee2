import { controller } from '../../client/controller-builder.ts'
import { Node } from '../../kinds/node.ts'
import { type NodeLifecycleOptions, NodeLifecycleReconciler, PATROL } from './node-lifecycle-reconciler.ts'

export const nodeLifecycleController = (options: NodeLifecycleOptions) =>
  controller('node-lifecycle')
    .queueNamed('node_lifecycle_controller')
    .actsAs('node-controller')
    .startsWith(PATROL)
    .for(Node)
    .eventsFrom('node-controller')
    .reconcileWith((view, enqueue) => new NodeLifecycleReconciler(view, enqueue, options))

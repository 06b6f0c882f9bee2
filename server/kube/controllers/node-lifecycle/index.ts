import { controller } from '../../client/controller-builder.ts'
import { Node } from '../../kinds/node.ts'
import { type NodeLifecycleOptions, NodeLifecycleReconciler } from './node-lifecycle-reconciler.ts'

export const nodeLifecycleController = (options: NodeLifecycleOptions) =>
  controller('node-lifecycle')
    .queueNamed('node_lifecycle_controller')
    .actsAs('node-controller')
    .for(Node)
    .eventsFrom('node-controller')
    .reconcileWith((view) => new NodeLifecycleReconciler(view, options))

import { controller } from '../../client/controller-builder.ts'
import { Endpoints } from '../../kinds/endpoints.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { servicesOf } from '../service-pods.ts'
import { EndpointsReconciler } from './endpoints-reconciler.ts'

export const endpointsController = controller('endpoints')
  .queueNamed('endpoint')
  .actsAs('endpoint-controller')
  .for(Service)
  .watches(Pod, servicesOf)
  // Deleted or changed by somebody: same name as its Service.
  .watches(Endpoints, ({ object }) => [`${object.metadata?.namespace}/${object.metadata?.name}`])
  .reconcileWith((view) => new EndpointsReconciler(view))

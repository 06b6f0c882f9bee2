import { keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { Endpoints } from '../../kinds/endpoints.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { servicesOf } from '../service-pods.ts'
import { EndpointsReconciler } from './endpoints-reconciler.ts'

export const endpointsController = controller('endpoints')
  .queueNamed('endpoint')
  .actsAs('endpoint-controller')
  .eventsFrom('endpoint-controller')
  .for(Service)
  .watches(Pod, servicesOf)
  // Deleted or changed by somebody. At the start also those whose Service has gone while nobody looked; what is made
  // before its Service waits for it.
  .watches(Endpoints, (change, view) => {
    const key = keyOf(change.object)
    const isLeftOver = change.type === 'added' && change.initial
    return isLeftOver || view.cache(Service).get(key) ? [key] : []
  })
  .reconcileWith((view) => new EndpointsReconciler(view))

import { controller } from '../../client/controller-builder.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { servicesOf } from '../service-pods.ts'
import { serviceKeyOf } from '../slice-writer.ts'
import { EndpointSliceReconciler, isOurs } from './endpoint-slice-reconciler.ts'

export const endpointSliceController = controller('endpointslice')
  .queueNamed('endpoint_slice')
  .for(Service)
  .watches(Pod, servicesOf)
  .watches(EndpointSlice, (change) => {
    const keys = isOurs(change.object) ? [serviceKeyOf(change.object)] : []
    // Taken from us by a label: the Service it was for needs another.
    if (change.type === 'updated' && isOurs(change.previous)) keys.push(serviceKeyOf(change.previous))
    return keys
  })
  .reconcileWith((view) => new EndpointSliceReconciler(view))

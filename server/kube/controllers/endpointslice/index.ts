import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { servicesOf } from '../service-pods.ts'
import { serviceKeyOf } from '../slice-writer.ts'
import { asksForShares, capacityOf } from './endpoint-hints.ts'
import { EndpointSliceReconciler, isOurs } from './endpoint-slice-reconciler.ts'

export const endpointSliceController = controller('endpointslice')
  .queueNamed('endpoint_slice')
  .eventsFrom('endpoint-slice-controller')
  .for(Service)
  .watches(Pod, servicesOf)
  .watches(EndpointSlice, (change) => {
    const keys = isOurs(change.object) ? [serviceKeyOf(change.object)] : []
    // Taken from us by a label: the Service it was for needs another.
    if (change.type === 'updated' && isOurs(change.previous)) keys.push(serviceKeyOf(change.previous))
    return keys
  })
  .watches(Node, (change, view) => {
    const [now, before] = [
      change.type === 'deleted' ? undefined : capacityOf(change.object),
      change.type === 'updated' ? capacityOf(change.previous) : undefined,
    ]
    // Heartbeats are many; what counts is a zone that has become larger or smaller.
    if (change.type !== 'deleted' && deepEqual(now, before)) return []
    return view.cache(Service).list().filter(asksForShares).map(keyOf)
  })
  .reconcileWith((view) => new EndpointSliceReconciler(view))

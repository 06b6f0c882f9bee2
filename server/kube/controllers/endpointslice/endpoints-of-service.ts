// The endpoints of a Service, grouped by address family and by the numbers its ports have in the pods. Pure.
// Upstream: k8s.io/endpointslice/{reconciler,utils}.go.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1'
import { type EndpointGroup, groupKey } from '../plan-slices.ts'
import { isReady } from '../pod-state.ts'
import { addressIn, familiesOf, hostnameUnder, mayBeEndpoint, podReference, targetPortIn } from '../service-pods.ts'

export function groupsFor(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): Map<string, EndpointGroup> {
  const groups = new Map<string, EndpointGroup>()
  for (const addressType of familiesOf(service)) {
    for (const pod of pods.filter(mayBeEndpoint)) {
      const address = addressIn(pod, addressType)
      if (!address) continue
      // One that has none of the Service's ports is told of as well: without ports.
      const ports = portsIn(pod, service)
      const key = groupKey(addressType, ports)
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] }
      groups.set(key, group)
      group.endpoints.push(endpointOf(service, pod, address, nodeOf))
    }
  }
  return groups
}

function portsIn(pod: Pod, service: Service): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort): EndpointPort[] => {
    const port = targetPortIn(pod, servicePort)
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    return port === undefined ? [] : [{ name, port, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

/**
 * `serving` says that the pod can answer, `terminating` that it is on its way out; `ready`, what most readers go by,
 * is serving and not terminating, unless the Service asks for all.
 */
function endpointOf(service: Service, pod: Pod, address: string, nodeOf: (name: string) => Node | undefined): Endpoint {
  const serving = isReady(pod)
  const terminating = pod.metadata?.deletionTimestamp !== undefined
  const { nodeName } = pod.spec ?? {}
  const zone = nodeName && nodeOf(nodeName)?.metadata?.labels?.['topology.kubernetes.io/zone']
  const hostname = hostnameUnder(service, pod)
  return {
    addresses: [address],
    conditions: { ready: service.spec?.publishNotReadyAddresses || (serving && !terminating), serving, terminating },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: podReference(pod),
    ...(zone ? { zone } : {}),
  }
}

// The endpoints of a Service, grouped by address family and by the numbers its ports have in the pods. Pure.
// Upstream: k8s.io/endpointslice/{reconciler,utils}.go.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1'
import { type AddressType, type EndpointGroup, familyOf, groupKey } from '../plan-slices.ts'
import { isReady } from '../pod-state.ts'
import { hostnameUnder, mayBeEndpoint, podReference, targetPortIn } from '../service-pods.ts'

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
      const ports = portsIn(pod, service)
      if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) continue
      const key = groupKey(addressType, ports)
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] }
      groups.set(key, group)
      group.endpoints.push(endpointOf(service, pod, address, nodeOf))
    }
  }
  return groups
}

export function familiesOf(service: Service): AddressType[] {
  const families = (service.spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6')
  return families.length > 0 ? families : ['IPv4']
}

function addressIn(pod: Pod, family: AddressType): string | undefined {
  const addresses = [...(pod.status?.podIPs ?? []).map(({ ip }) => ip), pod.status?.podIP]
  return addresses.find((ip) => ip && familyOf(ip) === family)
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

// Services, Pods and machines as the Network lens draws them.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { formatSelector, selectorOfMap } from '../../kube/apimachinery/index.ts'
import { nodeIsReady, nodeIsSimulated } from '../picture-push.ts'
import type { ClusterObjects } from './addresses.ts'
import type { NetworkMachine, NetworkPod, NetworkService } from './network-push.ts'
import { addressesOfPod, clusterIPsOf, podCidrsOf } from './object-addresses.ts'
import { pathOfService, SERVICE_NAME, slicesOf } from './service-path.ts'

export type Hearing = Pick<NetworkMachine, 'state' | 'why'>

/** Each is given what may be its own: to look through all for each would take the square of them. */
export function networkServices({ services, pods, endpointSlices }: ClusterObjects): NetworkService[] {
  const podsIn = Map.groupBy(pods, ({ metadata }) => metadata?.namespace)
  const slicesBy = Map.groupBy(
    endpointSlices,
    ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.[SERVICE_NAME]}`,
  )
  return services.map((service) => {
    const { namespace, name } = service.metadata ?? {}
    return networkService(service, {
      pods: podsIn.get(namespace) ?? [],
      endpointSlices: slicesBy.get(`${namespace}/${name}`) ?? [],
    })
  })
}

export function networkService(
  service: Service,
  objects: Pick<ClusterObjects, 'pods' | 'endpointSlices'>,
): NetworkService {
  const { metadata, spec } = service
  const endpoints = new Map<string, NetworkService['endpoints'][number]>()
  for (const { addresses, conditions, targetRef } of slicesOf(service, objects.endpointSlices).flatMap(endpointsOf)) {
    const [address = ''] = addresses
    const ready = conditions?.ready !== false
    if (targetRef?.kind === 'Pod') {
      const pod = { namespace: targetRef.namespace ?? metadata?.namespace ?? '', name: targetRef.name ?? '' }
      // In the slice of the other family it is the same Pod.
      if (!endpoints.has(pod.name)) endpoints.set(pod.name, { address, ready, pod })
    } else endpoints.set(address, { address, ready })
  }
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    type: spec?.type ?? 'ClusterIP',
    clusterIPs: clusterIPsOf(service).filter((ip) => ip !== '' && ip !== 'None'),
    ports: (spec?.ports ?? []).map(({ port, protocol = 'TCP', targetPort = port, nodePort }) => ({
      port,
      protocol,
      targetPort: String(targetPort),
      ...(nodePort ? { nodePort } : {}),
    })),
    selector: formatSelector(selectorOfMap(spec?.selector)),
    endpoints: [...endpoints.values()],
    path: pathOfService(service, objects),
  }
}

export function networkPod(pod: Pod): NetworkPod {
  const { metadata, spec } = pod
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    ips: addressesOfPod(pod),
    machine: spec?.nodeName ?? '',
    onHost: spec?.hostNetwork ?? false,
  }
}

const endpointsOf = ({ endpoints }: EndpointSlice) => endpoints ?? []

/** `hearing`: what is known of its stream; without, it is only being opened. */
export function networkMachine(node: Node, hearing: Hearing | undefined): NetworkMachine {
  const { state, why } = whyDeaf(node) ?? hearing ?? { state: 'connecting', why: '' }
  return {
    name: node.metadata?.name ?? '',
    address: node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
    podCidrs: podCidrsOf(node),
    state,
    why,
  }
}

/** Why nothing can be heard of a machine; undefined where it can be listened to. */
export function whyDeaf(node: Node): Hearing | undefined {
  if (nodeIsSimulated(node)) return { state: 'simulated', why: 'No packets flow on a simulated machine.' }
  return nodeIsReady(node) ? undefined : { state: 'connecting', why: 'The machine is not Ready.' }
}

// Services, Pods and machines as the Network lens draws them.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import { formatSelector, selectorOfMap } from '../../kube/apimachinery/index.ts'
import { nodeIsReady, nodeIsSimulated } from '../picture-push.ts'
import type { ClusterObjects } from './addresses.ts'
import type { NetworkMachine, NetworkPod, NetworkService } from './network-push.ts'
import { pathOfService, slicesOf } from './service-path.ts'

export type Hearing = Pick<NetworkMachine, 'state' | 'why'>

export function networkService(service: Service, objects: ClusterObjects): NetworkService {
  const { metadata, spec } = service
  const endpoints = slicesOf(service, objects.endpointSlices)
    .flatMap((slice) => slice.endpoints ?? [])
    .map(({ addresses, conditions, targetRef }) => ({
      address: addresses[0] ?? '',
      ready: conditions?.ready !== false,
      ...(targetRef?.kind === 'Pod'
        ? { pod: { namespace: targetRef.namespace ?? metadata?.namespace ?? '', name: targetRef.name ?? '' } }
        : {}),
    }))
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    type: spec?.type ?? 'ClusterIP',
    clusterIP: spec?.clusterIP === 'None' ? '' : (spec?.clusterIP ?? ''),
    ports: (spec?.ports ?? []).map(({ port, protocol = 'TCP', targetPort = port, nodePort }) => ({
      port,
      protocol,
      targetPort: String(targetPort),
      ...(nodePort ? { nodePort } : {}),
    })),
    selector: formatSelector(selectorOfMap(spec?.selector)),
    endpoints,
    path: pathOfService(service, objects),
  }
}

export function networkPod({ metadata, spec, status }: Pod): NetworkPod {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    ip: status?.podIP ?? '',
    machine: spec?.nodeName ?? '',
    onHost: spec?.hostNetwork ?? false,
  }
}

/** `hearing`: what is known of its stream; without, it is only being opened. */
export function networkMachine(node: Node, hearing: Hearing | undefined): NetworkMachine {
  const { state, why } = whyDeaf(node) ?? hearing ?? { state: 'connecting', why: '' }
  return {
    name: node.metadata?.name ?? '',
    address: node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
    podCidr: node.spec?.podCIDR ?? '',
    state,
    why,
  }
}

/** Why nothing can be heard of a machine; undefined where it can be listened to. */
export function whyDeaf(node: Node): Hearing | undefined {
  if (nodeIsSimulated(node)) return { state: 'simulated', why: 'No packets flow on a simulated machine.' }
  return nodeIsReady(node) ? undefined : { state: 'connecting', why: 'The machine is not Ready.' }
}

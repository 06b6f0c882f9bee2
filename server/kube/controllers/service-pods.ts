// Between Services and the pods behind them: who selects whom, which changes of a pod matter, what its ports are.
// Upstream: k8s.io/endpointslice/util, kubernetes/pkg/api/v1/pod.

import type { ContainerPort, Pod as CorePod, Service as CoreService, ServicePort } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { selectorOfMap } from '../apimachinery/label-selector.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import type { ClusterView } from '../client/controller-builder.ts'
import type { Change } from '../client/shared-informer.ts'
import { Service } from '../kinds/service.ts'
import { type AddressType, familyOf } from './plan-slices.ts'
import { isReady, isTerminated } from './pod-state.ts'

const endpointFacts = (pod: CorePod) => [
  pod.status?.podIP,
  pod.status?.podIPs,
  pod.spec?.nodeName,
  pod.spec?.hostname,
  isReady(pod),
  isTerminated(pod),
  pod.metadata?.deletionTimestamp !== undefined,
  pod.metadata?.labels,
]

/** The keys of the Services that a pod's change concerns: those that select it, or did before. */
export function servicesOf(change: Change<CorePod>, view: ClusterView): string[] {
  const { object } = change
  const previous = change.type === 'updated' ? change.previous : undefined
  // Pods change often for reasons that no Service cares about.
  if (previous && deepEqual(endpointFacts(previous), endpointFacts(object))) return []
  return view
    .cache(Service)
    .inNamespace(object.metadata?.namespace ?? '')
    .filter(({ spec }) => {
      if (!spec?.selector || Object.keys(spec.selector).length === 0) return false
      const selector = selectorOfMap(spec.selector)
      return selector.matches(object.metadata?.labels) || (previous && selector.matches(previous.metadata?.labels))
    })
    .map(keyOf)
}

/** Finished pods have no place behind a Service, and neither has one without an address. */
export function mayBeEndpoint(pod: CorePod): boolean {
  return !!pod.status?.podIP && !isTerminated(pod)
}

/** The number of a Service's port in this pod; undefined when the pod has no port of that name. */
export function targetPortIn(pod: CorePod, servicePort: ServicePort): number | undefined {
  const { targetPort, port, protocol = 'TCP' } = servicePort
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port
  if (typeof targetPort === 'number') return targetPort
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  const sidecars = initContainers.filter((container) => container.restartPolicy === 'Always')
  const ports = [...containers, ...sidecars].flatMap((container): ContainerPort[] => container.ports ?? [])
  return ports.find((one) => one.name === targetPort && (one.protocol ?? 'TCP') === protocol)?.containerPort
}

export const podReference = (pod: CorePod) => ({
  kind: 'Pod',
  namespace: pod.metadata?.namespace ?? '',
  name: pod.metadata?.name ?? '',
  uid: pod.metadata?.uid ?? '',
})

const HEADLESS = 'service.kubernetes.io/headless'

/** What a Service's endpoints are labelled with. */
export function serviceLabels({ metadata, spec }: CoreService): Record<string, string> {
  const { [HEADLESS]: _, ...labels } = metadata?.labels ?? {}
  return spec?.clusterIP === 'None' ? { ...labels, [HEADLESS]: '' } : labels
}

export function familiesOf(service: CoreService): AddressType[] {
  const families = (service.spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6')
  return families.length > 0 ? families : ['IPv4']
}

export function addressIn({ status }: CorePod, family: AddressType): string | undefined {
  const addresses = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP]
  return addresses.find((ip) => ip && familyOf(ip) === family)
}

/** Hostnames make DNS names, but only below the Service that the pod names as its subdomain. */
export function hostnameUnder(service: CoreService, pod: CorePod): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {}
  return hostname && subdomain === service.metadata?.name ? hostname : undefined
}

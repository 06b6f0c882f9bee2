// The Service: one address for many pods. Its addresses are given out by the API server.
// Upstream: kubernetes/pkg/registry/core/service, pkg/apis/core/validation ValidateService.

import type { ServicePort, ServiceSpec, Service as Wire } from 'kubernetes-types/core/v1'
import { formatSelector, selectorOfMap } from '../apimachinery/label-selector.ts'
import { dnsLabelProblems } from '../apimachinery/names.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { serviceBalancerErrors } from './networking/balancer-status.ts'
import { serviceChangeErrors } from './service-changes.ts'
import { isExternallyAccessible, serviceAnnotationErrors, serviceErrors } from './service-rules.ts'
import { serviceStatusWarnings, serviceWarnings } from './service-warnings.ts'

const AFFINITY_SECONDS = 10_800

export const Service = defineKind<Wire>({
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status', 'proxy'],
  strategy: {
    createsOnUpdate: true,
    warnings: serviceWarnings,
    statusWarnings: serviceStatusWarnings,
    setDefaults(service) {
      service.spec ??= {}
      defaultSpec(service.spec)
      for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
    },
    prepareForCreate(service) {
      Object.assign(service, { status: { loadBalancer: {} } })
    },
    prepareForUpdate(service) {
      // Nothing balances it any more.
      if (service.spec?.type !== 'LoadBalancer') {
        Object.assign(service, { status: { ...service.status, loadBalancer: {} } })
      }
    },
    validate: (service, previous) => [
      ...serviceAnnotationErrors(service, previous),
      ...serviceErrors(service.spec ?? {}, previous?.spec),
    ],
    validateStatusUpdate: ({ spec, status }, { status: previous }) =>
      serviceBalancerErrors(spec?.type === 'LoadBalancer', status?.loadBalancer, previous?.loadBalancer),
    validateUpdate: (next, previous) => serviceChangeErrors(next.spec ?? {}, previous.spec ?? {}),
    nameProblems: dnsLabelProblems,
    returnsDeletedObject: true,
  },
  columns: [
    nameColumn,
    { name: 'Type', field: 'spec.type', value: ({ spec }) => spec?.type },
    {
      name: 'Cluster-IP',
      field: 'spec.clusterIP',
      value: ({ spec }) => spec?.clusterIPs?.[0] || spec?.clusterIP || '<none>',
    },
    { name: 'External-IP', field: 'spec.externalIPs', value: externalIp },
    {
      name: 'Port(s)',
      field: 'spec.ports',
      value: ({ spec }) => (spec?.ports ?? []).map(shownPort).join(',') || '<none>',
    },
    ageColumn,
    {
      name: 'Selector',
      field: 'spec.selector',
      priority: 1,
      value: ({ spec }) => formatSelector(selectorOfMap(spec?.selector)) || '<none>',
    },
  ],
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec?.clusterIP ?? '',
    'spec.type': ({ spec }) => spec?.type ?? '',
  },
})

function defaultSpec(spec: ServiceSpec): void {
  spec.type ||= 'ClusterIP'
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } }
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  if (spec.type === 'ExternalName') return
  spec.internalTrafficPolicy ||= 'Cluster'
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
}

const shownPort = ({ port, nodePort, protocol }: ServicePort) =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`

function externalIp({ spec, status }: Wire): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? '<none>'
  const own = spec?.externalIPs ?? []
  if (spec?.type !== 'LoadBalancer') return own.join(',') || '<none>'
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean)
  return [...[...new Set(ingress)].sort(), ...own].join(',') || '<pending>'
}

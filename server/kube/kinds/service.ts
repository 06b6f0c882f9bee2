// The Service: one address for many pods. Its addresses are given out by the API server.
// Upstream: kubernetes/pkg/registry/core/service, pkg/apis/core/validation ValidateService.

import type { ServicePort, ServiceSpec, Service as Wire } from 'kubernetes-types/core/v1'
import { formatSelector, selectorOfMap } from '../apimachinery/label-selector.ts'
import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNameProblems,
  portNumberProblems,
} from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
const AFFINITY_SECONDS = 10_800

export const Service = defineKind<Wire>({
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status', 'proxy'],
  strategy: {
    setDefaults(service) {
      service.spec ??= {}
      defaultSpec(service.spec)
    },
    prepareForCreate(service) {
      completeAddresses(service.spec ?? {})
      Object.assign(service, { status: { loadBalancer: {} } })
    },
    prepareForUpdate(service) {
      completeAddresses(service.spec ?? {})
    },
    validate: ({ spec }) => specErrors(spec ?? {}),
    validateUpdate(next, previous) {
      const [address, before] = [next.spec?.clusterIP ?? '', previous.spec?.clusterIP ?? '']
      const isFree = next.spec?.type === 'ExternalName' || previous.spec?.type === 'ExternalName'
      if (isFree || before === '' || address === before) return []
      return [fieldError.invalid('spec.clusterIPs[0]', next.spec?.clusterIPs ?? [address], 'may not change once set')]
    },
    nameProblems: dns1035LabelProblems,
    returnsDeletedObject: true,
  },
  columns: [
    nameColumn,
    { name: 'Type', value: ({ spec }) => spec?.type },
    { name: 'Cluster-IP', value: ({ spec }) => spec?.clusterIPs?.[0] || spec?.clusterIP || '<none>' },
    { name: 'External-IP', value: externalIp },
    { name: 'Port(s)', value: ({ spec }) => (spec?.ports ?? []).map(shownPort).join(',') || '<none>' },
    ageColumn,
    {
      name: 'Selector',
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
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: AFFINITY_SECONDS } }
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  if (spec.type === 'ExternalName') return
  spec.internalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
}

/** Given by the server and not by default: they are nobody's (see managedFields). */
function completeAddresses(spec: ServiceSpec): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
  else if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0]
  if (spec.type === 'ExternalName') return
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
}

function specErrors(spec: ServiceSpec): FieldError[] {
  const { type = 'ClusterIP', ports = [] } = spec
  const errors: FieldError[] = []
  if (!TYPES.includes(type)) errors.push(fieldError.notSupported('spec.type', type, TYPES))
  const isHeadless = spec.clusterIP === 'None'
  if (ports.length === 0 && !isHeadless && type !== 'ExternalName') errors.push(fieldError.required('spec.ports'))
  if (type === 'ExternalName') {
    if (!spec.externalName) errors.push(fieldError.required('spec.externalName'))
    else {
      for (const problem of dnsSubdomainProblems(spec.externalName.replace(/\.$/, ''))) {
        errors.push(fieldError.invalid('spec.externalName', spec.externalName, problem))
      }
    }
    if (spec.clusterIP)
      errors.push(fieldError.forbidden('spec.clusterIPs', "may not be set when `type` is 'ExternalName'"))
  }
  if (isHeadless && (type === 'NodePort' || type === 'LoadBalancer')) {
    errors.push(fieldError.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
  }
  if (spec.sessionAffinity && spec.sessionAffinity !== 'None' && spec.sessionAffinity !== 'ClientIP') {
    errors.push(fieldError.notSupported('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']))
  }
  const { trafficDistribution: distribution } = spec
  if (distribution !== undefined && !DISTRIBUTIONS.includes(distribution)) {
    errors.push(fieldError.notSupported('spec.trafficDistribution', distribution, DISTRIBUTIONS))
  }
  const names = new Set<string>()
  const seen = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`
    errors.push(...portErrors(port, { at, type, isOnly: ports.length === 1 }))
    if (port.name && names.has(port.name)) errors.push(fieldError.duplicate(`${at}.name`, port.name))
    if (port.name) names.add(port.name)
    const key = `${port.protocol}/${port.port}`
    if (seen.has(key)) errors.push(fieldError.duplicate(at, { port: port.port, protocol: port.protocol }))
    seen.add(key)
  }
  return errors
}

function portErrors(
  port: ServicePort,
  { at, type, isOnly }: { at: string; type: string; isOnly: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  if (!port.name && !isOnly) errors.push(fieldError.required(`${at}.name`))
  if (port.name) {
    for (const problem of dnsLabelProblems(port.name)) errors.push(fieldError.invalid(`${at}.name`, port.name, problem))
  }
  for (const problem of portNumberProblems(port.port)) errors.push(fieldError.invalid(`${at}.port`, port.port, problem))
  if (port.protocol && !PROTOCOLS.includes(port.protocol)) {
    errors.push(fieldError.notSupported(`${at}.protocol`, port.protocol, PROTOCOLS))
  }
  const { targetPort } = port
  const problems =
    typeof targetPort === 'number'
      ? portNumberProblems(targetPort)
      : typeof targetPort === 'string'
        ? portNameProblems(targetPort)
        : []
  for (const problem of problems) errors.push(fieldError.invalid(`${at}.targetPort`, targetPort, problem))
  if (port.nodePort && (type === 'ClusterIP' || type === 'ExternalName')) {
    errors.push(fieldError.forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${type}'`))
  }
  return errors
}

const shownPort = ({ port, nodePort, protocol }: ServicePort) =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`

function externalIp({ spec, status }: Wire): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? '<none>'
  const own = spec?.externalIPs ?? []
  if (spec?.type !== 'LoadBalancer') return own.join(',') || '<none>'
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '')
  return [...ingress, ...own].join(',') || '<pending>'
}

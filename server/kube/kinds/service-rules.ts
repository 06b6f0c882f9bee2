// What a Service may say. Which families and addresses it can have in this cluster is settled where addresses are given out
// (apiserver/registry/service-families.ts). Upstream: pkg/apis/core/validation, ValidateService.

import type { Service, ServicePort, ServiceSpec } from 'kubernetes-types/core/v1'
import { labelsErrors, problemsAt } from '../apimachinery/field-checks.ts'
import { addressProblems, holdsAddress, rangeProblems } from '../apimachinery/ip-rules.ts'
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  portNameProblems,
  portNumberProblems,
} from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { HINTS } from './service-warnings.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const FAMILIES = ['IPv4', 'IPv6']
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
const MOST_SECONDS = 86_400
/** Written large by upstream. */
const SOURCE_RANGES = 'spec.LoadBalancerSourceRanges'
const BALANCED = "may only be used when `type` is 'LoadBalancer'"
const NOT_ALIAS = 'may not be set for ExternalName services'

export const isExternallyAccessible = ({ type, externalIPs }: ServiceSpec) =>
  type === 'NodePort' || type === 'LoadBalancer' || (type !== 'ExternalName' && (externalIPs?.length ?? 0) > 0)

export function serviceErrors(spec: ServiceSpec, previous: ServiceSpec = {}): FieldError[] {
  const { type = 'ClusterIP', ports = [] } = spec
  const errors: FieldError[] = []
  if (!TYPES.includes(type)) errors.push(fieldError.notSupported('spec.type', type, TYPES))
  const isHeadless = spec.clusterIP === 'None'
  if (ports.length === 0 && !isHeadless && type !== 'ExternalName') errors.push(fieldError.required('spec.ports'))
  if (type === 'ExternalName') {
    if (!spec.externalName || spec.externalName === '.') errors.push(fieldError.required('spec.externalName'))
    else {
      const name = spec.externalName.replace(/\.$/, '')
      errors.push(...problemsAt('spec.externalName', name, dnsSubdomainProblems(name)))
    }
  }
  errors.push(...labelsErrors('spec.selector', spec.selector))
  errors.push(...addressErrors(spec, previous), ...reachErrors(spec, previous), ...affinityErrors(spec))
  if (isHeadless && (type === 'NodePort' || type === 'LoadBalancer')) {
    errors.push(fieldError.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
  }
  const names = new Set<string>()
  const [seen, opened] = [new Set<string>(), new Set<string>()]
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`
    errors.push(...portErrors(port, { at, type, isOnly: ports.length === 1 }))
    if (port.name && names.has(port.name)) errors.push(fieldError.duplicate(`${at}.name`, port.name))
    if (port.name) names.add(port.name)
    const key = `${port.protocol}/${port.port}`
    if (seen.has(key)) errors.push(fieldError.duplicate(at, shownKey(port)))
    seen.add(key)
    const { nodePort, protocol } = port
    if (!nodePort) continue
    if (opened.has(`${protocol}/${nodePort}`)) errors.push(fieldError.duplicate(`${at}.nodePort`, nodePort))
    opened.add(`${protocol}/${nodePort}`)
  }
  return errors
}

/** Upstream shows its own form of what is told twice, whose names are Go's. */
const shownKey = ({ protocol, port }: ServicePort) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
})

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
  if (port.appProtocol !== undefined) {
    errors.push(...problemsAt(`${at}.appProtocol`, port.appProtocol, labelKeyProblems(port.appProtocol)))
  }
  if (port.nodePort && type === 'ClusterIP') {
    errors.push(fieldError.forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${type}'`))
  }
  return errors
}

/** What its addresses and their families say together: looked at before any are given out, too. */
export function addressErrors(spec: ServiceSpec, previous: ServiceSpec = {}): FieldError[] {
  const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec
  const errors: FieldError[] = []
  if (spec.type === 'ExternalName') {
    if (clusterIPs.length > 0) errors.push(fieldError.forbidden('spec.clusterIPs', NOT_ALIAS))
    if (ipFamilies.length > 0) errors.push(fieldError.forbidden('spec.ipFamilies', NOT_ALIAS))
    if (ipFamilyPolicy) errors.push(fieldError.forbidden('spec.ipFamilyPolicy', NOT_ALIAS))
    return errors
  }
  const at = 'spec.clusterIPs'
  if (!spec.clusterIP) {
    const why = 'must be empty when `clusterIP` is not specified'
    if (clusterIPs.length > 0) errors.push(fieldError.invalid(at, clusterIPs, why))
  } else if (clusterIPs.length === 0) errors.push(fieldError.required(at))
  else if (clusterIPs[0] !== spec.clusterIP) {
    errors.push(fieldError.invalid(at, clusterIPs, 'first value must match `clusterIP`'))
  }
  for (const [index, family] of ipFamilies.entries()) {
    const place = `spec.ipFamilies[${index}]`
    if (!FAMILIES.includes(family)) errors.push(fieldError.notSupported(place, family, FAMILIES))
    if (ipFamilies.indexOf(family) < index) errors.push(fieldError.duplicate(place, family))
  }
  if (ipFamilyPolicy && !POLICIES.includes(ipFamilyPolicy)) {
    errors.push(fieldError.notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES))
  }
  return [...errors, ...clusterIpErrors(clusterIPs, { families: ipFamilies, known: previous.clusterIPs ?? [] })]
}

function clusterIpErrors(
  clusterIPs: string[],
  { families, known }: { families: readonly string[]; known: readonly string[] },
): FieldError[] {
  const at = 'spec.clusterIPs'
  const malformed = clusterIPs.flatMap((address, index) => {
    if (index === 0 && address === 'None') {
      const isAlone = clusterIPs.length === 1
      return isAlone ? [] : [fieldError.invalid(at, clusterIPs, "'None' must be the first and only value")]
    }
    const problems = known.includes(address) ? [] : addressProblems(address)
    return problems.map((problem) => fieldError.invalid(`${at}[${index}]`, address, problem))
  })
  const tooMany = clusterIPs.length > 2 ? [fieldError.invalid(at, clusterIPs, 'may only hold up to 2 values')] : []
  // What is no address is of no family.
  if (malformed.length > 0 || clusterIPs[0] === 'None') return [...malformed, ...tooMany]
  // What was once taken may have zeros in front.
  const isSix = (address: string) => address.includes(':')
  const kinds = new Set(clusterIPs.map(isSix))
  const areTwo = clusterIPs.length < 2 || kinds.size === 2
  const alike = areTwo ? [] : [fieldError.invalid(at, clusterIPs, 'may specify no more than one IP for each IP family')]
  const unfit = clusterIPs.flatMap((address, index) => {
    const family = families[index]
    const isFit = isSix(address) ? family !== 'IPv4' : family !== 'IPv6'
    if (!family || isFit) return []
    const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    return fieldError.invalid(`${at}[${index}]`, address, why)
  })
  return [...tooMany, ...alike, ...unfit]
}

/** Who may reach it from outside, and how far calls go. */
function reachErrors(spec: ServiceSpec, previous: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const isBalanced = spec.type === 'LoadBalancer'
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const problems = previous.externalIPs?.includes(address) ? [] : addressProblems(address)
    for (const problem of problems.length > 0 ? problems : specialProblems(address)) {
      errors.push(fieldError.invalid(`spec.externalIPs[${index}]`, address, problem))
    }
  }
  const { loadBalancerSourceRanges: ranges = [], externalTrafficPolicy: policy, healthCheckNodePort } = spec
  if (ranges.length > 0 && !isBalanced) errors.push(fieldError.forbidden(SOURCE_RANGES, BALANCED))
  for (const [index, padded] of ranges.entries()) {
    const range = padded.trim()
    if (previous.loadBalancerSourceRanges?.some((known) => known.trim() === range)) continue
    errors.push(...problemsAt(`${SOURCE_RANGES}[${index}]`, range, rangeProblems(range)))
  }
  for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
    if (!isBalanced && spec[field] !== undefined) errors.push(fieldError.forbidden(`spec.${field}`, BALANCED))
  }
  const { loadBalancerClass } = spec
  if (isBalanced && loadBalancerClass !== undefined) {
    errors.push(...problemsAt('spec.loadBalancerClass', loadBalancerClass, labelKeyProblems(loadBalancerClass)))
  }
  if (policy && !isExternallyAccessible(spec)) {
    const why = 'may only be set for externally-accessible services'
    errors.push(fieldError.invalid('spec.externalTrafficPolicy', policy, why))
  } else if (policy && !['Cluster', 'Local'].includes(policy)) {
    errors.push(fieldError.notSupported('spec.externalTrafficPolicy', policy, ['Cluster', 'Local']))
  }
  if (healthCheckNodePort && !(isBalanced && policy === 'Local')) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(fieldError.invalid('spec.healthCheckNodePort', healthCheckNodePort, why))
  } else if (healthCheckNodePort) {
    const problems = portNumberProblems(healthCheckNodePort)
    errors.push(...problemsAt('spec.healthCheckNodePort', healthCheckNodePort, problems))
  }
  const { internalTrafficPolicy, trafficDistribution } = spec
  if (internalTrafficPolicy && !['Cluster', 'Local'].includes(internalTrafficPolicy)) {
    errors.push(fieldError.notSupported('spec.internalTrafficPolicy', internalTrafficPolicy, ['Cluster', 'Local']))
  }
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.push(fieldError.notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS))
  }
  return errors
}

const TOLD_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges'
const MODE = 'service.kubernetes.io/topology-mode'

/** What was told in annotations before there were fields for it. */
export function serviceAnnotationErrors({ metadata, spec = {} }: Service, previous?: Service): FieldError[] {
  const annotations = metadata?.annotations ?? {}
  const [mode, hints, told] = [annotations[MODE], annotations[HINTS], annotations[TOLD_RANGES]]
  const at = (name: string) => `metadata.annotations[${name}]`
  const errors: FieldError[] = []
  if (mode !== undefined && hints !== undefined && mode !== hints) {
    errors.push(fieldError.invalid(at(MODE), mode, `must match annotations[${HINTS}] when both are specified`))
  }
  if (told === undefined || (spec.loadBalancerSourceRanges?.length ?? 0) > 0) return errors
  if (spec.type !== 'LoadBalancer') errors.push(fieldError.forbidden(at(TOLD_RANGES), BALANCED))
  if (previous?.metadata?.annotations?.[TOLD_RANGES] === told || told.trim() === '') return errors
  const ranges = told.split(',').map((range) => range.trim())
  return [...errors, ...ranges.flatMap((range) => problemsAt(at(TOLD_RANGES), range, rangeProblems(range)))]
}

const SPECIAL: readonly { ranges: string[]; problem: (address: string) => string }[] = [
  { ranges: ['0.0.0.0/32', '::/128'], problem: (address) => `may not be unspecified (${address})` },
  {
    ranges: ['127.0.0.0/8', '::1/128'],
    problem: () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    ranges: ['169.254.0.0/16', 'fe80::/10'],
    problem: () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    ranges: ['224.0.0.0/24', 'ff02::/16'],
    problem: () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
]

/** Addresses that mean something else on each machine are no endpoints of anybody. */
export const specialProblems = (address: string) =>
  SPECIAL.filter(({ ranges }) => ranges.some((range) => holdsAddress(range, address))).map(({ problem }) =>
    problem(address),
  )

function affinityErrors({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  if (sessionAffinity && sessionAffinity !== 'None' && sessionAffinity !== 'ClientIP') {
    return [fieldError.notSupported('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None'])]
  }
  if (!config) return []
  if (sessionAffinity !== 'ClientIP') {
    return [fieldError.forbidden('spec.sessionAffinityConfig', 'must not be set when session affinity is None')]
  }
  const at = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds'
  const { timeoutSeconds } = config.clientIP ?? {}
  const whose = 'when session affinity type is ClientIP'
  if (!config.clientIP) return [fieldError.required('spec.sessionAffinityConfig.clientIP', whose)]
  if (timeoutSeconds === undefined) return [fieldError.required(at, whose)]
  const why = `must be greater than 0 and less than ${MOST_SECONDS}`
  return timeoutSeconds > 0 && timeoutSeconds <= MOST_SECONDS ? [] : [fieldError.invalid(at, timeoutSeconds, why)]
}

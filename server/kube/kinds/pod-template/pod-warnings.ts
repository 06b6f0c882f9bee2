// What is allowed in a pod and surely not meant: the API server says so, and does as it is told. Of pods only their making is
// looked at, of templates each change. Upstream: pkg/api/pod/warnings.go.

import type { ContainerPort, Pod, PodAffinityTerm, PodTemplateSpec } from 'kubernetes-types/core/v1'
import type { ObjectMeta } from 'kubernetes-types/meta/v1'
import { addressWarnings } from '../../apimachinery/ip-warnings.ts'
import { dnsLabelProblems } from '../../apimachinery/names.ts'
import { storageWarnings } from '../storage/storage-warnings.ts'
import { APP_ARMOR, saysProfile } from './app-armor-annotations.ts'
import { fractionWarnings } from './byte-warnings.ts'
import { eachContainer } from './each-container.ts'
import type { Container, PodSpec } from './newer-fields.ts'
import { nodeLabelWarning, nodeTermWarnings } from './node-label-warnings.ts'
import { driverWarnings } from './old-drivers.ts'
import { overlapWarnings } from './path-overlaps.ts'

interface Named {
  metadata?: ObjectMeta
}
interface Owner extends Named {
  spec?: { template?: PodTemplateSpec }
}

const SURPRISING = 'which can result in surprising behavior; a DNS label is recommended'

export function podWarnings({ metadata = {}, spec }: { metadata?: ObjectMeta; spec?: unknown }): string[] {
  const problems = dnsLabelProblems(metadata.name ?? '')
  const ofName =
    problems.length > 0
      ? [`metadata.name: this is used in the Pod's hostname, ${SURPRISING}: [${problems.join(' ')}]`]
      : []
  return [...ofName, ...warningsOf(spec as PodSpec, metadata, '')]
}

/** Addresses in an unusual form. */
export function podStatusWarnings({ status = {} }: Pod): string[] {
  const { podIPs = [], hostIPs = [] } = status as { podIPs?: { ip?: string }[]; hostIPs?: { ip?: string }[] }
  return Object.entries({ podIPs, hostIPs }).flatMap(([field, addresses]) =>
    addresses.flatMap(({ ip = '' }, index) => addressWarnings(`status.${field}[${index}].ip`, ip)),
  )
}

/** What was said of it when it was made need not be said again. */
export const isSameSpec = (next: Named, previous?: Named): boolean =>
  previous !== undefined && previous.metadata?.generation === next.metadata?.generation

/** Of what makes pods by a template, if it has been changed. */
export function templateWarnings(next: Owner, previous?: Named, at = 'spec.template'): string[] {
  if (isSameSpec(next, previous)) return []
  const { template } = next.spec ?? {}
  return template?.spec ? warningsOf(template.spec as PodSpec, template.metadata ?? {}, `${at}.`) : []
}

/** Of those whose pods are named after them. */
export function ownerNameWarnings({ metadata }: Named, previous?: Named): string[] {
  const problems = previous ? [] : dnsLabelProblems(metadata?.name ?? '')
  return problems.length > 0
    ? [`metadata.name: this is used in Pod names and hostnames, ${SURPRISING}: [${problems.join(' ')}]`]
    : []
}

const ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}
const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod'
const CONTAINER_SECCOMP = 'container.seccomp.security.alpha.kubernetes.io/'
const USE_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'

/** `prefix`: of where the pod's description begins: nothing, or `spec.template.`. */
function warningsOf(spec: PodSpec, metadata: ObjectMeta, prefix: string): string[] {
  const at = `${prefix}spec`
  const { annotations = {} } = metadata
  const noted = (key: string, why: string) =>
    Object.hasOwn(annotations, key) ? [`${prefix}metadata.annotations[${key}]: ${why}`] : []
  const { securityContext = {}, terminationGracePeriodSeconds = 0 } = spec
  const warnings = [
    ...placementWarnings(spec, at),
    ...Object.entries(ANNOTATIONS).flatMap(([key, why]) => noted(key, why)),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume as object, `${at}.volumes[${index}]`)),
    ...overlapWarnings(spec.volumes ?? []),
    ...repeated(
      spec.hostAliases,
      ({ ip = '' }) => ip,
      (ip, index) => `${at}.hostAliases[${index}].ip: duplicate ip "${ip}"`,
    ),
    ...repeated(
      spec.imagePullSecrets,
      ({ name = '' }) => name,
      (name, index) => `${at}.imagePullSecrets[${index}].name: duplicate name "${name}"`,
    ),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at}.imagePullSecrets[${index}].name: invalid empty name ""`],
    ),
    ...fractionWarnings(spec.overhead, `${at}.overhead`),
    ...(securityContext.seccompProfile ? [] : noted(SECCOMP, USE_SECCOMP)),
    ...eachContainer(spec, at, (container, here) => [
      ...(container.securityContext?.seccompProfile ? [] : noted(`${CONTAINER_SECCOMP}${container.name}`, USE_SECCOMP)),
      ...(prefix === '' ||
      container.securityContext?.appArmorProfile ||
      saysProfile(annotations[`${APP_ARMOR}${container.name}`], securityContext.appArmorProfile)
        ? []
        : noted(`${APP_ARMOR}${container.name}`, 'deprecated since v1.30; use the "appArmorProfile" field instead')),
      ...fractionWarnings(container.resources?.limits, `${here}.resources.limits`),
      ...fractionWarnings(container.resources?.requests, `${here}.resources.requests`),
      ...hiddenVariables(container, here),
    ]),
    ...portWarnings(spec, at),
    ...portNameWarnings(spec, at),
  ]
  if (terminationGracePeriodSeconds < 0) {
    warnings.push(
      `${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    )
  }
  return [
    ...warnings,
    ...emptySelectors(spec, at),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, index) =>
      addressWarnings(`${at}.dnsConfig.nameservers[${index}]`, ip),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip = '' }, index) => addressWarnings(`${at}.hostAliases[${index}].ip`, ip)),
  ]
}

function placementWarnings(
  { nodeSelector = {}, affinity, topologySpreadConstraints = [] }: PodSpec,
  at: string,
): string[] {
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required,
    preferredDuringSchedulingIgnoredDuringExecution: preferred,
  } = affinity?.nodeAffinity ?? {}
  const wanted = `${at}.affinity.nodeAffinity`
  return [
    ...Object.keys(nodeSelector).flatMap((key) => {
      const why = nodeLabelWarning(key)
      return why ? [`${at}.nodeSelector[${key}]: ${why}`] : []
    }),
    ...(required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeTermWarnings(term, `${wanted}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`),
    ),
    ...(preferred ?? []).flatMap(({ preference }, index) =>
      nodeTermWarnings(preference, `${wanted}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`, {
        // What is only preferred is not looked at by validation.
        values: true,
      }),
    ),
    ...topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => {
      const here = `${at}.topologySpreadConstraints[${index}]`
      const why = nodeLabelWarning(topologyKey)
      return [
        ...(why ? [`${here}.topologyKey: ${topologyKey} is ${why}`] : []),
        ...(labelSelector ? [] : [`${here}.labelSelector: a null labelSelector results in matching no pod`]),
      ]
    }),
  ]
}

function volumeWarnings(volume: { ephemeral?: { volumeClaimTemplate?: { spec?: object } } }, at: string): string[] {
  const old = driverWarnings(volume, at)
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  return claim ? [...old, ...storageWarnings(claim, `${at}.ephemeral.volumeClaimTemplate.spec`)] : old
}

function repeated<T>(
  list: readonly T[] | undefined,
  keyOf: (one: T) => string,
  words: (key: string, index: number) => string,
): string[] {
  const seen = new Set<string>()
  return (list ?? []).flatMap((one, index) => {
    const key = keyOf(one)
    if (seen.has(key)) return [words(key, index)]
    seen.add(key)
    return []
  })
}

/** Giving a variable twice is right where the second makes use of the first. */
function hiddenVariables({ env }: Container, at: string): string[] {
  const seen = new Set<string>()
  return (env ?? []).flatMap(({ name, value = '', valueFrom }, index) => {
    const before = `$(${name})`
    const isHidden = seen.has(name) && (valueFrom || value === before || !value.includes(before))
    seen.add(name)
    return isHidden
      ? [`${at}.env[${index}]: hides previous definition of "${name}", which may be dropped when using apply`]
      : []
  })
}

function portWarnings(spec: PodSpec, at: string): string[] {
  const known = new Map<string, { here: string; port: ContainerPort }[]>()
  return eachContainer(spec, at, ({ ports = [] }, container) =>
    ports.flatMap((port, index) => {
      const here = `${container}.ports[${index}]`
      const { name = '', hostPort = 0, containerPort, protocol = 'TCP', hostIP = '' } = port
      const key = `${containerPort}/${protocol}`
      const others = known.get(key) ?? []
      known.set(key, [...others, { here, port }])
      const shown = `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
      return [
        ...(hostIP && hostPort === 0 ? [`${here}: hostIP set without hostPort: ${shown}`] : []),
        ...others.flatMap((other) => {
          const how = clash({ hostPort, hostIP }, other.port)
          return how ? [`${here}: ${how} port definition with ${other.here}`] : []
        }),
      ]
    }),
  )
}

/** Within one container validation looks at them. */
function portNameWarnings(spec: PodSpec, at: string): string[] {
  const known = new Map<string, string>()
  return eachContainer(spec, at, ({ ports = [] }, container) =>
    ports.flatMap(({ name }, index) => {
      if (!name) return []
      const [here, first] = [`${container}.ports[${index}]`, known.get(name)]
      if (first === undefined) known.set(name, here)
      return first === undefined
        ? []
        : [
            `${here}: duplicate port name "${name}" with ${first}, services and probes that select ports by name will use ${first}`,
          ]
    }),
  )
}

type HostPort = Pick<ContainerPort, 'hostPort' | 'hostIP'>

function clash(
  { hostPort = 0, hostIP = '' }: HostPort,
  { hostPort: other = 0, hostIP: theirs = '' }: HostPort,
): string | undefined {
  if (hostPort === other && hostIP === theirs) return 'duplicate'
  if (hostPort === 0 || other === 0) return 'overlapping'
  return hostPort === other && (hostIP === '') !== (theirs === '') ? 'dangerously ambiguous' : undefined
}

function emptySelectors({ affinity }: PodSpec, at: string): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const {
      requiredDuringSchedulingIgnoredDuringExecution: required,
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
    } = affinity?.[kind] ?? {}
    const empty = ({ labelSelector }: PodAffinityTerm, here: string) =>
      labelSelector ? [] : [`${here}labelSelector: a null labelSelector results in matching no pod`]
    return [
      ...(required ?? []).flatMap((term, index) =>
        empty(term, `${at}.affinity.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${index}].`),
      ),
      ...(preferred ?? []).flatMap(({ podAffinityTerm }, index) =>
        empty(
          podAffinityTerm,
          `${at}.affinity.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.`,
        ),
      ),
    ]
  })
}

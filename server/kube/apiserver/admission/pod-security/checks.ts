// What is wrong with a pod at each level, in the words that people search the web for.
// Upstream: k8s.io/pod-security-admission/policy/check_*.go.

import type { Container, PodSpec, Probe, SecurityContext } from 'kubernetes-types/core/v1'
import type { ObjectMeta } from '../../../apimachinery/object-meta.ts'
import { allContainers } from '../pods.ts'

export interface CheckedPod {
  annotations: NonNullable<ObjectMeta['annotations']>
  spec: PodSpec
  containers: readonly Container[]
  /** Of Kubernetes: a policy may be pinned to an older one. */
  minor: number
}

export interface Violation {
  reason: string
  detail: string
}

export type Check = (pod: CheckedPod) => Violation | undefined

export const checkedPod = (metadata: ObjectMeta | undefined, spec: PodSpec, minor: number): CheckedPod => ({
  annotations: metadata?.annotations ?? {},
  spec,
  containers: allContainers(spec),
  minor,
})

export const quoted = (words: readonly string[]) => words.map((word) => JSON.stringify(word)).join(', ')
export const sorted = (words: Iterable<string>) => [...new Set(words)].sort()
export const plural = (word: string, count: number) => (count === 1 ? word : `${word}s`)
export const named = (containers: readonly { name: string }[]) =>
  `${plural('container', containers.length)} ${quoted(containers.map(({ name }) => name))}`

/** `pod and container "a"`: who said it. */
export const setters = (isPod: boolean, containers: readonly Container[]) =>
  [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [named(containers)] : [])].join(' and ')

type Securities = SecurityContext & { appArmorProfile?: { type?: string } }
export const security = ({ securityContext }: Container): Securities => (securityContext ?? {}) as Securities

const AS_RUNTIME = ['RuntimeDefault', 'Localhost']
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'

const appArmorProfile: Check = ({ annotations, spec, containers }) => {
  const isBad = (type: string | undefined) => type !== undefined && !AS_RUNTIME.includes(type)
  const ofPod = (spec.securityContext as Securities | undefined)?.appArmorProfile?.type
  const bad = containers.filter((container) => isBad(security(container).appArmorProfile?.type))
  const isAllowed = (value: string) => value === '' || value === 'runtime/default' || value.startsWith('localhost/')
  const wrong = Object.entries(annotations).filter(([key, value]) => key.startsWith(APP_ARMOR) && !isAllowed(value))
  if (!isBad(ofPod) && bad.length === 0 && wrong.length === 0) return undefined
  const types = bad.map((container) => security(container).appArmorProfile?.type ?? '')
  const values = [
    ...sorted(isBad(ofPod) ? [ofPod ?? '', ...types] : types),
    ...wrong.map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort(),
  ]
  const who = [setters(isBad(ofPod), bad), wrong.length > 0 ? plural('annotation', wrong.length) : '']
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${who.filter(Boolean).join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

const HARMLESS = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]

const capabilities: Check = ({ containers }) => {
  const added = (container: Container) =>
    (security(container).capabilities?.add ?? []).filter((capability) => !HARMLESS.includes(capability))
  const bad = containers.filter((container) => added(container).length > 0)
  if (bad.length === 0) return undefined
  const list = quoted(sorted(bad.flatMap(added)))
  return {
    reason: 'non-default capabilities',
    detail: `${named(bad)} must not include ${list} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: Check = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field])
  return shared.length > 0
    ? { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') }
    : undefined
}

const hostPathVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath)
  const names = quoted(bad.map(({ name }) => name))
  return bad.length > 0 ? { reason: 'hostPath volumes', detail: `${plural('volume', bad.length)} ${names}` } : undefined
}

const hostPorts: Check = ({ containers }) => {
  const portsOf = ({ ports = [] }: Container) => ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))
  const bad = containers.filter((container) => portsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const ports = sorted(bad.flatMap(portsOf))
  return {
    reason: 'hostPort',
    detail: `${named(bad)} ${uses(bad)} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  }
}

export const uses = (many: readonly unknown[]) => (many.length === 1 ? 'uses' : 'use')

const hostProbes: Check = ({ containers, minor }) => {
  if (minor < 34) return undefined
  type Asks = Pick<Probe, 'httpGet' | 'tcpSocket'>
  const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container) =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((probe) =>
      [(probe as Asks)?.httpGet?.host, (probe as Asks)?.tcpSocket?.host].flatMap((host) => (host ? [host] : [])),
    )
  const bad = containers.filter((container) => hostsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const hosts = sorted(bad.flatMap(hostsOf))
  const who = `${plural('container', bad.length)} ${quoted(sorted(bad.map(({ name }) => name)))}`
  const what = 'probe or lifecycle host'
  return { reason: what, detail: `${who} ${uses(bad)} ${plural(what, hosts.length)} ${quoted(hosts)}` }
}

const privileged: Check = ({ containers }) => {
  const bad = containers.filter((container) => security(container).privileged)
  return bad.length > 0
    ? { reason: 'privileged', detail: `${named(bad)} must not set securityContext.privileged=true` }
    : undefined
}

const procMount: Check = ({ containers }) => {
  const bad = containers.filter((container) => (security(container).procMount ?? 'Default') !== 'Default')
  if (bad.length === 0) return undefined
  const types = quoted(sorted(bad.map((container) => security(container).procMount ?? '')))
  return { reason: 'procMount', detail: `${named(bad)} must not set securityContext.procMount to ${types}` }
}

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t']

const seLinuxOptions: Check = ({ spec, containers, minor }) => {
  const allowed = minor >= 31 ? [...SELINUX_TYPES, 'container_engine_t'] : SELINUX_TYPES
  const all = [spec.securityContext?.seLinuxOptions, ...containers.map((one) => security(one).seLinuxOptions)]
  const isBad = (options: (typeof all)[number]) =>
    options !== undefined && Boolean(!allowed.includes(options.type ?? '') || options.user || options.role)
  const bad = containers.filter((container) => isBad(security(container).seLinuxOptions))
  const isPodBad = isBad(spec.securityContext?.seLinuxOptions)
  if (!isPodBad && bad.length === 0) return undefined
  const types = sorted(
    all.flatMap((options) => (options && !allowed.includes(options.type ?? '') ? [options.type ?? ''] : [])),
  )
  const wrong = [
    ...(types.length > 0 ? [`${plural('type', types.length)} ${quoted(types)}`] : []),
    ...(all.some((options) => options?.user) ? ['user may not be set'] : []),
    ...(all.some((options) => options?.role) ? ['role may not be set'] : []),
  ]
  const who = setters(isPodBad, bad)
  return {
    reason: 'seLinuxOptions',
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${wrong.join('; ')}`,
  }
}

export const isAllowedSeccomp = (type: string | undefined) => type !== undefined && AS_RUNTIME.includes(type)

const seccompProfile: Check = ({ spec, containers }) => {
  const ofPod = spec.securityContext?.seccompProfile?.type
  const isPodBad = ofPod !== undefined && !isAllowedSeccomp(ofPod)
  const typeOf = (container: Container) => security(container).seccompProfile?.type
  const bad = containers.filter((container) => typeOf(container) !== undefined && !isAllowedSeccomp(typeOf(container)))
  if (!isPodBad && bad.length === 0) return undefined
  const types = sorted([...(isPodBad ? [ofPod] : []), ...bad.map((container) => typeOf(container) ?? '')])
  return {
    reason: 'seccompProfile',
    detail: `${setters(isPodBad, bad)} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  }
}

const SYSCTLS: readonly (readonly [since: number, ...names: string[]])[] = [
  [
    0,
    'kernel.shm_rmid_forced',
    'net.ipv4.ip_local_port_range',
    'net.ipv4.ip_unprivileged_port_start',
    'net.ipv4.ping_group_range',
    'net.ipv4.tcp_syncookies',
  ],
  [27, 'net.ipv4.ip_local_reserved_ports'],
  [
    29,
    'net.ipv4.tcp_fin_timeout',
    'net.ipv4.tcp_keepalive_intvl',
    'net.ipv4.tcp_keepalive_probes',
    'net.ipv4.tcp_keepalive_time',
  ],
  [32, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
]

const sysctls: Check = ({ spec, minor }) => {
  const allowed = SYSCTLS.flatMap(([since, ...names]) => (minor >= since ? names : []))
  const bad = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !allowed.includes(name))
  return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.map(({ name }) => name).join(', ') } : undefined
}

const windowsHostProcess: Check = ({ spec, containers }) => {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess === true
  const bad = containers.filter((container) => security(container).windowsOptions?.hostProcess)
  if (!ofPod && bad.length === 0) return undefined
  const who = setters(ofPod, bad)
  return { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` }
}

/** In the order of upstream's names for them, which is the order in which violations are told. */
export const BASELINE = {
  appArmorProfile,
  capabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfile,
  sysctls,
  windowsHostProcess,
}

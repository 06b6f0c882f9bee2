// What a pod may ask of a node that this one cannot do, or does only when it is told to: such a pod is turned away.
// Upstream: pkg/kubelet/sysctl, pkg/kubelet/lifecycle/{handlers,predicate}.go (AppArmor, pod features).

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodSecurityContext } from '../kinds/pod-template/newer-fields.ts'
import type { Rejection } from './admission.ts'
import type { KubeletConfiguration } from './kubelet-configuration.ts'

/** A sysctl of a namespace of the pod's own, without effect on anybody else, by its namespace. */
const SAFE_SYSCTLS: Readonly<Record<string, 'ipc' | 'net'>> = {
  'kernel.shm_rmid_forced': 'ipc',
  'net.ipv4.ip_local_port_range': 'net',
  'net.ipv4.tcp_syncookies': 'net',
  'net.ipv4.ping_group_range': 'net',
  'net.ipv4.ip_unprivileged_port_start': 'net',
  'net.ipv4.ip_local_reserved_ports': 'net',
  'net.ipv4.tcp_keepalive_time': 'net',
  'net.ipv4.tcp_fin_timeout': 'net',
  'net.ipv4.tcp_keepalive_intvl': 'net',
  'net.ipv4.tcp_keepalive_probes': 'net',
  'net.ipv4.tcp_rmem': 'net',
  'net.ipv4.tcp_wmem': 'net',
}

export function refuseFeatures(
  pod: Pod,
  { allowedUnsafeSysctls }: Pick<KubeletConfiguration, 'allowedUnsafeSysctls'>,
): Rejection | undefined {
  return (
    refuseSysctls(pod, allowedUnsafeSysctls) ?? refuseOtherOs(pod) ?? refuseGroupsPolicy(pod) ?? refuseAppArmor(pod)
  )
}

function refuseSysctls({ spec }: Pod, allowed: readonly string[]): Rejection | undefined {
  for (const { name: told } of spec?.securityContext?.sysctls ?? []) {
    const name = told.replaceAll('/', '.')
    const namespace = SAFE_SYSCTLS[name] ?? (isAllowed(name, allowed) ? namespaceOf(name) : undefined)
    const isShared = namespace === 'ipc' ? spec?.hostIPC : spec?.hostNetwork
    const why = !namespace ? 'not allowlisted' : isShared ? `not allowed with host ${namespace} enabled` : undefined
    if (why) return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${name}" ${why}` }
  }
  return undefined
}

const isAllowed = (name: string, allowed: readonly string[]) =>
  allowed
    .map((pattern) => pattern.replaceAll('/', '.'))
    .some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern))

/** Those that each pod has of its own. */
function namespaceOf(name: string): 'ipc' | 'net' | undefined {
  if (name.startsWith('net.')) return 'net'
  return /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name) ? 'ipc' : undefined
}

/** By its label, as upstream goes by the pod's there, or by its field. */
function refuseOtherOs({ metadata, spec }: Pod): Rejection | undefined {
  if ((metadata?.labels?.['kubernetes.io/os'] ?? OS) !== OS) {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label"
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message }
  }
  if ((spec?.os?.name ?? OS) === OS) return undefined
  return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
}

const OS = 'linux'

/** A machine is a container: the kernel's AppArmor, where there is one, is not its own. */
function refuseAppArmor({ spec }: Pod): Rejection | undefined {
  const asked = [spec, ...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some((one) => {
    const type = (one?.securityContext as { appArmorProfile?: { type: string } } | undefined)?.appArmorProfile?.type
    return type !== undefined && type !== 'Unconfined'
  })
  if (!asked) return undefined
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
}

/** Docker's engine always adds the groups that the image gives to its user. */
function refuseGroupsPolicy({ spec }: Pod): Rejection | undefined {
  const { supplementalGroupsPolicy } = (spec?.securityContext ?? {}) as PodSecurityContext
  if (supplementalGroupsPolicy !== 'Strict') return undefined
  return {
    reason: 'SupplementalGroupsPolicyNotSupported',
    message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
  }
}

// Who a container runs as and what it may do, out of what the pod and the container ask.
// Upstream: pkg/securitycontext, kuberuntime/security_context.go and helpers.go (getSeccompProfile).

import type { Pod, SeccompProfile } from 'kubernetes-types/core/v1'
import type { ContainerConfig } from '../container-runtime/container-runtime.ts'
import { ConfigError } from './environment.ts'
import { type ContainerSpec, formatPod } from './pod-runtime-state.ts'

/** Where profiles of type Localhost lie. */
const SECCOMP_ROOT = '/var/lib/kubelet/seccomp'

export function securityOf(
  pod: Pod,
  container: ContainerSpec,
  { seccompDefault = false }: { seccompDefault?: boolean } = {},
): ContainerConfig['security'] {
  const own = container.securityContext ?? {}
  const shared = pod.spec?.securityContext ?? {}
  const user = own.runAsUser ?? shared.runAsUser
  const group = own.runAsGroup ?? shared.runAsGroup
  const groups = [...(shared.fsGroup === undefined ? [] : [shared.fsGroup]), ...(shared.supplementalGroups ?? [])]
  return {
    ...(user === undefined ? {} : { runAsUser: group === undefined ? String(user) : `${user}:${group}` }),
    ...(own.privileged ? { privileged: true } : {}),
    ...(own.readOnlyRootFilesystem ? { readOnlyRootFilesystem: true } : {}),
    ...(own.capabilities?.add ? { addCapabilities: own.capabilities.add } : {}),
    ...(own.capabilities?.drop ? { dropCapabilities: own.capabilities.drop } : {}),
    ...(own.allowPrivilegeEscalation === false ? { noNewPrivileges: true } : {}),
    ...(groups.length > 0 ? { supplementalGroups: groups } : {}),
    seccomp: seccompOf(own.seccompProfile ?? shared.seccompProfile, seccompDefault),
  }
}

/** Whoever says nothing is not confined, unless the kubelet is told otherwise. */
function seccompOf(
  profile: SeccompProfile | undefined,
  seccompDefault: boolean,
): ContainerConfig['security']['seccomp'] {
  if (!profile && seccompDefault) return 'RuntimeDefault'
  if (profile?.type === 'RuntimeDefault') return 'RuntimeDefault'
  if (profile?.type !== 'Localhost') return 'Unconfined'
  if (!profile.localhostProfile)
    throw new ConfigError('localhostProfile must be set if seccompProfile type is Localhost.')
  return { localhostProfile: `${SECCOMP_ROOT}/${profile.localhostProfile}` }
}

/** Whether it has to be known whom the image names. */
export function asksForImageUser(pod: Pod, container: ContainerSpec): boolean {
  return mustNotBeRoot(pod, container) && userOf(pod, container) === undefined
}

/** Throws where a container that must not be root would be. */
export function verifyNonRoot(pod: Pod, container: ContainerSpec, imageUser: string): void {
  if (!mustNotBeRoot(pod, container)) return
  const who = `(pod: "${formatPod(pod)}", container: ${container.name})`
  const asked = userOf(pod, container)
  if (asked === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${who}`)
  if (asked !== undefined) return
  const named = imageUser.split(':')[0] ?? ''
  if (named === '' || named === '0')
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${who}`)
  if (/^\d+$/.test(named)) return
  throw new ConfigError(
    `container has runAsNonRoot and image has non-numeric user (${named}), cannot verify user is non-root ${who}`,
  )
}

const mustNotBeRoot = ({ spec }: Pod, { securityContext }: ContainerSpec) =>
  securityContext?.runAsNonRoot ?? spec?.securityContext?.runAsNonRoot ?? false

const userOf = ({ spec }: Pod, { securityContext }: ContainerSpec) =>
  securityContext?.runAsUser ?? spec?.securityContext?.runAsUser

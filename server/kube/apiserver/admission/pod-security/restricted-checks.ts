// What the restricted level asks for on top of baseline. Upstream: k8s.io/pod-security-admission/policy/check_*.go.

import type { Volume } from 'kubernetes-types/core/v1'
import {
  BASELINE,
  type Check,
  isAllowedSeccomp,
  named,
  plural,
  quoted,
  security,
  setters,
  sorted,
  uses,
} from './checks.ts'

const isWindows: (pod: Parameters<Check>[0]) => boolean = ({ spec, minor }) =>
  minor >= 25 && spec.os?.name === 'windows'

const allowPrivilegeEscalation: Check = (pod) => {
  if (pod.minor < 8 || isWindows(pod)) return undefined
  const bad = pod.containers.filter((container) => security(container).allowPrivilegeEscalation !== false)
  return bad.length > 0
    ? {
        reason: 'allowPrivilegeEscalation != false',
        detail: `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`,
      }
    : undefined
}

const capabilities: Check = (pod) => {
  if (pod.minor < 22) return BASELINE.capabilities(pod)
  if (isWindows(pod)) return undefined
  const { containers } = pod
  const keeping = containers.filter((container) => !security(container).capabilities?.drop?.includes('ALL'))
  const addedBy = (container: (typeof containers)[number]) =>
    (security(container).capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE')
  const adding = containers.filter((container) => addedBy(container).length > 0)
  if (keeping.length === 0 && adding.length === 0) return undefined
  const details = [
    ...(keeping.length > 0 ? [`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [
          `${named(adding)} must not include ${quoted(sorted(adding.flatMap(addedBy)))} in securityContext.capabilities.add`,
        ]
      : []),
  ]
  return { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

const restrictedVolumes: Check = ({ spec }) => {
  const typeOf = ({ name: _name, ...source }: Volume) => Object.keys(source)[0] ?? 'unknown'
  const bad = (spec.volumes ?? []).filter((volume) => !VOLUMES.has(typeOf(volume)))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(typeOf))
  const who = `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))}`
  const what = `${plural('restricted volume type', types.length)} ${quoted(types)}`
  return { reason: 'restricted volume types', detail: `${who} ${uses(bad)} ${what}` }
}

const runAsNonRoot: Check = ({ spec, containers }) => {
  const ofPod = spec.securityContext?.runAsNonRoot
  const reason = 'runAsNonRoot != true'
  const saying = containers.filter((container) => security(container).runAsNonRoot === false)
  if (ofPod === false || saying.length > 0) {
    return { reason, detail: `${setters(ofPod === false, saying)} must not set securityContext.runAsNonRoot=false` }
  }
  const silent = ofPod ? [] : containers.filter((container) => security(container).runAsNonRoot === undefined)
  return silent.length > 0
    ? { reason, detail: `pod or ${named(silent)} must set securityContext.runAsNonRoot=true` }
    : undefined
}

const runAsUser: Check = ({ spec, containers, minor }) => {
  if (minor < 23) return undefined
  const isPod = spec.securityContext?.runAsUser === 0
  const bad = containers.filter((container) => security(container).runAsUser === 0)
  return isPod || bad.length > 0
    ? { reason: 'runAsUser=0', detail: `${setters(isPod, bad)} must not set runAsUser=0` }
    : undefined
}

const seccompProfile: Check = (pod) => {
  const said = BASELINE.seccompProfile(pod)
  if (pod.minor < 19 || said) return said
  if (isWindows(pod) || isAllowedSeccomp(pod.spec.securityContext?.seccompProfile?.type)) return undefined
  const silent = pod.containers.filter((container) => security(container).seccompProfile === undefined)
  return silent.length > 0
    ? {
        reason: 'seccompProfile',
        detail: `pod or ${named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
      }
    : undefined
}

/** Those that stand for a weaker one of baseline are told instead of it. */
export const RESTRICTED = {
  allowPrivilegeEscalation,
  capabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfile,
}

export const OVERRIDDEN: ReadonlySet<string> = new Set(['capabilities', 'hostPathVolumes', 'seccompProfile'])

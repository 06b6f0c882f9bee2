// The PersistentVolumeClaims that a pod uses, those of its ephemeral volumes included.

import type { Pod } from 'kubernetes-types/core/v1'

export interface PodClaim {
  /** `namespace/name`. */
  key: string
  /** Made for the pod, by the name of the pod and the volume. */
  isEphemeral: boolean
}

export function claimsOf({ metadata, spec }: Pod): PodClaim[] {
  const { namespace = '', name: podName } = metadata ?? {}
  return (spec?.volumes ?? []).flatMap<PodClaim>(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [{ key: `${namespace}/${persistentVolumeClaim.claimName}`, isEphemeral: false }]
    return ephemeral ? [{ key: `${namespace}/${podName}-${name}`, isEphemeral: true }] : []
  })
}

/** Those that it names itself, by key. */
export const namedClaimsOf = (pod: Pod): string[] =>
  claimsOf(pod).flatMap(({ key, isEphemeral }) => (isEphemeral ? [] : [key]))

export const claimNotFound = (key: string): string =>
  `persistentvolumeclaim "${key.slice(key.indexOf('/') + 1)}" not found`

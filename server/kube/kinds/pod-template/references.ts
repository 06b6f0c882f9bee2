// All other objects that a pod names. Upstream: pkg/api/v1/pod/util.go, VisitPodSecretNames and its like.

import type { Pod } from 'kubernetes-types/core/v1'
import { extendedStatusOf } from '../devices/extended-resources.ts'

interface NamedByPod {
  kind: 'serviceaccounts' | 'secrets' | 'configmaps' | 'persistentvolumeclaims' | 'resourceclaims'
  name: string
}

/** What a kubelet may read because it runs the pod; all in the pod's namespace. */
export function referencesOf(pod: Pod): NamedByPod[] {
  const { metadata, spec, status } = pod
  const found: NamedByPod[] = []
  if (!spec) return found
  const add = (kind: NamedByPod['kind'], name: string | undefined) => {
    if (name) found.push({ kind, name })
  }
  add('serviceaccounts', spec.serviceAccountName)
  for (const { name } of spec.imagePullSecrets ?? []) add('secrets', name)
  for (const container of [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add('configmaps', configMapRef?.name)
      add('secrets', secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name)
      add('secrets', valueFrom?.secretKeyRef?.name)
    }
  }
  for (const volume of spec.volumes ?? []) {
    add('configmaps', volume.configMap?.name)
    add('secrets', volume.secret?.secretName ?? volume.csi?.nodePublishSecretRef?.name)
    add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName)
    if (volume.ephemeral) add('persistentvolumeclaims', `${metadata?.name}-${volume.name}`)
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add('configmaps', configMap?.name)
      add('secrets', secret?.name)
    }
  }
  // A claim made of a template has a name that only the status knows.
  for (const claim of [...(spec.resourceClaims ?? []), ...(status?.resourceClaimStatuses ?? [])]) {
    add('resourceclaims', (claim as { resourceClaimName?: string }).resourceClaimName)
  }
  add('resourceclaims', extendedStatusOf(pod)?.resourceClaimName)
  return found
}

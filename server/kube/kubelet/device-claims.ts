// Devices of a pod's ResourceClaims: whether the claims are the pod's to use, and whose drivers would have to set them up.
// No driver can register here: the machine's engine has no way to hand devices into containers (CDI), so that a pod with
// devices does not start. Upstream: pkg/kubelet/cm/dra/manager.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { isReservedFor, podClaims, whyNotForPod } from '../kinds/devices/pod-claims.ts'
import type { ApiObjects } from './api-objects.ts'

/** Rejects in upstream's words. */
export async function prepareDevices(pod: Pod, objects: Pick<ApiObjects, 'resourceClaim'>): Promise<void> {
  const { namespace = '', name: podName, uid } = pod.metadata ?? {}
  for (const { key, template } of podClaims(pod)) {
    if (key === undefined) throw new Error(`pod "${namespace}/${podName}": ResourceClaim not created yet`)
    const name = key.slice(namespace.length + 1)
    const claim = await objects.resourceClaim(namespace, name)
    if (!claim) throw new Error(`fetch ResourceClaim ${key}: resourceclaims.resource.k8s.io "${name}" not found`)
    const stranger = template && whyNotForPod(pod, claim)
    if (stranger) throw new Error(stranger)
    if (!isReservedFor(pod, claim)) {
      const what = `resource claim ${name}(${claim.metadata?.uid})`
      throw new Error(`pod ${podName}(${uid}) is not allowed to use ${what}`)
    }
    const [device] = claim.status?.allocation?.devices?.results ?? []
    if (device) throw new Error(`DRA driver ${device.driver} is not registered`)
  }
}

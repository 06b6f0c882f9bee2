// The ResourceClaims that a pod names: by their own name, or by a template of which each pod gets a claim for itself.
// Upstream: dynamic-resource-allocation/resourceclaim.

import type { Pod } from 'kubernetes-types/core/v1'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import type { Claim, Consumer } from './device-objects.ts'
import { extendedStatusOf } from './extended-resources.ts'

/** On what is allocated, until it is not any more. */
export const DELETE_PROTECTION = 'resource.kubernetes.io/delete-protection'

export interface PodClaim {
  /** By which the pod's containers name it. */
  name: string
  /** `namespace/name`; undefined while the claim is not made. */
  key: string | undefined
  template: string | undefined
}

interface Named {
  name: string
  resourceClaimName?: string
  resourceClaimTemplateName?: string
}

/** With the one that was made for devices that containers ask for as amounts, whom nobody names. */
export function podClaims(pod: Pod): PodClaim[] {
  const extended = extendedStatusOf(pod)?.resourceClaimName
  if (!extended) return namedClaims(pod)
  return [...namedClaims(pod), { name: '', key: `${pod.metadata?.namespace}/${extended}`, template: undefined }]
}

/** Claims that were found not to be needed are left out. */
export function namedClaims({ metadata, spec, status }: Pod): PodClaim[] {
  const named = (spec?.resourceClaims ?? []) as Named[]
  const statuses = (status as { resourceClaimStatuses?: Named[] } | undefined)?.resourceClaimStatuses ?? []
  const keyOf = (name: string | undefined) => name && `${metadata?.namespace}/${name}`
  return named.flatMap(({ name, resourceClaimName, resourceClaimTemplateName: template }): PodClaim[] => {
    if (resourceClaimName) return [{ name, key: keyOf(resourceClaimName), template: undefined }]
    const made = statuses.find((one) => one.name === name)
    if (made && !made.resourceClaimName) return []
    return [{ name, key: keyOf(made?.resourceClaimName), template }]
  })
}

/** Why the claim is not the one that was made for the pod. */
export function whyNotForPod({ metadata: pod }: Pod, claim: Claim): string | undefined {
  if (controllerOf(claim)?.uid === pod?.uid) return undefined
  const { namespace, name } = claim.metadata ?? {}
  return `ResourceClaim ${namespace}/${name} was not created for Pod ${pod?.namespace}/${pod?.name} (Pod is not owner)`
}

export const isReservedFor = ({ metadata }: Pod, { status }: Claim): boolean =>
  status?.reservedFor?.some(({ uid }) => uid === metadata?.uid) ?? false

export const consumerOf = ({ metadata }: Pod): Consumer => ({
  resource: 'pods',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
})

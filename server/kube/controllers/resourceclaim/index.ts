// Keys: `pod:namespace/name` for a pod whose claims are to be made, `claim:namespace/name` for a claim whose users may have gone.

import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { type PodClaim, podClaims } from '../../kinds/devices/pod-claims.ts'
import { Pod } from '../../kinds/pod.ts'
import { ResourceClaim } from '../../kinds/resource-claim.ts'
import { ResourceClaimTemplate } from '../../kinds/resource-claim-template.ts'
import { isDone, ResourceClaims } from './resource-claims.ts'

const BY_CLAIM = 'device-claim'
const claimKeys = (pod: WirePod) => podClaims(pod).flatMap(({ key }) => key ?? [])

export const resourceClaimController = controller('resourceclaim')
  .actsAs('resource-claim-controller')
  .eventsFrom('resource_claim')
  .queueNamed('resource_claim')
  .watches(Pod, ({ type, object }, view) => {
    if (!object.spec?.resourceClaims?.length && podClaims(object).length === 0) return []
    const isOver = type === 'deleted' || isDone(object)
    // One that was gone before it was heard which claim it has does not name it.
    const own = () => view.cache(ResourceClaim).controlledBy(object.metadata?.uid).map(keyOf)
    const claims = isOver ? [...new Set([...claimKeys(object), ...own()])].map((key) => `claim:${key}`) : []
    return type === 'deleted' ? claims : [...claims, `pod:${keyOf(object)}`]
  })
  .watches(ResourceClaim, ({ type, object }, view) => {
    const pods = view.cache(Pod)
    if (!pods.hasIndex(BY_CLAIM)) pods.addIndex(BY_CLAIM, claimKeys)
    const users = pods.byIndex(BY_CLAIM, keyOf(object)).map((pod) => `pod:${keyOf(pod)}`)
    return type === 'deleted' ? users : [`claim:${keyOf(object)}`, ...users]
  })
  // One that pods have waited for.
  .watches(ResourceClaimTemplate, ({ type, object: { metadata } }, view) => {
    if (type === 'deleted') return []
    const names = ({ template }: PodClaim) => template === metadata?.name
    const pods = view.cache(Pod).inNamespace(metadata?.namespace ?? '')
    return pods.filter((pod) => podClaims(pod).some(names)).map((pod) => `pod:${keyOf(pod)}`)
  })
  .reconcileWith((view) => new ResourceClaims(view))

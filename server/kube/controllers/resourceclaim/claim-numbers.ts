// What is counted of claims. Upstream: kubernetes/pkg/controller/resourceclaim/metrics.

import type { Counter, Metrics } from '../../../base/metrics.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { Claim } from '../../kinds/devices/device-objects.ts'
import { EXTENDED_CLAIM } from '../../kinds/devices/extended-resources.ts'

/** On a claim that was made of a template: the name by which the pod's containers call it. */
export const POD_CLAIM_NAME = 'resource.kubernetes.io/pod-claim-name'

export const adminAccessOf = ({ spec }: Claim): string =>
  String(spec?.devices?.requests?.some(({ exactly }) => exactly?.adminAccess === true) ?? false)

/** Claims that there are, and one for each that this loop asks for. */
export function countClaims(metrics: Metrics, claims: Lister<Claim>): Counter {
  metrics.gauge(
    'resourceclaim_controller_resource_claims',
    "Number of ResourceClaims, categorized by allocation status, admin access, and source. Source can be 'resource_claim_template' (created from a template), 'extended_resource' (extended resources), or empty (manually created by a user).",
    () => {
      const groups = Map.groupBy(claims.list(), (claim) => JSON.stringify(labelsOf(claim)))
      return [...groups].map(([labels, group]) => [JSON.parse(labels), group.length] as const)
    },
  )
  return metrics.counter(
    'resourceclaim_controller_creates_total',
    'Number of ResourceClaims creation requests, categorized by creation status and admin access',
  )
}

const labelsOf = (claim: Claim) => ({
  allocated: String(claim.status?.allocation !== undefined),
  admin_access: adminAccessOf(claim),
  source: sourceOf(claim),
})

function sourceOf({ metadata }: Claim): string {
  if (metadata?.annotations?.[EXTENDED_CLAIM] === 'true') return 'extended_resource'
  return metadata?.annotations?.[POD_CLAIM_NAME] ? 'resource_claim_template' : ''
}

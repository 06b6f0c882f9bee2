// Why a rule let a packet go no further, in the words of the learner's own objects.

import type { Service } from 'kubernetes-types/core/v1'
import type { Addresses, ClusterObjects } from './addresses.ts'
import { pathOfService } from './service-path.ts'

export interface StoppingRule {
  machine: string
  how: 'dropped' | 'refused'
  /** As `inet network-policy`. */
  table: string
  chain: string
  rule: string
}

export const POLICY_TABLE = 'network-policy'

export function whyStopped(
  stop: StoppingRule & { protocol: string; to: string; toPort: number },
  objects: ClusterObjects,
  addresses: Addresses,
): string {
  const { to, toPort, protocol } = stop
  const named = addresses.placeOf(to, toPort, { protocol, isAsked: true }).service
  const service = objects.services.find(
    ({ metadata }) => metadata?.name === named?.name && metadata?.namespace === named?.namespace,
  )
  return whyRuleStopped(stop, service, objects)
}

/** `service`: whose address was called, where it was one's. */
export function whyRuleStopped(
  { machine, how, table, chain, rule }: StoppingRule,
  service: Service | undefined,
  objects: ClusterObjects,
): string {
  const comment = commentOf(rule)
  if (table.endsWith(` ${POLICY_TABLE}`)) {
    const direction = comment.startsWith('egress') ? 'out of its Pod' : 'in to the Pod'
    return `NetworkPolicies do not let it ${direction}: ${comment}. No rule of theirs allows it.`
  }
  const name = service?.metadata?.name
  if (service && (/has no endpoints/.test(rule) || chain === 'reject-chain')) {
    const why = pathOfService(service, objects).nobody
    return `kube-proxy on ${machine} refuses it: Service ${name} has no endpoints. ${why}`.trim()
  }
  if (service && /no local endpoints|@no-endpoint-/.test(rule)) {
    return `kube-proxy on ${machine} drops it: the traffic policy of Service ${name} is Local, and it has no endpoint here.`
  }
  return `It was ${how} on ${machine}, by a rule in chain ${chain} of table ${table.split(' ').at(-1)}${comment && `: ${comment}`}.`
}

/** Of `… comment "ingress dropped by default/db-only-from-web"`. */
export const commentOf = (text: string) => /comment "([^"]*)"/.exec(text)?.[1] ?? ''

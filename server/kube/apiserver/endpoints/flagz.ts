// `/flagz`: how the server was told to run, by kube-apiserver's names. Not all of upstream's flags: those that are something
// here. Upstream: apiserver/pkg/server/flagz.

import { IN_FLIGHT } from '../flow-control/index.ts'
import type { Answer } from '../request-path/answer.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import { zpage } from './zpage.ts'

export const FLAGZ = '/flagz'

export type Flags = Readonly<Record<string, string>>

/** What the server runs with, and what it was told. */
export function flagsOf(options: {
  advertise?: { address: string }
  inFlight?: { requests: number; mutating: number }
  nodePortRange: readonly [number, number]
  serviceAccounts: { issuer: string }
  serviceClusterIpRange: string
  flags?: Flags
}): Flags {
  const { requests, mutating } = options.inFlight ?? IN_FLIGHT
  return {
    'advertise-address': options.advertise?.address ?? '<nil>',
    'max-mutating-requests-inflight': String(mutating),
    'max-requests-inflight': String(requests),
    'service-account-issuer': options.serviceAccounts.issuer,
    'service-cluster-ip-range': options.serviceClusterIpRange,
    'service-node-port-range': options.nodePortRange.join('-'),
    ...options.flags,
  }
}

/** Told with commas between, shown in brackets. */
const LISTS = [
  'api-audiences',
  'authorization-mode',
  'disable-admission-plugins',
  'enable-admission-plugins',
  'oidc-signing-algs',
  'requestheader-allowed-names',
  'requestheader-extra-headers-prefix',
  'requestheader-group-headers',
  'requestheader-uid-headers',
  'requestheader-username-headers',
  'service-account-issuer',
]

export function flagz(context: RequestContext, accept: string, told: Flags): Answer {
  const shown = Object.entries(told).map(
    ([name, value]) => [name, LISTS.includes(name) ? `[${value}]` : value] as const,
  )
  const flags = shown.sort(([one], [other]) => (one < other ? -1 : 1))
  return zpage(context, accept, {
    kind: 'Flagz',
    text: () => flags.map(([name, value]) => `${name}=${value}\n`).join(''),
    object: () => ({ flags: Object.fromEntries(flags) }),
  })
}

import type { Pod, Service } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { Addresses } from './addresses.ts'
import { whyStopped } from './why-stopped.ts'

const service: Service = {
  metadata: { namespace: 'default', name: 'nobody' },
  spec: { clusterIP: '10.96.0.7', ports: [{ port: 80 }], selector: { app: 'wbe' } },
}
const pod: Pod = { metadata: { namespace: 'default', name: 'a', labels: { app: 'web' } } }
const objects = { nodes: [], pods: [pod], services: [service], endpointSlices: [] }
const SELECTS = 'It selects `app=wbe`; no Pod has that label.'
const LOCAL = 'the traffic policy of Service nobody is Local, and it has no endpoint here.'

it.each([
  [
    'kube-proxy by iptables',
    ['ip filter', 'KUBE-SERVICES', '-A KUBE-SERVICES -m comment --comment "default/nobody has no endpoints" -j REJECT'],
    `kube-proxy on node-1 refuses it: Service nobody has no endpoints. ${SELECTS}`,
  ],
  [
    'kube-proxy by nftables',
    ['ip kube-proxy', 'reject-chain', 'reject'],
    `kube-proxy on node-1 refuses it: Service nobody has no endpoints. ${SELECTS}`,
  ],
  [
    'an internal policy Local',
    [
      'ip filter',
      'KUBE-SERVICES',
      '-A KUBE-SERVICES -m comment --comment "default/nobody has no local endpoints" -j DROP',
    ],
    `kube-proxy on node-1 drops it: ${LOCAL}`,
  ],
  [
    'a network policy for who comes in',
    ['inet network-policy', 'to/default/a', 'counter drop comment "ingress dropped by default/nothing"'],
    'NetworkPolicies do not let it in to the Pod: ingress dropped by default/nothing. No rule of theirs allows it.',
  ],
  [
    'a network policy for who goes out',
    ['inet network-policy', 'from/default/a', 'counter drop comment "egress dropped by default/nothing"'],
    'NetworkPolicies do not let it out of its Pod: egress dropped by default/nothing. No rule of theirs allows it.',
  ],
  [
    'somebody’s own rule',
    ['inet mine', 'guard', 'drop comment "not today"'],
    'It was dropped on node-1, by a rule in chain guard of table mine: not today.',
  ],
])('says why: %s', (_what, [table = '', chain = '', rule = ''], why) => {
  const call = { machine: 'node-1', how: 'dropped' as const, protocol: 'tcp', to: '10.96.0.7', toPort: 80 }
  expect(whyStopped({ ...call, table, chain, rule }, objects, new Addresses(objects))).toBe(why)
})

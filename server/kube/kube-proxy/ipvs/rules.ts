// The few rules of iptables that mode ipvs needs, whatever number of Services there is: who is masqueraded, whom a load
// balancer takes, and that nothing else answers at Services' addresses. Pure. Upstream: writeIptablesRules in
// pkg/proxy/ipvs/proxier.go.

import { type Jump, jump } from '../iptables/jumps.ts'
import { type Ground, MASQUERADE_MARK as MARK, type RuleSet } from '../iptables/rules.ts'
import { type IpSets, nameIn, type SetName } from './ip-sets.ts'

const FIREWALL = 'kube-proxy firewall rules'

export const IPVS_JUMPS: readonly Jump[] = [
  jump('nat', 'OUTPUT', 'KUBE-SERVICES', 'kubernetes service portals'),
  jump('nat', 'PREROUTING', 'KUBE-SERVICES', 'kubernetes service portals'),
  jump('nat', 'POSTROUTING', 'KUBE-POSTROUTING', 'kubernetes postrouting rules'),
  jump('filter', 'FORWARD', 'KUBE-FORWARD', 'kubernetes forwarding rules'),
  jump('filter', 'INPUT', 'KUBE-NODE-PORT', 'kubernetes health check rules'),
  jump('filter', 'INPUT', 'KUBE-PROXY-FIREWALL', FIREWALL),
  jump('filter', 'FORWARD', 'KUBE-PROXY-FIREWALL', FIREWALL),
  jump('filter', 'INPUT', 'KUBE-IPVS-FILTER', 'kubernetes ipvs access filter'),
]

export function ipvsRules(sets: IpSets, { family, clusterCidr }: Ground): RuleSet {
  const match = (set: SetName, what: string) => `-m set --match-set ${nameIn(family, set)} ${what}`
  /** Only where the set has something in it, as upstream. */
  const when = (set: SetName, what: string, ...ends: string[]) =>
    sets.get(set)?.size ? ends.map((end) => `${match(set, what)} ${end}`) : []
  const marked = '-j KUBE-MARK-MASQ'
  const fromOutside = [
    '-m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT',
    '-m addrtype --dst-type LOCAL -j ACCEPT',
  ]
  const nodePorts = (which: 'TCP' | 'UDP' | 'SCTP-HASH') => {
    const what = which === 'SCTP-HASH' ? 'dst,dst' : 'dst'
    const rules = [
      ...when(`KUBE-NODE-PORT-LOCAL-${which}`, what, '-j RETURN'),
      ...when(`KUBE-NODE-PORT-${which}`, what, marked),
    ]
    return rules.map((rule) => `-p ${which.toLowerCase().replace('-hash', '')} ${rule}`)
  }
  return {
    nat: new Map([
      ['KUBE-MARK-MASQ', [`-j MARK --or-mark ${MARK}`]],
      [
        'KUBE-POSTROUTING',
        [
          ...when('KUBE-LOOP-BACK', 'dst,dst,src', '-j MASQUERADE'),
          `-m mark ! --mark ${MARK}/${MARK} -j RETURN`,
          `-j MARK --xor-mark ${MARK}`,
          '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
        ],
      ],
      [
        'KUBE-SERVICES',
        [
          `-s ${family === 'IPv6' ? '::1/128' : '127.0.0.0/8'} -j RETURN`,
          ...when('KUBE-LOAD-BALANCER', 'dst,dst', '-j KUBE-LOAD-BALANCER'),
          ...when('KUBE-CLUSTER-IP', 'dst,dst', `! -s ${clusterCidr} ${marked}`),
          ...when('KUBE-EXTERNAL-IP', 'dst,dst', marked, ...fromOutside),
          ...when('KUBE-EXTERNAL-IP-LOCAL', 'dst,dst', ...fromOutside),
          '-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT',
          // Last: nobody else's rules shall lead elsewhere what IPVS is to lead.
          ...when('KUBE-CLUSTER-IP', 'dst,dst', '-j ACCEPT'),
          ...when('KUBE-LOAD-BALANCER', 'dst,dst', '-j ACCEPT'),
        ],
      ],
      ['KUBE-LOAD-BALANCER', [...when('KUBE-LOAD-BALANCER-LOCAL', 'dst,dst', '-j RETURN'), marked]],
      ['KUBE-NODE-PORT', [...nodePorts('TCP'), ...nodePorts('UDP'), ...nodePorts('SCTP-HASH')]],
    ]),
    filter: new Map([
      [
        'KUBE-FORWARD',
        [
          `-m comment --comment "kubernetes forwarding rules" -m mark --mark ${MARK}/${MARK} -j ACCEPT`,
          '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        ],
      ],
      ['KUBE-NODE-PORT', [`${match('KUBE-HEALTH-CHECK-NODE-PORT', 'dst')} -j ACCEPT`]],
      ['KUBE-PROXY-FIREWALL', when('KUBE-LOAD-BALANCER-FW', 'dst,dst', '-j KUBE-SOURCE-RANGES-FIREWALL')],
      [
        'KUBE-SOURCE-RANGES-FIREWALL',
        [
          ...when('KUBE-LOAD-BALANCER-SOURCE-CIDR', 'dst,dst,src', '-j RETURN'),
          ...when('KUBE-LOAD-BALANCER-SOURCE-IP', 'dst,dst,src', '-j RETURN'),
          '-j DROP',
        ],
      ],
      [
        // The machine has these addresses as its own: what else it listens for shall not answer there.
        'KUBE-IPVS-FILTER',
        [
          ...(['KUBE-LOAD-BALANCER', 'KUBE-CLUSTER-IP', 'KUBE-EXTERNAL-IP', 'KUBE-EXTERNAL-IP-LOCAL'] as const).map(
            (set) => `${match(set, 'dst,dst')} -j RETURN`,
          ),
          `${match('KUBE-HEALTH-CHECK-NODE-PORT', 'dst')} -j RETURN`,
          `-m conntrack --ctstate NEW ${match('KUBE-IPVS-IPS', 'dst')} -j REJECT`,
        ],
      ],
    ]),
  }
}

const CHAIN =
  /^KUBE-(MARK-MASQ|POSTROUTING|SERVICES|LOAD-BALANCER|NODE-PORT|FORWARD|PROXY-FIREWALL|SOURCE-RANGES-FIREWALL|IPVS-FILTER)$/

export const isChainOfIpvs = (chain: string) => CHAIN.test(chain)

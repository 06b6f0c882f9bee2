// What is in nftables' table `kube-proxy` before there is any Service: chains at the kernel's hooks, what they jump to, and
// empty sets and maps. Calls are filtered before their address is changed, so that rules speak of Services' addresses.
// Upstream: setupNFTables in pkg/proxy/nftables/proxier.go.

import { MARK, type NftGround } from './rules.ts'

interface Hook {
  type: 'filter' | 'nat'
  hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  priority: number
  rules: string[]
}

const HOOKS: Record<string, Hook> = {
  'filter-prerouting-pre-dnat': {
    type: 'filter',
    hook: 'prerouting',
    priority: -110,
    rules: ['ct state new jump firewall-check'],
  },
  'filter-output-pre-dnat': {
    type: 'filter',
    hook: 'output',
    priority: -110,
    rules: ['ct state new jump firewall-check'],
  },
  'filter-input': {
    type: 'filter',
    hook: 'input',
    priority: 0,
    rules: ['ct state new jump nodeport-endpoints-check', 'ct state new jump service-endpoints-check'],
  },
  'filter-forward': {
    type: 'filter',
    hook: 'forward',
    priority: 0,
    rules: ['ct state new jump service-endpoints-check', 'ct state new jump cluster-ips-check'],
  },
  'filter-output': {
    type: 'filter',
    hook: 'output',
    priority: 0,
    rules: ['ct state new jump service-endpoints-check', 'ct state new jump cluster-ips-check'],
  },
  'nat-prerouting': { type: 'nat', hook: 'prerouting', priority: -100, rules: ['jump services'] },
  'nat-output': { type: 'nat', hook: 'output', priority: -100, rules: ['jump services'] },
  'nat-postrouting': { type: 'nat', hook: 'postrouting', priority: 100, rules: ['jump masquerading'] },
}

const SERVICES = 'inet_proto . inet_service : verdict'

export function tableOf({ family }: Pick<NftGround, 'family'>): string {
  return `${family === 'IPv6' ? 'ip6' : 'ip'} kube-proxy`
}

/** Sets and maps of addresses and ports, with their types. */
function holdersOf(address: string): { kind: 'set' | 'map'; name: string; type: string; comment: string }[] {
  return [
    { kind: 'set', name: 'cluster-ips', type: address, comment: 'Active ClusterIPs' },
    { kind: 'set', name: 'nodeport-ips', type: address, comment: 'IPs that accept NodePort traffic' },
    {
      kind: 'set',
      name: 'hairpin-connections',
      type: `${address} . ${address} . inet_proto . inet_service`,
      comment: 'service hairpin connections',
    },
    {
      kind: 'map',
      name: 'service-ips',
      type: `${address} . ${SERVICES}`,
      comment: 'ClusterIP, ExternalIP and LoadBalancer IP traffic',
    },
    { kind: 'map', name: 'service-nodeports', type: SERVICES, comment: 'NodePort traffic' },
    {
      kind: 'map',
      name: 'no-endpoint-services',
      type: `${address} . ${SERVICES}`,
      comment: 'vmap to drop or reject packets to services with no endpoints',
    },
    {
      kind: 'map',
      name: 'no-endpoint-nodeports',
      type: SERVICES,
      comment: 'vmap to drop or reject packets to service nodeports with no endpoints',
    },
    {
      kind: 'map',
      name: 'firewall-ips',
      type: `${address} . ${SERVICES}`,
      comment: 'destinations that are subject to LoadBalancerSourceRanges',
    },
  ]
}

/** Lines for `nft -f`. May be repeated: what it writes it empties first, and all sets and maps are empty afterwards. */
export function baseTable(ground: NftGround): string[] {
  const table = tableOf(ground)
  const ip = ground.family === 'IPv6' ? 'ip6' : 'ip'
  const lookUp = `${ip} daddr . meta l4proto . th dport vmap`
  const lookUpNodePort = `${ip} daddr @nodeport-ips meta l4proto . th dport vmap`
  const plain: Record<string, string[]> = {
    services: [
      `${ip} daddr @cluster-ips ${ip} saddr != ${ground.clusterCidr} ${MARK} comment "masquerade clusterIP traffic from outside cluster"`,
      `${lookUp} @service-ips`,
      `${lookUpNodePort} @service-nodeports`,
    ],
    masquerading: [
      'mark and 0x4000 != 0 meta mark set mark xor 0x4000 masquerade fully-random',
      `ct status dnat ${ip} saddr . ${ip} daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random`,
    ],
    'reject-chain': ['reject'],
    'service-endpoints-check': [`${lookUp} @no-endpoint-services`],
    'nodeport-endpoints-check': [`${lookUpNodePort} @no-endpoint-nodeports`],
    'firewall-check': [`${lookUp} @firewall-ips`],
    'cluster-ips-check': [
      `${ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"`,
      `${ip} daddr { ${ground.serviceCidr} } drop comment "Drop traffic to unallocated ClusterIPs"`,
    ],
  }
  const helper = ' { comment "helper for @no-endpoint-services / @no-endpoint-nodeports" ; }'
  const chains = [...Object.entries(HOOKS).map(([name, { rules }]) => [name, rules] as const), ...Object.entries(plain)]
  return [
    `add table ${table} { comment "rules for kube-proxy" ; }`,
    ...holdersOf(ip === 'ip6' ? 'ipv6_addr' : 'ipv4_addr').flatMap(({ kind, name, type, comment }) => [
      `add ${kind} ${table} ${name} { type ${type} ; comment "${comment}" ; }`,
      `flush ${kind} ${table} ${name}`,
    ]),
    ...Object.entries(HOOKS).map(
      ([name, { type, hook, priority }]) =>
        `add chain ${table} ${name} { type ${type} hook ${hook} priority ${priority} ; }`,
    ),
    ...Object.keys(plain).map((name) => `add chain ${table} ${name}${name === 'reject-chain' ? helper : ''}`),
    ...chains.map(([name]) => `flush chain ${table} ${name}`),
    ...chains.flatMap(([name, rules]) => rules.map((rule) => `add rule ${table} ${name} ${rule}`)),
    `add element ${table} nodeport-ips { ${ground.nodeIP} }`,
  ]
}

export const BASE_CHAINS = [...Object.keys(HOOKS), 'services', 'masquerading', 'cluster-ips-check']

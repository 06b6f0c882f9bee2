// Where the kernel's own chains lead to kube-proxy's. Prepended: nothing on the node may decide before them.
// Upstream: iptablesJumpChains in pkg/proxy/iptables/proxier.go; KUBE-FIREWALL is the kubelet's.

export interface Jump {
  table: 'filter' | 'nat'
  chain: string
  target: string
  /** Without `-A CHAIN`. */
  rule: string
  /** Behind everything that is in the chain already. */
  isLast?: true
}

const PORTALS = 'kubernetes service portals'
const EXTERNAL = 'kubernetes externally-visible service portals'
const FIREWALL = 'kubernetes load balancer firewall'
const NEW = '-m conntrack --ctstate NEW '

export const IPTABLES_JUMPS: readonly Jump[] = [
  jump('filter', 'INPUT', 'KUBE-FIREWALL', ''),
  jump('filter', 'OUTPUT', 'KUBE-FIREWALL', ''),
  jump('filter', 'INPUT', 'KUBE-EXTERNAL-SERVICES', EXTERNAL, NEW),
  jump('filter', 'FORWARD', 'KUBE-EXTERNAL-SERVICES', EXTERNAL, NEW),
  jump('filter', 'INPUT', 'KUBE-NODEPORTS', 'kubernetes health check service ports'),
  jump('filter', 'FORWARD', 'KUBE-SERVICES', PORTALS, NEW),
  jump('filter', 'OUTPUT', 'KUBE-SERVICES', PORTALS, NEW),
  jump('filter', 'FORWARD', 'KUBE-FORWARD', 'kubernetes forwarding rules'),
  jump('filter', 'INPUT', 'KUBE-PROXY-FIREWALL', FIREWALL, NEW),
  jump('filter', 'OUTPUT', 'KUBE-PROXY-FIREWALL', FIREWALL, NEW),
  jump('filter', 'FORWARD', 'KUBE-PROXY-FIREWALL', FIREWALL, NEW),
  jump('nat', 'OUTPUT', 'KUBE-SERVICES', PORTALS),
  jump('nat', 'PREROUTING', 'KUBE-SERVICES', PORTALS),
  jump('nat', 'POSTROUTING', 'KUBE-POSTROUTING', 'kubernetes postrouting rules'),
]

export function jump(table: Jump['table'], chain: string, target: string, text: string, match = ''): Jump {
  const comment = text === '' ? '' : `-m comment --comment "${text}" `
  return { table, chain, target, rule: `${match}${comment}-j ${target}` }
}

/** Those that are not in what `iptables-save` said of all tables. */
export function missingJumps(saved: string, jumps: readonly Jump[]): Jump[] {
  const there = new Set<string>()
  let table = ''
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim()
    const [, chain, target] = /^-A (\S+) .*?-j (\S+)$/.exec(line.trim()) ?? []
    if (chain && target) there.add(`${table} ${chain} ${target}`)
  }
  return jumps.filter(({ table, chain, target }) => !there.has(`${table} ${chain} ${target}`))
}

// What a learner's network may reach, as iptables rules on the host.
//
//   INPUT        towards the host: only the named ports of the network's own gateway address
//   DOCKER-USER  through the host: machine ↔ machine on the same bridge, and the classroom's registries; nothing else,
//                neither the world nor another learner
//   PREROUTING   the gateway's port 443 is the registry (which answers to the names of the public ones), 5000 the one
//                that learners push to
//
// One chain of each per network, named after its slot, reached by jumps that carry the cluster's name as a comment.
// Everything is applied in one iptables-restore and can be applied again at any time; `closeFirewall` takes it all away.
import { runCommand, tryCommand } from './run-command.ts'

export interface FirewallRequest {
  cluster: string
  slot: number
  bridge: string
  subnet: string
  gateway: string
  openTcpPorts: readonly number[]
  openUdpPorts: readonly number[]
  /** The classroom's registries: a learner's network reaches them through its gateway, at the same port. */
  registries?: readonly SharedPort[]
  /** For the registries' own network: nothing leaves it, and only this may come in. */
  serves?: readonly SharedPort[]
}

export interface SharedPort {
  address: string
  tcpPort: number
}

interface Jump {
  table: 'filter' | 'nat'
  chain: string
  rule: string[]
}

export async function openFirewall(request: FirewallRequest): Promise<void> {
  // Made, not declared below: what terminals were allowed survives the rules being applied again.
  await tryCommand('iptables', ['-w', '-N', chainNames(request.slot).terminals])
  await runCommand('iptables-restore', ['-w', '--noflush'], { input: firewallRules(request) })
  for (const jump of jumpsOf(request)) {
    const present = await tryCommand('iptables', ['-w', '-t', jump.table, '-C', jump.chain, ...jump.rule])
    if (present.exitCode !== 0) {
      await runCommand('iptables', ['-w', '-t', jump.table, '-I', jump.chain, '1', ...jump.rule])
    }
  }
}

/** Removes every jump and chain of the slot, whatever state they are in. */
export async function closeFirewall(request: Pick<FirewallRequest, 'slot'>): Promise<void> {
  const names = Object.values(chainNames(request.slot))
  for (const table of ['filter', 'nat'] as const) {
    const saved = await runCommand('iptables-save', ['-t', table])
    const lines = saved.split('\n')
    const jumps = lines.filter((line) => names.some((name) => line.startsWith('-A ') && line.endsWith(`-j ${name}`)))
    const chains = names.filter((name) => lines.some((line) => line.startsWith(`:${name} `)))
    if (jumps.length === 0 && chains.length === 0) continue
    const deletions = [
      `*${table}`,
      ...jumps.map((line) => line.replace(/^-A /, '-D ')),
      ...chains.map((name) => `-F ${name}`),
      ...chains.map((name) => `-X ${name}`),
      'COMMIT',
      '',
    ]
    await runCommand('iptables-restore', ['-w', '--noflush'], { input: deletions.join('\n') })
  }
}

export function chainNames(slot: number) {
  return {
    input: `PODIUM-IN-${slot}`,
    terminals: `PODIUM-TERM-${slot}`,
    forward: `PODIUM-FWD-${slot}`,
    nat: `PODIUM-NAT-${slot}`,
    /** Of what comes from other hosts (tunnel.ts). */
    tunnels: `PODIUM-TUN-${slot}`,
  }
}

export interface AddressAccess {
  slot: number
  gateway: string
  /** One address of the network. */
  from: string
  tcpPorts: readonly number[]
}

/** Opens ports of the gateway to one address of the network only (a learner's terminal reaching the etcd door). */
export async function allowAddress(access: AddressAccess): Promise<void> {
  const { terminals } = chainNames(access.slot)
  for (const rule of accessRules(access)) {
    const present = await tryCommand('iptables', ['-w', '-C', terminals, ...rule])
    if (present.exitCode !== 0) await runCommand('iptables', ['-w', '-A', terminals, ...rule])
  }
}

export async function disallowAddress(access: AddressAccess): Promise<void> {
  const { terminals } = chainNames(access.slot)
  for (const rule of accessRules(access)) await tryCommand('iptables', ['-w', '-D', terminals, ...rule])
}

function accessRules({ gateway, from, tcpPorts }: AddressAccess): string[][] {
  const path = ['-s', `${from}/32`, '-d', `${gateway}/32`, '-p', 'tcp']
  return tcpPorts.map((port) => [...path, '--dport', String(port), '-j', 'ACCEPT'])
}

/** Questions to the DNS server in a second; a machine full of busy pods asks a tenth of it. */
const MOST_DATAGRAMS = { limit: '2000/sec', burst: 2000 }
/** A TLS handshake takes a millisecond of the API server. */
const MOST_CONNECTIONS = { limit: '200/sec', burst: 500 }

const limited = (rule: string, { limit, burst }: { limit: string; burst: number }) => [
  `${rule} -m limit --limit ${limit} --limit-burst ${burst} -j ACCEPT`,
  `${rule} -j DROP`,
]

/** The text handed to iptables-restore; declaring a chain empties it, so applying twice is the same as once. */
export function firewallRules(request: FirewallRequest): string {
  const { input, terminals, forward, nat } = chainNames(request.slot)
  const { subnet, gateway, registries = [] } = request
  const toGateway = `-A ${input} -s ${subnet} -d ${gateway}/32`
  return [
    '*filter',
    `:${input} - [0:0]`,
    `:${forward} - [0:0]`,
    // One process answers all learners: nobody has more of it than these. First, or an answer would open the way for more.
    ...request.openUdpPorts.flatMap((port) => limited(`${toGateway} -p udp --dport ${port}`, MOST_DATAGRAMS)),
    ...request.openTcpPorts.flatMap((port) => limited(`${toGateway} -p tcp --dport ${port} --syn`, MOST_CONNECTIONS)),
    `-A ${input} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `${toGateway} -p icmp --icmp-type echo-request -j ACCEPT`,
    `-A ${input} -j ${terminals}`,
    `-A ${input} -j REJECT`,
    ...(request.serves ? serverRules(request, request.serves) : learnerRules(request)),
    `-A ${forward} -j REJECT --reject-with icmp-admin-prohibited`,
    'COMMIT',
    '*nat',
    `:${nat} - [0:0]`,
    ...registries.map(
      ({ address, tcpPort }) =>
        `-A ${nat} -d ${gateway}/32 -p tcp --dport ${tcpPort} -j DNAT --to-destination ${address}:${tcpPort}`,
    ),
    'COMMIT',
    '',
  ].join('\n')
}

function learnerRules({ slot, bridge, registries = [] }: FirewallRequest): string[] {
  const { forward } = chainNames(slot)
  return [
    // Bridged packets pass here too (br_netfilter), with pod addresses that are the same for every learner.
    `-A ${forward} -i ${bridge} -o ${bridge} -j ACCEPT`,
    ...registries.map(
      ({ address, tcpPort }) => `-A ${forward} -i ${bridge} -d ${address}/32 -p tcp --dport ${tcpPort} -j ACCEPT`,
    ),
    // Only towards the bridge: a tracked pod-to-pod connection must not become a pass to the host's uplink.
    `-A ${forward} -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  ]
}

function serverRules({ slot, bridge }: FirewallRequest, serves: readonly SharedPort[]): string[] {
  const { forward } = chainNames(slot)
  return [
    `-A ${forward} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ...serves.map(
      ({ address, tcpPort }) => `-A ${forward} -o ${bridge} -d ${address}/32 -p tcp --dport ${tcpPort} -j ACCEPT`,
    ),
  ]
}

function jumpsOf({ bridge, slot, cluster }: FirewallRequest): Jump[] {
  const { input, forward, nat } = chainNames(slot)
  const comment = ['-m', 'comment', '--comment', `podium.cluster=${cluster}`]
  return [
    { table: 'filter', chain: 'INPUT', rule: ['-i', bridge, ...comment, '-j', input] },
    { table: 'filter', chain: 'DOCKER-USER', rule: ['-i', bridge, ...comment, '-j', forward] },
    { table: 'filter', chain: 'DOCKER-USER', rule: ['-o', bridge, ...comment, '-j', forward] },
    { table: 'nat', chain: 'PREROUTING', rule: ['-i', bridge, ...comment, '-j', nat] },
  ]
}

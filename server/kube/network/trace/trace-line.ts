// One line of `nft -a monitor trace`. A packet is told anew in each chain that hangs on one of the kernel's hooks, then the
// rules that it matched there, then what became of it:
//
//   trace id d5a5592d ip nat PREROUTING packet: iif "cni0" … ip saddr 10.1.0.2 ip daddr 10.96.0.5 … tcp sport 40001 tcp dport 80 …
//   trace id d5a5592d ip nat PREROUTING rule  counter packets 0 bytes 0 jump KUBE-SERVICES # handle 6 (verdict jump KUBE-SERVICES)
//   trace id d5a5592d ip nat PREROUTING policy accept

export interface TracedPacket {
  /** The link it came by, and the one it leaves by where that is known already. */
  iif: string
  oif: string
  from: string
  to: string
  fromPort: number
  toPort: number
  protocol: string
  /** As it was told: links, hardware addresses, headers. */
  line: string
}

export type TraceLine = { id: string; family: string; table: string; chain: string } & (
  | { type: 'packet'; packet: TracedPacket }
  | { type: 'rule'; handle: number; verdict: string; text: string }
  | { type: 'policy' | 'return'; verdict: string }
)

const LINE = /^trace id ([0-9a-f]+) (\S+) (\S+) (\S+) (.*)$/
const RULE = /^(?:rule (.*?) # handle (\d+)|unknown rule handle (\d+)) \(verdict (.*)\)$/

/** Undefined for what is no line of a trace. */
export function parseTraceLine(line: string): TraceLine | undefined {
  const [, id, family = '', table = '', chain = '', rest = ''] = LINE.exec(line.trim()) ?? []
  if (!id) return undefined
  const told = { id, family, table, chain }
  if (rest.startsWith('packet: ')) return { ...told, type: 'packet', packet: packetOf(rest) }
  const [, text = '', handle, unknown, verdict] = RULE.exec(rest) ?? []
  if (verdict !== undefined) {
    return { ...told, type: 'rule', handle: Number(handle ?? unknown), verdict, text: text.trim() }
  }
  const [word, ended = ''] = rest.split(' ')
  if (word === 'policy') return { ...told, type: 'policy', verdict: ended }
  return word === 'verdict' ? { ...told, type: 'return', verdict: ended } : undefined
}

function packetOf(text: string): TracedPacket {
  const find = (pattern: RegExp) => pattern.exec(text)?.[1] ?? ''
  return {
    iif: find(/\biif "([^"]+)"/),
    oif: find(/\boif "([^"]+)"/),
    from: find(/\bip6? saddr (\S+)/),
    to: find(/\bip6? daddr (\S+)/),
    fromPort: Number(find(/\b\w+ sport (\d+)/)),
    toPort: Number(find(/\b\w+ dport (\d+)/)),
    protocol: find(/\b(tcp|udp|sctp) sport /) || find(/\b(icmp(?:v6)?) type /),
    line: text.slice('packet: '.length).trim(),
  }
}

// The table that asks the kernel to tell of one request: it marks the first packet, and what the packet meets afterwards is
// told by `nft monitor trace`. There is one for each trace, and none when nobody traces.

import { isIPv6 } from 'node:net'
import type { TraceOrder } from './trace-order.ts'

const PREFIX = 'podium-trace-'
/** Before conntrack and every rule of others. */
const PRIORITY = -350
/** Of what may be somebody else's. */
const LIMIT = 'limit rate 50/second burst 50 packets'
/** What wraps packets of pods between machines is not asked for: what is in it is. */
const OVERLAY_PORT = 8472
const MARK = 'meta nftrace set 1'

export const traceTable = (port: number) => `inet ${PREFIX}${port}`

/** Podium's, in which no packet is stopped. */
export const isOwnTable = ({ family, table }: { family: string; table: string }) =>
  family === 'inet' && table.startsWith('podium-')

/** Of `nft list tables`: those that a trace left, whoever made it. */
export const tablesOfTraces = (listed: string): string[] =>
  listed
    .split('\n')
    .flatMap((line) => (line.startsWith(`table inet ${PREFIX}`) ? line.slice('table '.length).trim() : []))

export function traceScript({ port, protocol, isHere, from, others }: TraceOrder): string {
  const table = traceTable(port)
  // Only the first packet meets the rules that choose; all that follow go the way that conntrack has kept.
  const first = protocol === 'tcp' ? ' tcp flags & (syn | ack) == syn' : ''
  const own = `${protocol} sport ${port}${first} ${MARK}`
  const clients = from.map((address) => `${familyOf(address)} saddr ${address}`)
  const foreign = protocol === 'udp' ? `udp dport != ${OVERLAY_PORT}` : first.trim()
  return [
    `add table ${table}`,
    `add chain ${table} in { type filter hook prerouting priority ${PRIORITY}; }`,
    `add chain ${table} out { type filter hook output priority ${PRIORITY}; }`,
    `add rule ${table} out ip daddr 127.0.0.1 udp dport ${port} ${MARK}`,
    ...(clients.length > 0
      ? clients.map((client) => `add rule ${table} in ${client} ${own}`)
      : [`add rule ${table} in ${own}`]),
    ...(isHere && clients.length === 0 ? [`add rule ${table} out ${own}`] : []),
    // Where the name is asked for: a rule may drop this already.
    ...(isHere ? clients.map((client) => `add rule ${table} in ${client} udp dport 53 ${LIMIT} ${MARK}`) : []),
    ...[...Map.groupBy(others, familyOf)].map(
      ([family, some]) => `add rule ${table} in ${family} saddr { ${some.join(', ')} } ${foreign} ${LIMIT} ${MARK}`,
    ),
    '',
  ].join('\n')
}

const familyOf = (address: string) => (isIPv6(address) ? 'ip6' : 'ip')

export const removalScript = (table: string) => `add table ${table}\ndelete table ${table}\n`

// Which packets the kernel shall tell of, so that calls are seen which a rule stops before they become connections: new ones
// that still have the address of a Service after kube-proxy's rules, so no rule has led them to an endpoint. Those that a
// network policy drops are told of by the policies' own table (network-policy/policy-table.ts).

const NAME = 'podium-stops'
export const STOP_TABLE = `inet ${NAME}`

/** In a second, of each of the two. A caller in a loop must not cost the machine more than that. */
export const MOST_TOLD = 20
/** After addresses are rewritten, before anything is filtered. */
const PRIORITY = -20
const NOT_LED_ON = 'ct state new ct status ! dnat meta l4proto { tcp, udp, sctp }'
/** Where node ports are, unless somebody wants them elsewhere. */
const NODE_PORTS = '30000-32767'

/** Of one family. */
export interface StopRanges {
  clusterCidr: string
  serviceCidr: string
}

export function stopScript(families: readonly StopRanges[]): string {
  const daddr = (cidr: string) => `${cidr.includes(':') ? 'ip6' : 'ip'} daddr`
  return [
    // Of an agent that died, perhaps.
    ...removalLines,
    `add table ${STOP_TABLE}`,
    `add chain ${STOP_TABLE} tell`,
    `add rule ${STOP_TABLE} tell limit rate ${MOST_TOLD}/second burst ${MOST_TOLD} packets meta nftrace set 1`,
    ...['input', 'forward', 'output'].map(
      (hook) => `add chain ${STOP_TABLE} ${hook} { type filter hook ${hook} priority ${PRIORITY}; }`,
    ),
    // Of the machine itself only what is for Services: it has much to do with its neighbours.
    ...families.flatMap(({ clusterCidr, serviceCidr }) => [
      `add rule ${STOP_TABLE} forward ${NOT_LED_ON} ${daddr(clusterCidr)} != ${clusterCidr} jump tell`,
      `add rule ${STOP_TABLE} output ${NOT_LED_ON} ${daddr(serviceCidr)} ${serviceCidr} jump tell`,
    ]),
    `add rule ${STOP_TABLE} input ${NOT_LED_ON} fib daddr type local th dport ${NODE_PORTS} jump tell`,
    '',
  ].join('\n')
}

const removalLines = [`add table ${STOP_TABLE}`, `delete table ${STOP_TABLE}`]
export const stopRemoval = [...removalLines, ''].join('\n')

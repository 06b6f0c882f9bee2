// One line of `conntrack -E -o timestamp,id`. It is the whole path of a connection: who called which address, and, in the
// answer's direction, who was chosen to answer and whether the caller's address was replaced on the way.
//
//   [1795731710.558063]  [NEW] tcp 6 120 SYN_SENT src=10.1.0.2 dst=10.96.0.50 sport=46256 dport=80 [UNREPLIED]
//                                                 src=10.1.0.1 dst=10.1.0.2 sport=8080 dport=46256 id=1208058284

/** What is sent in one direction, from whom to whom. Counted only where the kernel is told to (`nf_conntrack_acct`). */
export interface Direction {
  from: string
  to: string
  /** Protocols without ports have 0. */
  fromPort: number
  toPort: number
  packets?: number
  bytes?: number
}

export interface Connection {
  /** `tcp`, `udp`. */
  protocol: string
  /** TCP only: SYN_SENT, CLOSE, TIME_WAIT … */
  state: string
  /** The kernel takes it for a conversation: an answer came that it could follow. */
  replied: boolean
  asked: Direction
  answered: Direction
}

export interface ConnectionEvent extends Connection {
  type: 'new' | 'gone'
  /** Milliseconds since 1970, by the clock of the machine. */
  at: number
  /** The same in both events of a connection, on one machine; used again later. */
  id: string
}

const LINE = /^\[(\d+\.\d+)\]\s+\[(NEW|DESTROY)\]\s+(.*)$/
const CONNECTION = /^(\w+)\s+\d+\s+(?:\d+\s+)?(?:([A-Z_0-9]+)\s+)?(src=.*)$/

/** Of either family; undefined for what conntrack says about itself. */
export function parseConntrackLine(line: string): ConnectionEvent | undefined {
  const [, seconds = '', type = '', rest = ''] = LINE.exec(line.trim()) ?? []
  const connection = parseConntrackEntry(rest)
  // Pings have an id of their own before it.
  const id = rest
    .split(' ')
    .findLast((word) => word.startsWith('id='))
    ?.slice(3)
  if (!connection || !id) return undefined
  return { type: type === 'NEW' ? 'new' : 'gone', at: Number(seconds) * 1000, id, ...connection }
}

/** The same without time and kind, as `conntrack -L` prints it. */
export function parseConntrackEntry(line: string): Connection | undefined {
  const [, protocol = '', state = '', rest = ''] = CONNECTION.exec(line.trim()) ?? []
  const words = rest.split(' ')
  // The second `src=` begins the answer's direction.
  const second = words.findIndex((word, index) => index > 0 && word.startsWith('src='))
  if (second < 0) return undefined
  const asked = directionOf(words.slice(0, second))
  const answered = directionOf(words.slice(second))
  if (!asked || !answered) return undefined
  return { protocol, state, replied: !words.includes('[UNREPLIED]'), asked, answered }
}

function directionOf(words: readonly string[]): Direction | undefined {
  const from = wordOf(words, 'src') ?? ''
  const to = wordOf(words, 'dst') ?? ''
  if (from === '' || to === '') return undefined
  const packets = wordOf(words, 'packets')
  const bytes = wordOf(words, 'bytes')
  return {
    from,
    to,
    fromPort: Number(wordOf(words, 'sport') ?? 0),
    toPort: Number(wordOf(words, 'dport') ?? 0),
    ...(packets === undefined ? {} : { packets: Number(packets) }),
    ...(bytes === undefined ? {} : { bytes: Number(bytes) }),
  }
}

const wordOf = (words: readonly string[], name: string) =>
  words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)

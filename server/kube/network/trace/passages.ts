// What `nft monitor trace` tells, put together: one passage for each time that a packet came through a chain at one of the
// kernel's hooks, with the rules that it matched there. Packets pass at the same time on several processors.

import type { TracedPacket, TraceLine } from './trace-line.ts'

export interface TracedRule {
  chain: string
  handle: number
  /** `accept`, `drop`, `continue`, `return`, `jump KUBE-SERVICES`, `goto …`. */
  verdict: string
  /** The rule as the kernel's own tools print it. */
  text: string
}

export interface Passage {
  family: string
  table: string
  /** That hangs on the hook. */
  chain: string
  packet: TracedPacket
  rules: TracedRule[]
  /** What the chain does with what no rule has decided about, where it came to that. */
  policy?: string
}

/** A busy machine tells of others' packets too. */
const MOST_KEPT = 500

export class Passages {
  readonly #all: Passage[] = []
  /** By packet: where it is now. */
  readonly #open = new Map<string, Passage>()

  get all(): readonly Passage[] {
    return this.#all
  }

  /** Returns the passage that begins with this line. */
  add(line: TraceLine): Passage | undefined {
    if (line.type === 'packet') {
      const { family, table, chain, packet } = line
      const passage: Passage = { family, table, chain, packet, rules: [] }
      this.#open.set(line.id, passage)
      this.#all.push(passage)
      if (this.#all.length > MOST_KEPT) this.#all.shift()
      const [oldest = ''] = this.#open.keys()
      if (this.#open.size > MOST_KEPT) this.#open.delete(oldest)
      return passage
    }
    const passage = this.#open.get(line.id)
    if (!passage || passage.table !== line.table) return undefined
    if (line.type === 'policy') passage.policy = line.verdict
    else if (line.type === 'rule') {
      const { chain, handle, verdict, text } = line
      passage.rules.push({ chain, handle, verdict, text })
    }
    return undefined
  }
}

/** The first packet of each sender only: what is sent again meets the same. */
export function firstPasses(passages: readonly Passage[]): Passage[] {
  const met = new Set<string>()
  return passages.filter(({ family, table, chain, packet }) => {
    const key = [family, table, chain, packet.protocol, packet.from, packet.fromPort, packet.toPort, packet.iif].join()
    return !met.has(key) && met.add(key)
  })
}

/** `10.1.0.3:80`, or `[fd00::3]:80`. */
const TARGET = /(?:--to-destination|dnat(?: ip6?)? to) (?:\[([\da-f:]+)\]|([\d.]+)):(\d+)/

/** Whom a rule puts in the place of who was called; without an address where the rule does not say whom it drew. */
export function rewrittenTo(passages: readonly Passage[]): { ip: string; port: number } | undefined {
  const rule = passages.flatMap(({ rules }) => rules).find(({ text }) => /\b(dnat|redirect)\b/i.test(text))
  if (!rule) return undefined
  const [, six, four = '', port] = TARGET.exec(rule.text) ?? []
  return { ip: six ?? four, port: Number(port ?? 0) }
}

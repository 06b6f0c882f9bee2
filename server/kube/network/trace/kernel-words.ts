// What the kernel of this machine says about a traced packet, in the words of its own tools: rules as iptables and nft print
// them, what conntrack keeps of the connection, the route and the neighbour that it leads to.

import { isIPv6 } from 'node:net'
import type { NodeOs } from '../../node-os/node-os.ts'
import { type Connection, parseConntrackEntry } from '../conntrack-line.ts'
import type { Passage } from './passages.ts'
import type { Source } from './trace-order.ts'

/** Of a chain that a packet was in, as it is printed: `-A KUBE-SVC-… -j KUBE-SEP-…`. */
export type Chains = Record<string, string[]>

export interface KernelWords {
  /** By `family table chain`; only those that are short enough to be read. */
  chains: Chains
  /** What conntrack keeps; undefined for what never became a connection. */
  connection?: Connection & { line: string }
  /** The question to the kernel, and its answer. */
  route?: { asked: string; says: string; isThere: boolean }
  neighbour?: string
}

/** These are iptables' own, which prints them in the words that books use. */
const IPTABLES_TABLES = ['raw', 'mangle', 'nat', 'filter', 'security']
const LONGEST_CHAIN = 64

export const chainKey = ({ family, table }: Passage, chain: string) => `${family} ${table} ${chain}`

/** Puts each rule into its tool's words, in place, and returns the chains that were met. */
export async function wordRules(os: NodeOs, passages: readonly Passage[]): Promise<Chains> {
  const wanted = new Map(
    passages.flatMap((passage) =>
      [passage.chain, ...passage.rules.map(({ chain }) => chain)].map((chain) => [
        chainKey(passage, chain),
        { family: passage.family, table: passage.table, chain },
      ]),
    ),
  )
  const chains: Chains = {}
  const words = new Map<string, Map<number, string>>()
  await Promise.all(
    [...wanted].map(async ([key, chain]) => {
      const rules = await rulesOf(os, chain)
      words.set(key, rules)
      if (rules.size <= LONGEST_CHAIN) chains[key] = [...rules.values()]
    }),
  )
  for (const passage of passages) {
    for (const rule of passage.rules) {
      rule.text = words.get(chainKey(passage, rule.chain))?.get(rule.handle) ?? rule.text
    }
  }
  return chains
}

/** By handle. */
export async function rulesOf(
  os: Pick<NodeOs, 'run'>,
  { family, table, chain }: { family: string; table: string; chain: string },
): Promise<Map<number, string>> {
  const { stdout } = await os.run('nft', ['-a', 'list', 'chain', family, table, chain])
  const rules = rulesByHandle(stdout)
  const iptables = { ip: 'iptables', ip6: 'ip6tables' }[family]
  if (!iptables || !IPTABLES_TABLES.includes(table)) return rules
  const saved = await os.run(iptables, ['-w', '5', '-t', table, '-S', chain])
  const lines = saved.stdout.split('\n').filter((line) => line.startsWith('-A '))
  // Both print them in the kernel's order; where they differ somebody has changed them in between.
  if (lines.length !== rules.size) return rules
  return new Map([...rules.keys()].map((handle, at) => [handle, lines[at] ?? '']))
}

/** A rule with a long map in it is printed on several lines; each ends with its handle. */
export function rulesByHandle(listed: string): Map<number, string> {
  const rules = new Map<number, string>()
  let text = ''
  for (const line of listed.split('\n')) {
    if (/^\s*(table|chain|type|#|\}|comment) ?/.test(line) && text === '') continue
    text = `${text} ${line.trim()}`.trim()
    const [, rule, handle] = /^(.*?) # handle (\d+)$/.exec(text) ?? []
    if (rule === undefined) continue
    rules.set(Number(handle), rule.replace(/counter packets \d+ bytes \d+/, 'counter'))
    text = ''
  }
  return rules
}

export async function connectionOf(
  os: NodeOs,
  protocol: string,
  { ip, port }: Source,
): Promise<KernelWords['connection']> {
  const family = isIPv6(ip) ? ['-f', 'ipv6'] : []
  const asked = ['-L', ...family, '-p', protocol, '--orig-src', ip, '--sport', String(port)]
  const { stdout } = await os.run('conntrack', asked)
  for (const line of stdout.split('\n')) {
    const entry = parseConntrackEntry(line)
    if (entry) return { ...entry, line: line.trim().replace(/\s+/g, ' ') }
  }
  return undefined
}

/** Where the kernel sends what goes to an address; `iif` where it comes from another link. */
export async function routeTo(
  os: NodeOs,
  { to, from, iif }: { to: string; from: string; iif: string },
): Promise<Pick<KernelWords, 'route' | 'neighbour'>> {
  const args = ['route', 'get', to, ...(iif ? ['from', from, 'iif', iif] : [])]
  const { exitCode, stdout, stderr } = await os.run('ip', args)
  const says = (exitCode === 0 ? (stdout.split('\n')[0] ?? '') : stderr).trim()
  const route = { asked: `ip ${args.join(' ')}`, says, isThere: exitCode === 0 }
  const [, via = to] = / via (\S+)/.exec(says) ?? []
  const [, dev = ''] = / dev (\S+)/.exec(says) ?? []
  if (exitCode !== 0 || dev === '' || dev === 'lo') return { route }
  const { stdout: known } = await os.run('ip', ['neighbour', 'show', 'to', via])
  const neighbour = known.split('\n').find((line) => line.startsWith(`${via} dev ${dev} `))
  return { route, ...(neighbour ? { neighbour: neighbour.trim() } : {}) }
}

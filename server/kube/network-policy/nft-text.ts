// A table as a script for `nft -f`, which does all of it or nothing: only what differs from what is there already, so
// that a label that changed costs one element, and counters of what did not change go on.

import { type Allow, FAMILIES, MAPS, type Rule, SELF, type Table } from './table.ts'

export const TABLE = 'inet network-policy'

/** After kube-proxy's rules and the filters of whoever else there is: addresses are those of pods by now. */
const HOOKS = { egress: 10, ingress: 11 } as const
const DIRECTIONS = ['egress', 'ingress'] as const
const LONGEST_COMMENT = 120

const NOTHING: Table = { sets: new Map(), chains: new Map() }

/** `before` is undefined where nobody knows what is there. Empty when there is nothing to do. */
export function changeText(before: Table | 'nothing' | undefined, after: Table | undefined): string {
  if (before && before !== 'nothing' && after) return differences(before, after).join('\n')
  if (before === 'nothing' && !after) return ''
  const lines = [...(before === 'nothing' ? [] : [`add table ${TABLE}`, `delete table ${TABLE}`])]
  if (after) lines.push(`add table ${TABLE}`, ...differences(NOTHING, after), ...hooks())
  return lines.join('\n')
}

function differences(before: Table, after: Table): string[] {
  const made: string[] = []
  const taken: string[] = []
  const filled: string[] = []
  const removed: string[] = []
  for (const [name, { type, elements }] of after.sets) {
    const old = before.sets.get(name)?.elements ?? new Set()
    if (!before.sets.has(name)) made.push(`add ${sortOf(type)} ${TABLE} ${name} { type ${type}; }`)
    const gone = [...old].filter((element) => !elements.has(element)).map((element) => element.split(' : ', 1)[0])
    const come = [...elements].filter((element) => !old.has(element))
    if (gone.length > 0) taken.push(`delete element ${TABLE} ${name} { ${gone.join(', ')} }`)
    if (come.length > 0) filled.push(`add element ${TABLE} ${name} { ${come.join(', ')} }`)
  }
  for (const [name, { type }] of before.sets) {
    if (!after.sets.has(name)) removed.push(`delete ${sortOf(type)} ${TABLE} ${name}`)
  }
  const written: string[] = []
  for (const [name, rules] of after.chains) {
    const [old, next] = [before.chains.get(name)?.map(ruleText), rules.map(ruleText)]
    if (old?.join('\n') === next.join('\n')) continue
    made.push(old ? `flush chain ${TABLE} ${name}` : `add chain ${TABLE} ${name}`)
    written.push(...next.map((rule) => `add rule ${TABLE} ${name} ${rule}`))
  }
  for (const name of before.chains.keys()) {
    if (after.chains.has(name)) continue
    taken.push(`flush chain ${TABLE} ${name}`)
    removed.unshift(`delete chain ${TABLE} ${name}`)
  }
  return [...made, ...taken, ...written, ...filled, ...removed]
}

const sortOf = (type: string) => (type.endsWith('verdict') ? 'map' : 'set')

/** Replies belong to what has been let through, and stay so when policies change: upstream leaves that open. */
function hooks(): string[] {
  return DIRECTIONS.flatMap((direction) => [
    `add chain ${TABLE} ${direction} { type filter hook forward priority ${HOOKS[direction]}; policy accept; }`,
    `add rule ${TABLE} ${direction} ct state established,related accept`,
    ...FAMILIES.flatMap(({ family, mark }) => [
      `add rule ${TABLE} ${direction} ${family} saddr . ${family} daddr @${SELF}${mark} accept`,
      `add rule ${TABLE} ${direction} ${family} ${direction === 'egress' ? 'saddr' : 'daddr'} vmap @${MAPS[direction]}${mark}`,
    ]),
  ])
}

function ruleText(rule: Rule): string {
  if (rule === 'drop') return 'drop'
  if ('jump' in rule) return `jump ${rule.jump}`
  if ('count' in rule) return `counter ${comment(rule.count)}`
  const side = rule.direction === 'ingress' ? 'saddr' : 'daddr'
  return [...peerText(rule.allow, side), ...portText(rule.allow), 'counter accept', comment(rule.comment)].join(' ')
}

const comment = (text: string) => `comment "${text.slice(0, LONGEST_COMMENT)}"`

function peerText({ family, peer }: Allow, side: 'saddr' | 'daddr'): string[] {
  if (!peer) return []
  if ('set' in peer) return [`${family} ${side} @${peer.set}`]
  const { cidr, except } = peer
  const whole = cidr.endsWith('/0') ? `meta nfproto ${family === 'ip6' ? 'ipv6' : 'ipv4'}` : `${family} ${side} ${cidr}`
  return [whole, ...except.map((one) => `${family} ${side} != ${one}`)]
}

function portText({ family, protocol, ports, namedPorts }: Allow): string[] {
  if (!protocol) return []
  if (namedPorts) return [`${family} daddr . ${protocol} dport @${namedPorts}`]
  if (!ports) return [`meta l4proto ${protocol}`]
  return [`${protocol} dport { ${ports.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ')} }`]
}

// A table as scripts for `nft -f`, which does all of one or nothing: only what differs from what is there already, so that
// a label that changed costs one element, and counters of what did not change go on.

import { type Allow, type Direction, FAMILIES, MAPS, type Rule, SELF, type Table } from './table.ts'

export const TABLE = 'inet network-policy'

/** After kube-proxy's rules and the filters of whoever else there is: addresses are those of pods by now. */
const HOOKS = { egress: 10, ingress: 11 } as const
const DIRECTIONS = ['egress', 'ingress'] as const
const DROP = 'counter drop'
const LONGEST_COMMENT = 120
const LONGEST_SCRIPT = 48 * 1024

/** A table whose rules are words. */
export interface Written {
  sets: Table['sets']
  chains: ReadonlyMap<string, readonly string[]>
  /** An address of the machine by which pods leave their network. */
  relayed: string | undefined
}

const NOTHING: Written = { sets: new Map(), chains: new Map(), relayed: undefined }

export const written = ({ sets, chains }: Table, relayed?: string): Written => ({
  sets,
  relayed,
  chains: new Map([...chains].map(([name, rules]) => [name, rules.map(ruleText)])),
})

/**
 * Scripts to run one after the other; almost always one, or none when there is nothing to do. `before` is undefined
 * where nobody knows what is there. Where all of it has to be written, isolated pods are kept from everything new first.
 */
export function changeScripts(before: Written | 'nothing' | undefined, after: Written | undefined): string[] {
  if (before && before !== 'nothing' && after) return scriptsOf(differences(before, after))
  const clean = before === 'nothing' ? [] : [[`add table ${TABLE}`, `delete table ${TABLE}`]]
  if (!after) return scriptsOf(clean)
  const closed = closedUntilWritten(after)
  const first = [...clean, [`add table ${TABLE}`], ...differences(NOTHING, closed), hooks(after)]
  return scriptsOf([...first, ...differences(closed, after)])
}

/** The kernel takes no more at once from a machine without rights on its host; what must not be torn apart is not. */
function scriptsOf(parts: readonly (readonly string[])[]): string[] {
  const scripts: string[] = []
  for (const part of parts) {
    const text = part.map((line) => `${line}\n`).join('')
    const last = scripts.at(-1)
    if (last !== undefined && last.length + text.length <= LONGEST_SCRIPT) scripts[scripts.length - 1] = last + text
    else if (text !== '') scripts.push(text)
  }
  return scripts
}

/** The same pods isolated, and nothing allowed. */
function closedUntilWritten({ sets, chains, relayed }: Written): Written {
  const maps = [...sets].filter(([name]) => Object.values(MAPS).some((map) => name.startsWith(map)))
  const own = [...sets].filter(([name]) => name.startsWith(SELF))
  const drops = [...chains].flatMap(([name, rules]) => {
    const drop = rules.filter((rule) => rule.startsWith(DROP))
    return drop.length > 0 ? [[name, drop] as const] : []
  })
  return { sets: new Map([...maps, ...own]), chains: new Map(drops), relayed }
}

/** In this order no moment between two parts lets through what is let through neither before nor after. */
function differences(before: Written, after: Written): string[][] {
  const made: string[][] = []
  const filled: string[][] = []
  const led: string[][] = []
  const removed: string[][] = []
  for (const [name, { type, elements }] of after.sets) {
    const old = before.sets.get(name)?.elements ?? new Set()
    if (!before.sets.has(name)) made.push([`add ${sortOf(type)} ${TABLE} ${name} { type ${type}; }`])
    const gone = [...old].filter((element) => !elements.has(element)).map((element) => element.split(' : ', 1)[0])
    const come = [...elements].filter((element) => !old.has(element))
    const to = type.endsWith('verdict') ? led : filled
    to.push([
      ...(gone.length > 0 ? [`delete element ${TABLE} ${name} { ${gone.join(', ')} }`] : []),
      ...(come.length > 0 ? [`add element ${TABLE} ${name} { ${come.join(', ')} }`] : []),
    ])
  }
  for (const [name, { type }] of before.sets) {
    if (!after.sets.has(name)) removed.push([`delete ${sortOf(type)} ${TABLE} ${name}`])
  }
  for (const [name, rules] of after.chains) {
    const old = before.chains.get(name)
    if (old?.length === rules.length && old.every((rule, nth) => rule === rules[nth])) continue
    if (!old) made.push([`add chain ${TABLE} ${name}`])
    const flush = old ? [`flush chain ${TABLE} ${name}`] : []
    filled.push([...flush, ...rules.map((rule) => `add rule ${TABLE} ${name} ${rule}`)])
  }
  const goneChains = [...before.chains.keys()].filter((name) => !after.chains.has(name))
  return [
    ...made,
    ...filled,
    ...led,
    ...goneChains.map((name) => [`flush chain ${TABLE} ${name}`]),
    // Maps lead to chains.
    ...removed,
    ...goneChains.map((name) => [`delete chain ${TABLE} ${name}`]),
  ].filter((part) => part.length > 0)
}

const sortOf = (type: string) => (type.endsWith('verdict') ? 'map' : 'set')

/** Neighbours of IPv6 ask each other where they are by packets that pass here too; ARP does not. */
const NEIGHBOURS = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept'

/** Replies belong to what has been let through, and stay so when policies change: upstream leaves that open. */
function hooks({ relayed }: Written): string[] {
  const hooks = DIRECTIONS.flatMap((direction) => [
    `add chain ${TABLE} ${direction} { type filter hook forward priority ${HOOKS[direction]}; policy accept; }`,
    `add rule ${TABLE} ${direction} ct state established,related accept`,
    `add rule ${TABLE} ${direction} ${NEIGHBOURS}`,
    ...FAMILIES.flatMap(({ family, mark }) => [
      `add rule ${TABLE} ${direction} ${family} saddr . ${family} daddr @${SELF}${mark} accept`,
      `add rule ${TABLE} ${direction} ${family} ${direction === 'egress' ? 'saddr' : 'daddr'} vmap @${MAPS[direction]}${mark}`,
    ]),
  ])
  return relayed ? [...hooks, ...relayHook(relayed)] : hooks
}

function relayHook(relayed: string): string[] {
  return [
    `add chain ${TABLE} egress-relayed { type filter hook input priority ${HOOKS.egress}; policy accept; }`,
    `add rule ${TABLE} egress-relayed ct state established,related accept`,
    `add rule ${TABLE} egress-relayed ip6 daddr ${relayed} ip6 saddr vmap @${MAPS.egress}/v6`,
  ]
}

function ruleText(rule: Rule): string {
  if ('jump' in rule) return `jump ${rule.jump}`
  if ('tell' in rule) return `limit rate ${rule.tell}/second burst ${rule.tell} packets meta nftrace set 1`
  if ('byPeer' in rule) return `${rule.family} ${peerSide(rule.direction)} vmap @${rule.byPeer}`
  if ('drop' in rule) return `${DROP} ${comment(`${rule.direction} dropped by ${shown(rule.drop)}`)}`
  return [
    ...peerText(rule.allow, peerSide(rule.direction)),
    ...portText(rule.allow),
    'counter accept',
    comment(rule.comment),
  ].join(' ')
}

const peerSide = (direction: Direction) => (direction === 'ingress' ? 'saddr' : 'daddr')

/** As many as there is room for. */
function shown([first = '', ...others]: readonly string[]): string {
  const named = others.reduce((text, name) => (text.length + name.length < 80 ? `${text}, ${name}` : text), first)
  const rest = others.length + 1 - named.split(', ').length
  return rest > 0 ? `${named} and ${rest} more` : named
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

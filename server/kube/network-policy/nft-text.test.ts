import { describe, expect, it } from 'vitest'
import { changeScripts, TABLE, written } from './nft-text.ts'
import type { Allow, Rule, Table } from './table.ts'

const table = (elements: string[], chains: Record<string, Rule[]> = {}): Table => ({
  sets: new Map([['ingress/default/p/0', { type: 'ipv4_addr', elements: new Set(elements) }]]),
  chains: new Map(Object.entries(chains)),
})
const scripts = (before: Table | 'nothing' | undefined, after: Table | undefined) =>
  changeScripts(typeof before === 'object' ? written(before) : before, after && written(after))
const lines = (...told: Parameters<typeof scripts>) =>
  scripts(...told).flatMap((script) => script.trimEnd().split('\n'))
const drop: Rule = { drop: ['default/p'], direction: 'ingress' }
const DROPS = 'counter drop comment "ingress dropped by default/p"'

describe('a change of the table', () => {
  it('takes away what an earlier life left, and makes all of it at once', () => {
    const script = lines(undefined, table(['10.244.0.2'], { 'to/default/web': [drop] }))
    expect(script.slice(0, 3)).toEqual([`add table ${TABLE}`, `delete table ${TABLE}`, `add table ${TABLE}`])
    expect(script).toContain(`add element ${TABLE} ingress/default/p/0 { 10.244.0.2 }`)
    expect(script).toContain(`add chain ${TABLE} ingress { type filter hook forward priority 11; policy accept; }`)
    expect(script).toContain(`add rule ${TABLE} ingress ip daddr vmap @pods-to`)
    // Between two pods of one bridge nothing else would tell where they are.
    for (const direction of ['egress', 'ingress']) {
      const rules = script.filter((line) => line.startsWith(`add rule ${TABLE} ${direction} `))
      const at = (text: string) => rules.findIndex((rule) => rule.includes(text))
      expect(at('nd-neighbor-solicit, nd-neighbor-advert } accept')).toBeGreaterThan(-1)
      expect(at('nd-neighbor-solicit')).toBeLessThan(at('vmap'))
    }
  })

  it('holds for what pods send to the gateway by an address of the machine itself, where there is one', () => {
    const isolated = table([], { 'from/default/web': [drop] })
    const script = (relayed?: string) => changeScripts('nothing', written(isolated, relayed)).join('')
    expect(script()).not.toContain('hook input')
    expect(script('fd00:10:160::1')).toContain(
      `add rule ${TABLE} egress-relayed ip6 daddr fd00:10:160::1 ip6 saddr vmap @pods-from/v6\n`,
    )
    expect(script('fd00:10:160::1')).toContain('egress-relayed { type filter hook input priority 10; policy accept; }')
  })

  it('is one element in and one out when a label changes', () => {
    const chains = { 'ingress/default/p': [] }
    expect(lines(table(['10.244.0.2', '10.244.0.3'], chains), table(['10.244.0.3', '10.244.0.4'], chains))).toEqual([
      `delete element ${TABLE} ingress/default/p/0 { 10.244.0.2 }`,
      `add element ${TABLE} ingress/default/p/0 { 10.244.0.4 }`,
    ])
  })

  it('writes only the chain that differs, and empties what goes before it goes', () => {
    const before = table([], { kept: [drop], changed: [{ jump: 'gone' }], gone: [drop] })
    expect(lines(before, table([], { kept: [drop], changed: [drop] }))).toEqual([
      `flush chain ${TABLE} changed`,
      `add rule ${TABLE} changed ${DROPS}`,
      `flush chain ${TABLE} gone`,
      `delete chain ${TABLE} gone`,
    ])
  })

  it('leads an address to the chain of the pod that has it now', () => {
    const leading = (chain: string): Table => ({
      sets: new Map([['pods-to', { type: 'ipv4_addr : verdict', elements: new Set([`10.244.0.2 : goto ${chain}`]) }]]),
      chains: new Map(),
    })
    expect(lines(leading('to/default/a'), leading('to/default/b'))).toEqual([
      `delete element ${TABLE} pods-to { 10.244.0.2 }`,
      `add element ${TABLE} pods-to { 10.244.0.2 : goto to/default/b }`,
    ])
  })

  it('leads by a map to chains that there are, and takes the map away before them', () => {
    const leading = (...chains: string[]): Table => {
      const by = (to: string) => ({ type: 'ipv4_addr : verdict', elements: new Set([to]) })
      const peers = { byPeer: 'peers/a', family: 'ip', direction: 'ingress' } as const
      const sets = chains.map((chain) => ['peers/a', by(`10.244.0.3 : jump ${chain}`)] as const)
      const ways = chains.map((chain): [string, Rule[]] => [chain, []])
      return {
        sets: new Map([['pods-to', by('10.244.0.2 : goto to/default/web')], ...sets]),
        chains: new Map([...ways, ['to/default/web', [...chains.map(() => peers), drop]]]),
      }
    }
    const made = lines(undefined, leading('some/a'))
    const at = (line: string) => made.indexOf(line)
    expect(at(`add chain ${TABLE} some/a`)).toBeGreaterThan(-1)
    expect(at(`add chain ${TABLE} some/a`)).toBeLessThan(
      at(`add element ${TABLE} peers/a { 10.244.0.3 : jump some/a }`),
    )
    expect(made).toContain(`add rule ${TABLE} to/default/web ip saddr vmap @peers/a`)
    const gone = lines(leading('some/a'), leading())
    expect(gone.slice(-3)).toEqual([
      `flush chain ${TABLE} some/a`,
      `delete map ${TABLE} peers/a`,
      `delete chain ${TABLE} some/a`,
    ])
  })

  it.each([
    ['the same', table(['10.244.0.2']), table(['10.244.0.2']), []],
    ['nothing, and nothing is there', 'nothing', undefined, []],
    ['nothing any more', table([]), undefined, [`add table ${TABLE}\ndelete table ${TABLE}\n`]],
  ] as const)('is as much as is needed: %s', (_what, before, after, expected) => {
    expect(scripts(before, after)).toEqual(expected)
  })

  it('comes in pieces where it is long, and lets nothing new through before the last', () => {
    const policies = Array.from({ length: 1000 }, (_, nth) => `ingress/default/p${nth}`)
    const chains: Record<string, Rule[]> = { 'to/default/web': [...policies.map((jump) => ({ jump })), drop] }
    for (const name of policies) chains[name] = [{ allow: {}, direction: 'ingress', comment: name }]
    const [first = '', ...more] = scripts(undefined, table([], chains))
    expect(more.length).toBeGreaterThan(1)
    expect(first).toContain('hook forward')
    expect(first).toContain(`add rule ${TABLE} to/default/web ${DROPS}\n`)
    const whole = more.filter((script) => script.includes(`flush chain ${TABLE} to/default/web\n`))
    expect(whole, 'the chain of a pod is never torn apart').toHaveLength(1)
    expect(whole[0]?.match(/ to\/default\/web jump /g)).toHaveLength(1000)
    expect(whole[0]).toContain(DROPS)
  })

  it('says of whom a drop is, as many as there is room for', () => {
    const many = Array.from({ length: 20 }, (_, nth) => `default/policy-${nth}`)
    const [last] = lines(table([]), table([], { c: [{ drop: many, direction: 'egress' }] })).slice(-1)
    expect(last).toMatch(/comment "egress dropped by default\/policy-0, .* and \d+ more"$/)
    expect(/comment "(.*)"/.exec(last ?? '')?.[1]?.length).toBeLessThanOrEqual(120)
  })
})

describe('a rule', () => {
  it('has so many packets told, and not more', () => {
    expect(lines(table([], { c: [] }), table([], { c: [{ tell: 50 }] }))).toEqual([
      `flush chain ${TABLE} c`,
      `add rule ${TABLE} c limit rate 50/second burst 50 packets meta nftrace set 1`,
    ])
  })

  it.each<[Allow, 'ingress' | 'egress', string]>([
    [{}, 'ingress', ''],
    [{ family: 'ip', peer: { set: 'x' } }, 'ingress', 'ip saddr @x '],
    [{ family: 'ip', peer: { set: 'x' } }, 'egress', 'ip daddr @x '],
    [
      { family: 'ip', peer: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.1.2.0/24'] } },
      'ingress',
      'ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 ip saddr != 10.1.2.0/24 ',
    ],
    [{ family: 'ip6', peer: { cidr: '::/0', except: [] } }, 'egress', 'meta nfproto ipv6 '],
    [{ protocol: 'sctp' }, 'ingress', 'meta l4proto sctp '],
    [
      {
        protocol: 'tcp',
        ports: [
          [80, 80],
          [8000, 8080],
        ],
      },
      'egress',
      'tcp dport { 80, 8000-8080 } ',
    ],
    [{ family: 'ip', protocol: 'udp', namedPorts: 'port/udp/dns' }, 'egress', 'ip daddr . udp dport @port/udp/dns '],
  ])('%j of %s is written as the kernel’s own tool reads it', (allow, direction, text) => {
    const rule = { allow, direction, comment: 'default/p ingress[0]' }
    const script = lines(table([]), table([], { c: [rule] }))
    expect(script.at(-1)).toBe(`add rule ${TABLE} c ${text}counter accept comment "default/p ingress[0]"`)
  })
})

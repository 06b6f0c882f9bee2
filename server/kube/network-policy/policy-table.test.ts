import { BlockList, isIPv6 } from 'node:net'
import type { Namespace, Pod } from 'kubernetes-types/core/v1'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1'
import { describe, expect, it } from 'vitest'
import { dnsAt, factsOf } from './pod-facts.ts'
import { tableOf } from './policy-table.ts'
import { type Allow, type Direction, FAMILIES, MAPS, SELF, type Table } from './table.ts'
import { type Connection, isAllowed, type World } from './testing/documented.ts'
import { RandomPolicies } from './testing/random-policies.ts'

const namespaces: Namespace[] = ['default', 'shop', 'team-a', 'kube-system'].map((name) => ({
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
}))
const pod = (place: string, node: string, podIP: string, labels: Record<string, string>, web = 80): Pod => {
  const [namespace = '', name = ''] = place.split('/')
  return {
    metadata: { namespace, name, labels },
    spec: {
      nodeName: node,
      containers: [
        {
          name: 'a',
          ports: [
            { name: 'web', containerPort: web },
            { name: 'names', containerPort: 53, protocol: 'UDP' },
          ],
        },
      ],
    },
    status: { podIP, podIPs: [{ ip: podIP }], phase: 'Running' },
  }
}
const pods = [
  pod('default/web', 'n1', '10.244.0.2', { app: 'web', tier: 'front' }),
  pod('default/db', 'n2', '10.244.1.2', { app: 'db' }, 8080),
  pod('shop/web', 'n2', '10.244.1.3', { app: 'web' }),
  pod('shop/cache', 'n1', '10.244.0.3', { app: 'cache', tier: 'back' }, 8080),
  pod('team-a/none', 'n1', '10.244.0.4', {}),
  pod('team-a/six', 'n2', 'fd00::12', { app: 'db' }),
]
const OUTSIDE = '203.0.113.9'
const DNS = '10.160.0.1'
const addresses = [...pods.map(({ status }) => status!.podIP!), OUTSIDE]

const tableFor = ({ policies, pods: of, namespaces: spaces }: World, node: string, toldDrops?: number) =>
  tableOf(
    {
      policies,
      pods: [dnsAt(DNS), ...of.flatMap((one) => factsOf(one) ?? [])],
      namespaces: new Map(spaces.map(({ metadata }) => [metadata!.name!, metadata!.labels!])),
    },
    node,
    toldDrops,
  )

/** What a kernel does with the first packet of a connection. */
function passes(table: Table | undefined, { from, to, protocol, port }: Connection): boolean {
  if (!table) return true
  const has = (set: string, element: string) => table.sets.get(set)?.elements.has(element) ?? false
  const { mark, family } = FAMILIES.find((one) => one.has(from))!
  const inRange = (address: string, cidr: string) => {
    const [network = '', bits] = cidr.split('/')
    const range = new BlockList()
    range.addSubnet(network, Number(bits), isIPv6(network) ? 'ipv6' : 'ipv4')
    return range.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  const holds = (allow: Allow, direction: Direction): boolean => {
    const other = direction === 'ingress' ? from : to
    const { peer } = allow
    if (allow.family && allow.family !== family) return false
    if (peer && 'set' in peer && !has(peer.set, other)) return false
    if (peer && 'cidr' in peer && (!inRange(other, peer.cidr) || peer.except.some((one) => inRange(other, one))))
      return false
    if (allow.protocol && allow.protocol !== protocol.toLowerCase()) return false
    if (allow.ports && !allow.ports.some(([first, last]) => port >= first && port <= last)) return false
    return !allow.namedPorts || has(allow.namedPorts, `${to} . ${port}`)
  }
  const accepts = (chain: string): boolean => {
    for (const rule of table.chains.get(chain) ?? []) {
      if ('drop' in rule) return false
      if ('byPeer' in rule && rule.family === family) {
        const other = rule.direction === 'ingress' ? from : to
        const found = [...table.sets.get(rule.byPeer)!.elements].find((one) => one.startsWith(`${other} : jump `))
        if (found && accepts(found.replace(/^.* jump /, ''))) return true
      }
      if ('jump' in rule && accepts(rule.jump)) return true
      if ('allow' in rule && holds(rule.allow, rule.direction)) return true
    }
    return false
  }
  return (['egress', 'ingress'] as const).every((direction) => {
    if (has(`${SELF}${mark}`, `${from} . ${to}`)) return true
    const own = direction === 'egress' ? from : to
    const led = [...table.sets.get(`${MAPS[direction]}${mark}`)!.elements].find((one) => one.startsWith(`${own} : `))
    return !led || accepts(led.replace(/^.* goto /, ''))
  })
}

/** A connection passes the machines of both ends. */
const gets = (world: World, connection: Connection) =>
  ['n1', 'n2'].every((node) => passes(tableFor(world, node), connection))

it('lets through what the documentation allows, for policies from seeds', () => {
  const words = {
    namespaces: ['default', 'shop', 'team-a'],
    addresses,
    ports: [80, 53, 8080],
    portNames: ['web', 'names', 'nobody'],
    protocols: ['TCP', 'UDP'] as const,
  }
  const count = { allowed: 0, denied: 0 }
  for (let seed = 1; seed <= 20; seed++) {
    const world = { policies: new RandomPolicies(seed, words).policies(4), pods, namespaces }
    const tables = ['n1', 'n2'].map((node) => tableFor(world, node))
    for (const from of addresses) {
      for (const to of addresses) {
        if (isIPv6(from) !== isIPv6(to)) continue
        for (const [protocol, port] of [
          ['TCP', 80],
          ['TCP', 8080],
          ['UDP', 53],
        ] as const) {
          const connection = { from, to, protocol, port }
          const expected = isAllowed(world, connection)
          count[expected ? 'allowed' : 'denied']++
          const got = tables.every((table) => passes(table, connection))
          if (got !== expected)
            expect({ seed, connection, passes: got }).toEqual({ seed, connection, passes: expected })
        }
      }
    }
  }
  expect(count.allowed).toBeGreaterThan(500)
  expect(count.denied).toBeGreaterThan(500)
})

const policy = (spec: object): NetworkPolicy => ({
  metadata: { namespace: 'default', name: 'p' },
  spec: { podSelector: { matchLabels: { app: 'web' } }, ...spec },
})
const from = (spec: object) => ({ policies: [policy(spec)], pods, namespaces })
const web = '10.244.0.2'

it('lets through the same where a pod’s policies are many: by pods, blocks and ports, of both families', () => {
  const byPod = (app: string, port: number) => ({
    from: [{ podSelector: { matchLabels: { app } } }],
    ports: [{ port }],
  })
  const block = { from: [{ ipBlock: { cidr: `${OUTSIDE}/32` } }], ports: [{ port: 7 }] }
  const rules = [
    ...Array.from({ length: 20 }, (_, nth) => byPod(nth % 2 ? 'db' : 'web', 1000 + nth)),
    block,
    { ports: [{ port: 9 }] },
  ]
  const policies = rules.map((rule, nth) => ({
    metadata: { namespace: 'default', name: `p-${nth}` },
    spec: { podSelector: {}, ingress: [rule] },
  }))
  const six = pod('default/six', 'n1', 'fd00::13', { app: 'web' })
  const callers = [...addresses, 'fd00::13']
  const world = { policies, pods: [...pods, six], namespaces }
  const tables = ['n1', 'n2'].map((node) => tableFor(world, node)!)
  expect(tables[0]!.chains.get('to/default/web')).toHaveLength(6)
  const connections = callers.flatMap((from) =>
    [web, 'fd00::13']
      .filter((to) => isIPv6(to) === isIPv6(from))
      .flatMap((to) => [7, 9, 10, 1000, 1001, 1019].map((port) => ({ from, to, protocol: 'TCP' as const, port }))),
  )
  const shown = (allowed: (one: Connection) => boolean) =>
    connections.filter(allowed).map(({ from, to, port }) => `${from} → ${to} ${port}`)
  const expected = shown((one) => isAllowed(world, one))
  expect(expected.length).toBeGreaterThan(15)
  expect(shown((one) => tables.every((table) => passes(table, one)))).toEqual(expected)
})

describe('a policy', () => {
  it('costs a machine nothing where it selects nobody', () => {
    expect(tableFor(from({ policyTypes: ['Ingress'] }), 'n2')).toBeUndefined()
    expect(tableFor({ policies: [], pods, namespaces }, 'n1')).toBeUndefined()
  })

  it('changes one set, and no rule, when a pod gets another label', () => {
    const world = from({ ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }] })
    const changed = pods.map((one) =>
      one === pods[1] ? pod('default/db', 'n2', '10.244.1.2', { app: 'other' }, 8080) : one,
    )
    const [before, after] = [tableFor(world, 'n1')!, tableFor({ ...world, pods: changed }, 'n1')!]
    expect(after.chains).toEqual(before.chains)
    const differing = [...after.sets].filter(
      ([name, set]) => JSON.stringify([...set.elements]) !== JSON.stringify([...before.sets.get(name)!.elements]),
    )
    expect(differing.map(([name]) => name)).toEqual(['ingress/default/p/0'])
  })

  it('says of whom a drop is, in the order of their names', () => {
    const both = [policy({}), { ...policy({}), metadata: { namespace: 'default', name: 'a' } }]
    const { chains } = tableFor({ policies: both, pods, namespaces }, 'n1')!
    expect(chains.get('to/default/web')).toEqual([
      { jump: 'ingress/default/a' },
      { jump: 'ingress/default/p' },
      { jump: 'show-drops' },
      { drop: ['default/a', 'default/p'], direction: 'ingress' },
    ])
  })

  it('has the kernel tell what it drops only while somebody looks', () => {
    const world = { policies: [policy({})], pods, namespaces }
    const showing = (toldDrops?: number) => tableFor(world, 'n1', toldDrops)!.chains.get('show-drops')
    expect(showing()).toEqual([])
    expect(showing(50)).toEqual([{ tell: 50 }])
  })

  it.each([
    ['all of it', [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }] }], true],
    ['by its port', [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }], true],
    ['by its name', [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 'dns' }] }], true],
    ['another port', [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 54 }] }], false],
    ['other pods', [{ to: [{ podSelector: {} }] }], false],
  ])('means what answers names by the labels it has elsewhere: %s', (_what, egress, isReached) => {
    const world = from({ policyTypes: ['Egress'], egress })
    const to = (protocol: 'TCP' | 'UDP', port: number) => gets(world, { from: web, to: DNS, protocol, port })
    expect(to('UDP', 53)).toBe(isReached)
    expect(to('TCP', 6443), 'the same address has other doors').toBe(false)
  })

  it('is about no pod of the host’s network, and none that has ended', () => {
    const [first] = pods
    const host = { ...first!, spec: { ...first!.spec!, hostNetwork: true } }
    expect(factsOf(host)).toBeUndefined()
    expect(factsOf({ ...first!, status: { ...first!.status, phase: 'Succeeded' } })).toBeUndefined()
  })

  it('goes by addresses only, whatever else somebody wrote into a status', () => {
    const [first] = pods
    const told = { ...first!, status: { phase: 'Running', podIP: 'web.example', podIPs: [] } }
    expect(factsOf(told)?.addresses).toEqual([])
  })

  it('gives an address that two pods claim to the later one', () => {
    const old = pod('default/old', 'n1', web, { app: 'web' })
    const table = tableFor({ ...from({}), pods: [old, ...pods] }, 'n1')!
    expect([...table.sets.get('pods-to')!.elements]).toEqual([`${web} : goto to/default/web`])
  })
})

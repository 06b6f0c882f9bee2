import type { Node, Service } from 'kubernetes-types/core/v1'
import type { Endpoint } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import { asksForShares, ownHints, sharedZones, zoneShares } from './endpoint-hints.ts'

const node = (zone: string, cpu: string, more: { ready?: string; labels?: Record<string, string> } = {}): Node => ({
  metadata: { labels: { ...(zone ? { 'topology.kubernetes.io/zone': zone } : {}), ...more.labels } },
  status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: more.ready ?? 'True' }] },
})
const endpoint = (zone: string | undefined, ready = true): Endpoint => ({
  addresses: ['10.0.0.1'],
  conditions: { ready },
  nodeName: 'n1',
  ...(zone ? { zone } : {}),
})

describe('by trafficDistribution', () => {
  const zone = [{ name: 'a' }]
  const n1 = [{ name: 'n1' }]
  it.each<[wish: string | undefined, of: Endpoint, hints: ReturnType<typeof ownHints>]>([
    [undefined, endpoint('a'), undefined],
    ['PreferClose', endpoint('a'), { forZones: zone }],
    ['PreferSameZone', endpoint('a'), { forZones: zone }],
    ['PreferSameNode', endpoint('a'), { forZones: zone, forNodes: n1 }],
    ['PreferSameNode', endpoint(undefined), { forNodes: n1 }],
    ['PreferSameZone', endpoint(undefined), undefined],
    ['PreferSameNode', endpoint('a', false), undefined],
  ])('%s of %j: %j', (trafficDistribution, of, hints) => {
    const service = { spec: trafficDistribution ? { trafficDistribution } : {} }
    expect(ownHints(service, of)).toEqual(hints)
  })
})

describe('by zones’ shares', () => {
  it.each<[what: string, nodes: Node[], shares: Record<string, number> | undefined]>([
    ['of processors', [node('a', '3'), node('b', '500m'), node('b', '500m')], { a: 0.75, b: 0.25 }],
    ['not of one zone alone', [node('a', '3'), node('a', '1')], undefined],
    ['not when a node does not say its zone', [node('a', '3'), node('b', '1'), node('', '1')], undefined],
    [
      'without those that are ill',
      [node('a', '1'), node('b', '1'), node('', '1', { ready: 'False' })],
      { a: 0.5, b: 0.5 },
    ],
    [
      'without the control plane',
      [node('a', '1'), node('b', '1'), node('a', '2', { labels: { 'node-role.kubernetes.io/control-plane': '' } })],
      { a: 0.5, b: 0.5 },
    ],
  ])('%s', (_what, nodes, shares) => {
    const found = zoneShares(nodes)
    expect(found && Object.fromEntries(found)).toEqual(shares)
  })

  const halves = new Map([
    ['a', 0.5],
    ['b', 0.5],
  ])
  const quarters = new Map([
    ['a', 0.75],
    ['b', 0.25],
  ])
  it.each<[zones: string, shares: ReadonlyMap<string, number> | undefined, answer: string]>([
    ['aabb', halves, 'aabb'],
    ['aaab', halves, 'baab'],
    ['aaaa', halves, 'bbaa'],
    ['aabb', quarters, 'aaab'],
    ['aaaaaaab', quarters, 'baaaaaab'],
    ['a', halves, 'Insufficient number of endpoints (1 endpoints, 2 zones)'],
    [
      'abc',
      new Map([...'abc'].map((zone) => [zone, zone === 'a' ? 0.8 : 0.1])),
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones)',
    ],
    ['aab-', halves, 'One or more endpoints do not have a zone specified'],
    ['ab', undefined, 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'],
  ])('%s', (zones, shares, answer) => {
    const endpoints = [...zones].map((zone) => endpoint(zone === '-' ? undefined : zone))
    const found = sharedZones([endpoint('b', false), ...endpoints], shares)
    expect(typeof found === 'string' ? found : endpoints.map((one) => found.get(one)).join('')).toBe(answer)
  })
})

it.each<[what: string, zones: Record<string, number>, shares: Record<string, number>, hints: Record<string, number>]>([
  ['leaves what is near enough', { a: 1, b: 1, c: 1 }, { a: 1.2, b: 1.1, c: 1 }, { a: 1, b: 1, c: 1 }],
  ['keeps one that could as well go', { a: 16 }, { a: 5.1, b: 5.1, c: 5.8 }, { a: 6, b: 5, c: 5 }],
  ['gives to who needs it most', { a: 16 }, { a: 5, b: 5.6, c: 5.4 }, { a: 5, b: 6, c: 5 }],
  ['takes from who has most too many', { b: 8, c: 8 }, { a: 5, b: 5.6, c: 5.4 }, { a: 5, b: 6, c: 5 }],
  ['moves one of ten', { a: 5, b: 2, c: 3 }, { a: 3.5, b: 3.5, c: 3 }, { a: 4, b: 3, c: 3 }],
])('in upstream’s own cases %s', (_what, zones, shares, hints) => {
  const endpoints = Object.entries(zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, () => endpoint(zone)),
  )
  const sum = Object.values(shares).reduce((total, share) => total + share, 0)
  const found = sharedZones(endpoints, new Map(Object.entries(shares).map(([zone, share]) => [zone, share / sum])))
  const given = typeof found === 'string' ? {} : Object.groupBy(found.values(), (zone) => zone)
  const counts = Object.entries(given).map(([zone, all = []]) => [zone, all.length] as const)
  expect(Object.fromEntries(counts)).toEqual(hints)
})

it.each<[annotations: Record<string, string>, asks: boolean]>([
  [{}, false],
  [{ 'service.kubernetes.io/topology-mode': 'Auto' }, true],
  [{ 'service.kubernetes.io/topology-mode': 'Disabled' }, false],
  [{ 'service.kubernetes.io/topology-aware-hints': 'disabled', 'service.kubernetes.io/topology-mode': 'Auto' }, false],
])('%j asks for shares: %s', (annotations, asks) => {
  const service: Service = { metadata: { annotations } }
  expect(asksForShares(service)).toBe(asks)
})

import type { Node } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { Metrics } from '../../../base/metrics.ts'
import { EvictionZones, UPSTREAM_RATES } from './eviction-zones.ts'

const node = (name: string, zone: string, isReady: boolean, labels: Record<string, string> = {}): Node => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone, ...labels } },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }] },
})

/** `{ a: [3, 1] }`: zone a has three nodes that are Ready and one that is not. */
function world(zones: Record<string, [ready: number, notReady: number]>) {
  const clock = new FakeClock()
  const metrics = new Metrics()
  const all = new EvictionZones(clock, UPSTREAM_RATES, metrics)
  for (const [zone, [ready, notReady]] of Object.entries(zones)) {
    for (let i = 0; i < ready; i++) all.see(node(`${zone}-ready-${i}`, zone, true))
    for (let i = 0; i < notReady; i++) all.see(node(`${zone}-ill-${i}`, zone, false))
  }
  /** How many are given up in so many seconds. */
  const givenUp = async (zone: string, seconds: number) => {
    let count = 0
    for (let second = 0; second < seconds; second++) {
      while (all.tryGiveUp(node('any', zone, false))) count++
      await clock.advance(1000)
    }
    return count
  }
  return { all, givenUp, metrics }
}

it.each<[what: string, zones: Record<string, [number, number]>, isAllDown: boolean, inHundredSeconds: number]>([
  ['one of three is silent', { a: [2, 1] }, false, 10],
  ['two of three are silent: two are not many', { a: [1, 2] }, false, 10],
  ['most of a small zone are silent', { a: [2, 3] }, false, 0],
  ['not quite so many', { a: [3, 3] }, false, 10],
  ['most of a large zone are silent', { a: [20, 31] }, false, 1],
  ['a whole zone is silent, another is well', { a: [0, 3], b: [1, 0] }, false, 10],
  ['a whole zone is silent, another is only ill', { a: [0, 3], b: [1, 3] }, false, 10],
  ['all zones are silent', { a: [0, 3], b: [0, 1] }, true, 0],
  ['there is only one node, and it is silent', { a: [0, 1] }, true, 0],
])('%s', async (_what, zones, isAllDown, inHundredSeconds) => {
  const { all, givenUp } = world(zones)
  expect(all.isAllDown).toBe(isAllDown)
  expect(await givenUp('a', 100)).toBe(inHundredSeconds)
})

it('gives nobody a turn by the change from one rate to another', async () => {
  const { all, givenUp } = world({ a: [2, 2] })
  expect(await givenUp('a', 1)).toBe(1)
  all.see(node('a-ill-9', 'a', false))
  expect(await givenUp('a', 1)).toBe(0)
  all.see(node('a-ill-9', 'a', true))
  expect(await givenUp('a', 5)).toBe(0)
})

it('counts neither nodes that have gone nor those that ask not to be', () => {
  const { all } = world({ a: [1, 1] })
  all.see(node('a-ready-0', 'a', true, { 'node.kubernetes.io/exclude-disruption': '' }))
  expect(all.isAllDown).toBe(true)
  all.forget('a-ill-0')
  expect(all.isAllDown).toBe(false)
})

it('counts a node that was moved in its new zone', () => {
  const { all } = world({ a: [1, 0], b: [0, 1] })
  expect(all.isAllDown).toBe(false)
  all.see(node('a-ready-0', 'b', false))
  expect(all.isAllDown).toBe(true)
})

it.each<{ labels: Record<string, string>; zone: string }>([
  { labels: {}, zone: ':\0:a' },
  { labels: { 'topology.kubernetes.io/region': 'r' }, zone: 'r:\0:a' },
  { labels: { 'failure-domain.beta.kubernetes.io/zone': 'b' }, zone: ':\0:b' },
  { labels: { 'failure-domain.beta.kubernetes.io/zone': '' }, zone: '' },
  {
    labels: { 'failure-domain.beta.kubernetes.io/region': 'old', 'topology.kubernetes.io/region': 'r' },
    zone: 'old:\0:a',
  },
])('hears the old name of a zone first: $zone', ({ labels, zone }) => {
  const { all, metrics } = world({})
  all.see(node('n1', 'a', true, labels))
  expect(metrics.text()).toContain(`node_collector_zone_size{zone="${zone}"} 1`)
})

it('tells how large and how well each zone is, and how many nodes it gave up', async () => {
  const { all, givenUp, metrics } = world({ a: [3, 1], b: [2, 0] })
  await givenUp('a', 15)
  const lines = () => metrics.text().split('\n')
  expect(lines()).toEqual(
    expect.arrayContaining([
      'node_collector_zone_size{zone=":\0:a"} 4',
      'node_collector_zone_size{zone=":\0:b"} 2',
      'node_collector_zone_health{zone=":\0:a"} 75',
      'node_collector_zone_health{zone=":\0:b"} 100',
      'node_collector_unhealthy_nodes_in_zone{zone=":\0:a"} 1',
      'node_collector_evictions_total{zone=":\0:a"} 2',
    ]),
  )
  all.forget('b-ready-0')
  all.forget('b-ready-1')
  expect(lines().filter((line) => line.includes(':b"'))).toEqual([])
})

import { describe, expect, it } from 'vitest'
import type { NetworkMachine, NetworkPod, NetworkService, TracedRequest } from '../../../../../server/observe/index.ts'
import { layoutPicture } from '../../canvas/picture-layout.ts'
import { layoutTrace } from './trace-layout.ts'
import { legsOf, numbered, podsOfTrace } from './trace-legs.ts'

type Hop = TracedRequest['hops'][number]
const hop = (kind: Hop['kind'], machine: string, more: Partial<Hop> = {}): Hop => ({
  ...{ kind, machine, title: kind, where: machine, says: '', state: 'ok', lines: [] },
  ...more,
})
const named = (name: string) => ({ namespace: 'default', name })
const place = (name: string, machine: string, ip: string) => ({ ip, port: 80, pod: named(name), machine })
const client = place('client', 'node-1', '10.244.1.2')
const near = place('near', 'node-1', '10.244.1.3')
const far = place('far', 'node-2', '10.244.2.2')
const asked = { ip: '10.96.0.50', port: 8080, service: named('web') }
const begin = [hop('name', ''), hop('sends', 'node-1'), hop('service', 'node-1'), hop('route', 'node-1')]
const traced = (
  hops: Hop[],
  ends: Partial<TracedRequest['ends']> = {},
  state: 'ok' | 'fail' = 'ok',
): TracedRequest => ({
  from: 'client',
  to: 'web:8080',
  ends: { client, asked, target: far, isReached: true, ...ends },
  hops,
  verdict: { state, says: '', why: '', lines: [] },
  unheard: [],
})
const across = traced([
  ...begin,
  hop('wire', 'node-2'),
  hop('route', 'node-2'),
  hop('policy', 'node-2'),
  hop('answers', 'node-2'),
])
const dropped = traced(
  [...begin, hop('wire', 'node-2'), hop('route', 'node-2'), hop('policy', 'node-2', { state: 'fail' })],
  { isReached: false },
  'fail',
)
const sameMachine = traced([...begin, hop('answers', 'node-1')], { target: near })
/** By a node port of node-2, which sends it back. */
const back = traced(
  [
    ...begin.slice(1),
    ...[hop('wire', 'node-2'), hop('service', 'node-2'), hop('masquerade', 'node-2')],
    ...[hop('wire', 'node-1'), hop('policy', 'node-1'), hop('answers', 'node-1')],
  ],
  { target: near },
)
const toDns = traced([...begin, hop('answers', '')], { target: { ip: '10.160.1.1', port: 53 } })
const fromTerminal = traced(
  [
    ...[hop('sends', ''), hop('wire', 'node-1'), hop('service', 'node-1'), hop('masquerade', 'node-1')],
    ...[hop('wire', 'node-2'), hop('route', 'node-2'), hop('answers', 'node-2')],
  ],
  { client: { ip: '10.160.1.9', port: 41000 }, asked: { ip: '10.160.1.11', port: 30080, machine: 'node-1' } },
)
/** By a machine that passes it on. */
const outByAnother = traced(
  [...begin, hop('wire', 'node-2'), hop('route', 'node-2'), hop('masquerade', 'node-2'), hop('answers', '')],
  { target: { ip: '203.0.113.7', port: 80 } },
)
/** Two Pods on one machine, and a choice among rules. */
const choice = [1, 2, 3].map((number) => ({ words: `${number}`, isTaken: number === 2, end: 'taken' as const }))
const chosenNear = traced([...begin.slice(0, 2), hop('service', 'node-1', { choice }), ...sameMachine.hops.slice(3)], {
  target: near,
})
/** Rules let it through, and on the wire nobody took it. */
const lost = traced(
  [...begin.slice(0, 3), hop('route', 'node-1', { state: 'fail' }), hop('filter', 'node-1')],
  { isReached: false },
  'fail',
)
const unknownName = traced([hop('name', '', { state: 'fail' })], { isReached: false }, 'fail')

const machines = ['node-1', 'node-2'].map((name) => ({ name }) as NetworkMachine)
const pod = ({ pod: { name }, machine, ip }: typeof client): NetworkPod => ({
  ...named(name),
  machine,
  ips: [ip],
  onHost: false,
})
const endpoint = ({ pod, ip }: typeof client, ready = true) => ({ pod, address: ip, ready })
const services = [
  { ...named('web'), endpoints: [endpoint(near), endpoint(far), endpoint(place('late', 'node-2', ''), false)] },
] as NetworkService[]
const pods = [client, near, far, place('late', 'node-2', ''), place('other', 'node-2', '10.244.2.9')].map(pod)

/** What the lens asks for. */
const least = 230

function lay(of: TracedRequest, height = 490) {
  const layout = layoutPicture({ width: 770, height, leastHeight: 0, loops: 5, machines: ['node-1', 'node-2'] })
  const legs = legsOf(of)
  return layoutTrace(layout, of, { legs, pods: podsOfTrace(of, { pods, services }), machines, hasService: true })
}

/** The corners of a way. */
function corners(path: string): { x: number; y: number }[] {
  const all: { x: number; y: number }[] = []
  for (const [, letter, first, second] of path.matchAll(/([MHV])([\d.]+)(?: ([\d.]+))?/g)) {
    const last = all.at(-1) ?? { x: 0, y: 0 }
    const x = letter === 'V' ? last.x : Number(first)
    const y = letter === 'H' ? last.y : Number(letter === 'V' ? first : second)
    all.push({ x, y })
  }
  return all
}

const fromPods = { across, dropped, sameMachine, chosenNear, back, toDns, outByAnother, lost, unknownName }
const every = { ...fromPods, fromTerminal }

describe('the way of a traced request', () => {
  it.each(Object.entries(fromPods))('%s: is upright and level, and begins at whoever called', (_, of) => {
    const { path, columns } = lay(of)
    expect(path).toMatch(/^M[\d.]+ [\d.]+([HV][\d.]+)+$/)
    const from = columns[0]!.pods.find(({ role }) => role === 'calls')!
    expect(corners(path)[0]).toEqual({ x: from.x, y: from.y + from.height / 2 })
  })

  it('comes by the wire from whoever is on no machine', () => {
    const { path, outside, wire } = lay(fromTerminal)
    expect(outside?.name).toBe('client')
    expect(corners(path)[0]).toEqual({ x: outside?.x, y: wire.y })
  })

  it.each([
    ['across', across, 'far'],
    ['sameMachine', sameMachine, 'near'],
    ['back', back, 'near'],
    ['fromTerminal', fromTerminal, 'far'],
  ])('%s: ends at the Pod that answered', (_, of, name) => {
    const { path, columns, discs } = lay(of)
    const card = columns.flatMap((column) => column.pods).find((one) => one.pod.name === name)!
    expect(card.role).toBe('answers')
    expect(corners(path).at(-1)).toEqual({ x: card.x, y: card.y + card.height / 2 })
    expect(discs.at(-1)?.drawn.hop.kind).toBe('answers')
  })

  it('ends at the hop that stopped it, and the Pod that it was for is marked as not reached', () => {
    const { path, columns, discs } = lay(dropped)
    const { x, y, drawn } = discs.at(-1)!
    expect(drawn.hop).toMatchObject({ kind: 'policy', state: 'fail' })
    expect(corners(path).at(-1)).toEqual({ x, y })
    expect(columns[1]?.pods.map((one) => [one.pod.name, one.role])).toEqual([['far', 'not reached']])
  })

  it.each([
    ['toDns', toDns, '10.160.1.1'],
    ['outByAnother', outByAnother, '203.0.113.7'],
  ])('%s: leaves all machines for whom no machine has', (_, of, name) => {
    const { path, outside, wire } = lay(of)
    expect(outside?.name).toBe(name)
    expect(corners(path).at(-1)).toEqual({ x: outside?.x, y: wire.y })
  })

  it('comes up beside the hops of a machine that passes it on, and goes down along them', () => {
    const { path, columns } = lay(outByAnother)
    const [first] = columns[1]!.stations
    const turn = corners(path).find(({ x, y }) => x > columns[1]!.x && y < first!.y)
    expect(turn).toBeDefined()
  })

  it.each(Object.entries(every))('%s: numbers each hop once, in the order of its way, as the list does', (_, of) => {
    const { discs } = lay(of, 900)
    const numbers = numbered(of)
      .filter(({ hop }) => hop.kind !== 'name')
      .map(({ number }) => number)
    expect(discs.map(({ drawn }) => drawn.number)).toEqual(numbers)
  })

  it.each(Object.entries(every))('%s: leads behind no card', (_, of) => {
    const { path, columns } = lay(of)
    const cards = columns.flatMap(({ pods, stations }) => [...pods, ...stations])
    const turns = corners(path)
    for (const [index, { x, y }] of turns.slice(1).entries()) {
      const before = turns[index]!
      const behind = cards.filter(
        (card) =>
          Math.max(x, before.x) > card.x &&
          Math.min(x, before.x) < card.x + card.width &&
          Math.max(y, before.y) > card.y &&
          Math.min(y, before.y) < card.y + card.height,
      )
      expect(behind).toEqual([])
    }
  })
})

describe('in the lowest pane', () => {
  it.each(Object.entries(every))('%s: the wire and all cards are seen at once', (_, of) => {
    const { service, columns, wire } = lay(of, least)
    expect(wire.y).toBeLessThan(least)
    for (const { y, height, pods, stations } of columns) {
      expect(y).toBeGreaterThan(service.y + service.height)
      for (const card of [...pods, ...stations]) expect(card.y + card.height).toBeLessThan(y + height)
    }
  })

  it('has those that it was about, and of the rules the one that was taken', () => {
    const of = traced([...begin.slice(0, 2), hop('service', 'node-1', { choice }), ...across.hops.slice(3)])
    const [first, second] = lay(of, least).columns
    expect(first?.pods.map(({ role }) => role)).toEqual(['calls'])
    expect(second?.pods.map(({ role }) => role)).toEqual(['answers'])
    expect(first?.stations.map(({ drawn, rows }) => [drawn.hop.kind, rows])).toEqual([['service', 1]])
    expect(lay(of, 490).columns[0]?.stations[0]?.rows).toBe(3)
  })
})

describe('what stands beside it', () => {
  it('are the endpoints that were not chosen, and no Pod that has nothing to do with it', () => {
    expect(podsOfTrace(across, { pods, services }).map((one) => [one.pod.name, one.role])).toEqual([
      ['far', 'answers'],
      ['client', 'calls'],
      ['near', 'not chosen'],
    ])
  })

  it('are cards within their machine, one below the other', () => {
    for (const of of Object.values(every)) {
      for (const { pods, stations, x, y, width, height } of lay(of).columns) {
        let low = y
        for (const card of [...pods, ...stations]) {
          expect(card.y).toBeGreaterThan(low)
          expect(card.x).toBeGreaterThan(x)
          expect(card.x + card.width).toBeLessThan(x + width)
          low = card.y + card.height
        }
        expect(low).toBeLessThan(y + height)
      }
    }
  })

  it('leaves to the list what says least where there is no room, never what stopped it', () => {
    const crowd = ['filter', 'masquerade', 'filter', 'policy'].map((kind) => hop(kind as Hop['kind'], 'node-1'))
    const of = traced([...begin, ...crowd, hop('filter', 'node-1', { state: 'fail' })], { isReached: false }, 'fail')
    const [column] = lay(of, 420).columns
    expect(column?.folded).toBeGreaterThan(0)
    expect(column?.stations.map(({ drawn }) => drawn.hop.state)).toContain('fail')
    expect(column?.stations.map(({ drawn }) => drawn.hop.kind)).toContain('service')
  })
})

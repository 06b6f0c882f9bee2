import { describe, expect, it } from 'vitest'
import type { NetworkPush, NetworkService, Place, SeenConnection } from '../../../../server/observe/index.ts'
import { layoutPicture } from '../canvas/picture-layout.ts'
import { difference, endWords, hopsOf } from './connection-words.ts'
import { layoutNetwork } from './network-layout.ts'
import { choices, NetworkModel, placeName, rateOf } from './network-model.ts'

const named = (name: string) => ({ namespace: 'default', name })
const client: Place = { ip: '10.244.1.9', port: 41822, pod: named('client'), machine: 'node-1' }
const asked: Place = { ip: '10.96.37.12', port: 80, service: named('web') }
const far: Place = { ip: '10.244.2.6', port: 8080, pod: named('far'), machine: 'node-2' }
const near: Place = { ip: '10.244.1.5', port: 8080, pod: named('near'), machine: 'node-1' }
const call = (id: number, more: Partial<SeenConnection> = {}): SeenConnection => ({
  id,
  at: 1000 + id,
  protocol: 'tcp',
  from: { ...client, port: 41000 + id },
  asked,
  endpoint: far,
  machines: ['node-1', 'node-2'],
  purpose: '',
  ...more,
})
const web: NetworkService = {
  ...named('web'),
  type: 'ClusterIP',
  clusterIPs: ['10.96.37.12'],
  ports: [{ port: 80, protocol: 'TCP', targetPort: '8080' }],
  selector: 'app=web',
  endpoints: [
    { address: '10.244.2.6', ready: true, pod: named('far') },
    { address: '10.244.1.5', ready: true, pod: named('near') },
    { address: '10.244.1.6', ready: false, pod: named('late') },
  ],
  path: { steps: [], nobody: '', nearest: [] },
}
const push = (more: Partial<NetworkPush>): NetworkPush => ({ whole: false, connections: [], ...more })

describe('what the lens knows', () => {
  it('tells what has just begun, once, and never what was there before one came', () => {
    const model = new NetworkModel()
    expect(model.apply(push({ whole: true, connections: [call(1)] }))).toEqual([])
    expect(model.apply(push({ connections: [call(2)] })).map(({ id }) => id)).toEqual([2])
    expect(model.apply(push({ connections: [call(2, { end: { at: 2000, how: 'closed' } })] }))).toEqual([])
    expect(model.connection(2)?.end?.how).toBe('closed')
    expect(model.connections).toHaveLength(2)
  })

  it('keeps probes and lookups out until they are asked for', () => {
    const model = new NetworkModel()
    expect(model.apply(push({ connections: [call(1, { purpose: 'probe' }), call(2, { purpose: 'dns' })] }))).toEqual([])
    expect([model.connections.length, model.hidden]).toEqual([0, 2])
    model.showsAll = true
    expect([model.connections.length, model.hidden]).toEqual([2, 0])
  })

  it('lets no number of probes push out what a learner did', () => {
    const model = new NetworkModel()
    model.apply(push({ connections: [call(1)] }))
    for (let id = 2; id < 1200; id++) model.apply(push({ connections: [call(id, { purpose: 'probe' })] }))
    expect(model.connections.map(({ id }) => id)).toEqual([1])
    expect(model.hidden).toBe(500)
  })

  it('knows of an earlier moment what had begun by then, with ends that had come', () => {
    const model = new NetworkModel()
    const ended = { how: 'closed', at: 1010 } as const
    model.apply(
      push({
        whole: true,
        since: 1000,
        connections: [call(1, { end: { ...ended, at: 1003 } }), call(2, { end: ended }), call(7)],
      }),
    )
    const moment = {
      services: [web],
      pods: [],
      machines: [{ ...{ name: 'node-1', address: '', podCidrs: [], why: 'new' }, state: 'connecting' as const }],
    }
    const then = model.at(moment, 1005)
    expect(then.connections.map(({ id, end }) => [id, end?.at])).toEqual([
      [1, 1003],
      [2, undefined],
    ])
    expect([then.services, then.machines[0]?.state, model.connections.length]).toEqual([[web], 'listening', 3])
    const earlier = model.at(moment, 900)
    expect([earlier.connections, earlier.machines[0]?.state, earlier.none]).toEqual([
      [],
      'connecting',
      expect.stringContaining('Nobody listened then'),
    ])
  })

  it('puts connections with one caller, Service and endpoint together, whatever the caller’s port', () => {
    const model = new NetworkModel()
    model.apply(push({ connections: [call(1), call(2), call(3, { endpoint: near }), call(4, { asked: far })] }))
    expect(model.flows.map(({ connections }) => connections.map(({ id }) => id))).toEqual([[1, 2], [3], [4]])
  })

  it('shows what a rule stopped, whatever it was for, and counts it as nobody’s choice', () => {
    const model = new NetworkModel()
    const end = { at: 2000, how: 'refused' as const, by: { machine: 'node-1', rule: 'reject', why: 'so' } }
    const refused = call(1, { purpose: 'dns', endpoint: asked, end })
    model.apply(push({ connections: [refused] }))
    expect(model.connections).toHaveLength(1)
    expect(choices(web, model.connections).map(({ count }) => count)).toEqual([0, 0])
  })

  it('counts how often each ready endpoint was chosen, also those that never were', () => {
    expect(choices(web, [call(1), call(2), call(3, { asked: far })])).toEqual([
      { name: 'far', count: 2 },
      { name: 'near', count: 0 },
    ])
  })

  it('shows Services of the cluster itself only where they are used', () => {
    const model = new NetworkModel()
    const own = { ...web, name: 'kubernetes' }
    model.apply(push({ services: [web, own] }))
    expect(model.shownServices).toEqual([web])
    model.apply(push({ connections: [call(1, { asked: { ...asked, service: named('kubernetes') } })] }))
    expect(model.shownServices).toEqual([web, own])
  })

  it('counts by the second', () => {
    expect(rateOf([call(1, { at: 0 }), call(2, { at: 1500 }), call(3, { at: 2000 }), call(4, { at: 2400 })])).toBe(3)
    expect(rateOf([])).toBe(0)
  })

  it('shows an address where no object knows better', () => {
    expect(placeName({ ip: '203.0.113.7', port: 443 })).toBe('203.0.113.7')
    const api = { ip: '192.168.50.1', port: 6443, service: named('kubernetes') }
    expect(placeName(api)).toBe('API server')
  })
})

describe('a connection in words', () => {
  it('names caller, Service, rule, wire and endpoint', () => {
    expect(hopsOf(call(1)).map(({ title, where, says }) => [title, where, says])).toEqual([
      ['client calls', 'node-1', 'from `10.244.1.9:41001` to `10.96.37.12:80`'],
      ['Service web', 'rule on node-1', 'rewrites the target to `10.244.2.6:8080`'],
      ['Wire', '', 'node-1 to node-2; the kernels of both saw it'],
      ['far is reached', 'node-2', 'on `10.244.2.6:8080`, TCP'],
    ])
  })

  it('says who refuses, and by whose address the caller is known', () => {
    const refused = call(1, { masqueradedAs: '10.244.1.1', end: { at: 1, how: 'refused' } })
    expect(hopsOf(refused).map(({ title }) => title)).toEqual([
      'client calls',
      'Service web',
      'Masquerade',
      'Wire',
      'far refuses',
    ])
    expect(endWords(refused)).toBe('Refused by one packet: nobody listens on port 8080.')
    expect(endWords(call(1, { end: { at: 1, how: 'closed', bytesSent: 394, bytesBack: 3341 } }))).toBe(
      'Closed: 394 bytes there, 3341 back.',
    )
  })

  it('says which rule let it go no further, and why, behind the wire where it came so far', () => {
    const by = { machine: 'node-2', rule: 'counter drop', why: 'NetworkPolicies do not let it in to the Pod.' }
    const stopped = call(1, { end: { at: 2000, how: 'dropped', by } })
    expect(hopsOf(stopped).map(({ title }) => title)).toEqual(['client calls', 'Service web', 'Wire', 'Dropped'])
    expect(hopsOf(stopped).at(-1)).toMatchObject({ where: 'rule on node-2', says: by.why })
    expect(endWords(stopped)).toBe(`Dropped in silence: ${by.why}`)
    const refused = call(2, { endpoint: asked, machines: ['node-1'], end: { at: 2000, how: 'refused', by } })
    expect(hopsOf(refused).map(({ title }) => title)).toEqual(['client calls', 'Refused'])
  })

  it('has no Service hop where a Pod is called itself', () => {
    expect(hopsOf(call(1, { asked: near, endpoint: near, machines: ['node-1'] })).map(({ title }) => title)).toEqual([
      'client calls',
      'near is reached',
    ])
  })

  it.each([
    ['app=wbe', 'app=web', 'app=w', 'be', ''],
    ['app=web', 'app=web2', 'app=web', '', ''],
    ['tier=x', 'app=x', '', 'tier', '=x'],
  ])('marks where %s differs from %s', (one, other, before, differs, after) => {
    expect(difference(one, other)).toEqual({ before, differs, after })
  })
})

describe('the picture of the network', () => {
  const layout = layoutPicture({ width: 770, height: 560, loops: 5, machines: ['node-1', 'node-2'] })
  const machine = (name: string) => ({ name, address: '', podCidrs: [], state: 'listening' as const, why: '' })
  const pod = (name: string, machine: string) => ({ ...named(name), ips: [], machine, onHost: false })
  const things = {
    services: [web],
    machines: [machine('node-1'), machine('node-2')],
    pods: [pod('client', 'node-1'), pod('near', 'node-1'), pod('far', 'node-2')],
  }
  const model = new NetworkModel()
  model.apply(
    push({
      ...things,
      connections: [
        call(1),
        call(2, { endpoint: near }),
        call(3, { asked: { ip: '203.0.113.7', port: 443 }, endpoint: { ip: '203.0.113.7', port: 443 } }),
      ],
    }),
  )
  const placed = layoutNetwork(layout, { ...model, flows: model.flows })

  it('keeps machines in their columns, with their Pods inside', () => {
    expect(placed.machines.map(({ x, width }) => [x, width])).toEqual(layout.machines.map(({ x, width }) => [x, width]))
    for (const { x, y, width, height, pods } of placed.machines) {
      for (const pod of pods) {
        expect(pod.x).toBeGreaterThan(x)
        expect(pod.x + pod.width).toBeLessThan(x + width)
        expect(pod.y).toBeGreaterThan(y)
        expect(pod.y + pod.height).toBeLessThan(y + height)
      }
    }
  })

  it('gives what no object knows a place beside the machines, and a line', () => {
    expect(placed.elsewhere.map(({ place }) => place.ip)).toEqual(['203.0.113.7'])
    expect(placed.lines).toHaveLength(3)
  })

  it('draws lines upright and level only, by way of the Service', () => {
    const [line] = placed.lines
    expect(line?.path).toMatch(/^M[\d.]+ [\d.]+([HV][\d.]+)+$/)
    const [service] = placed.services
    expect(line?.path).toContain(`V${service!.y + service!.height}`)
  })

  it('ends a line at the Service where nobody was led further', () => {
    const model = new NetworkModel()
    model.apply(push({ ...things, whole: true, connections: [call(1, { endpoint: asked })] }))
    const { lines, elsewhere, services } = layoutNetwork(layout, { ...model, flows: model.flows })
    expect(elsewhere).toEqual([])
    const edge = services[0]!.y + services[0]!.height
    expect(lines.map(({ path }) => path)).toEqual([expect.stringMatching(new RegExp(`V${edge}$`))])
  })

  it('leads no line to an upper Service behind a lower one', () => {
    const services = [web, ...['b', 'c', 'd'].map((name) => ({ ...web, name }))]
    const { lines, services: cards } = layoutNetwork(layout, { ...model, services, flows: model.flows.slice(0, 1) })
    const upper = cards[0]!
    expect(cards.at(-1)?.y).toBeGreaterThan(upper.y)
    const uprights = [...(lines[0]?.path.matchAll(/H([\d.]+)V([\d.]+)/g) ?? [])].map(([, x, y]) => ({
      x: Number(x),
      y: Number(y),
    }))
    for (const { x } of uprights.filter(({ y }) => y < cards.at(-1)!.y)) {
      expect(cards.some((card) => x > card.x && x < card.x + card.width)).toBe(false)
    }
  })

  it('keeps Pods for which there is no row on their machine', () => {
    const many = Array.from({ length: 30 }, (_, index) => pod(`p-${index}`, 'node-1'))
    const { machines } = layoutNetwork(layout, { ...model, pods: many, flows: [] })
    expect((machines[0]?.pods.length ?? 0) + (machines[0]?.foldedPods ?? 0)).toBe(30)
    const crowded = layoutNetwork(layout, { ...model, pods: many, flows: model.flows.slice(0, 1) })
    expect(crowded.elsewhere).toEqual([])
    expect(crowded.lines).toHaveLength(1)
  })
})

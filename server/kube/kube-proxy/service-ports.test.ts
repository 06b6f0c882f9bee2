import { describe, expect, it } from 'vitest'
import { ServiceBook } from './service-book.ts'
import { portsOf } from './service-ports.ts'
import { balanced, endpoint, ports, service, slice } from './testing/sample-services.ts'

const [here, there] = [endpoint('10.244.0.2'), endpoint('10.244.1.2', { node: 'n2' })]
const leaving = { ready: false, terminating: true }

describe('a port of a Service', () => {
  it('is none where the Service is headless, an alias, or of the other family', () => {
    expect(ports(service({ clusterIP: 'None' }), [])).toEqual([])
    expect(ports(service({ type: 'ExternalName' }), [])).toEqual([])
    expect(ports(service(), [], 'IPv6')).toEqual([])
    expect(ports(service({ clusterIPs: ['10.96.0.50', 'fd00::50'] }), [], 'IPv6')[0]?.clusterIP).toBe('fd00::50')
  })

  it('finds its number in the slices by its name', () => {
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] })
    const slices = [
      { ...slice(here), ports: [{ name: 'http', port: 8080 }] },
      { ...slice(there), ports: [{ name: 'http', port: 9090 }] },
      { ...slice(endpoint('10.244.0.9')), ports: [{ name: 'other', port: 1 }] },
    ]
    const [port] = ports(named, slices)
    expect(port?.name).toBe('default/web:http')
    expect(port?.cluster.map(({ ip, port }) => `${ip}:${port}`)).toEqual(['10.244.0.2:8080', '10.244.1.2:9090'])
  })

  it('takes a slice in which somebody wrote no endpoints for an empty one', () => {
    const { endpoints: _, ...bare } = slice()
    const [port] = ports(service(), [bare as ReturnType<typeof slice>, slice(here)])
    expect(port?.cluster.map(({ ip }) => ip)).toEqual(['10.244.0.2'])
  })

  it('has endpoints of its own protocol alone', () => {
    const byHand = (protocol: string, port: number) => ({ ...slice(here), ports: [{ name: '', port, protocol }] })
    const [port] = ports(service({ ports: [{ port: 80 }] }), [byHand('UDP', 53), byHand('TCP', 8080)])
    expect(port?.cluster.map(({ port }) => port)).toEqual([8080])
  })

  it('leaves load balancers alone that are proxies themselves', () => {
    const ofProxy = { ...balanced(), status: { loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'Proxy' }] } } }
    expect(ports(ofProxy, [])[0]?.loadBalancerIPs).toEqual([])
    expect(ports(balanced(), [])[0]?.loadBalancerIPs).toEqual(['1.2.3.4'])
  })

  it('takes of addresses and ranges those of its family, blanks or not', () => {
    const spec = {
      externalIPs: ['192.168.99.22', 'fd00:1::1'],
      loadBalancerSourceRanges: [' 203.0.113.0/25', 'fd00:2::/64'],
      clusterIPs: ['10.96.0.50', 'fd00::50'],
    }
    expect(ports(balanced(spec), [])[0]).toMatchObject({
      externalIPs: ['192.168.99.22'],
      loadBalancerSourceRanges: ['203.0.113.0/25'],
    })
    expect(ports(balanced(spec), [], 'IPv6')[0]).toMatchObject({
      externalIPs: ['fd00:1::1'],
      loadBalancerSourceRanges: ['fd00:2::/64'],
      loadBalancerIPs: [],
    })
  })
})

describe('endpoints', () => {
  const local = { internalTrafficPolicy: 'Local' as const }
  const external = { externalTrafficPolicy: 'Local' as const }
  const near = (ip: string, zone: string) => endpoint(ip, { zones: [zone], node: 'n2' })
  const by = (ip: string, node: string) => endpoint(ip, { nodes: [node], node: 'n2' })
  it.each([
    { name: 'are the ready ones', of: [here, endpoint('10.244.0.3', { ready: false })], cluster: '2' },
    { name: 'leaving ones when there are no others', of: [endpoint('10.244.0.3', leaving)], cluster: '3' },
    { name: 'of the node alone with policy Local inside', spec: local, of: [here, there], cluster: '', local: '2' },
    {
      name: 'of all and of the node with policy Local outside',
      spec: external,
      of: [here, there],
      cluster: '2 2',
      local: '2',
    },
    { name: 'none here, while there are some', spec: local, of: [there], cluster: '', local: '', has: true },
    {
      name: 'leaving ones of the node, though others are ready elsewhere',
      spec: external,
      of: [endpoint('10.244.0.3', leaving), there],
      cluster: '2',
      local: '3',
    },
    { name: 'of the zone where all have hints', of: [near('10.244.1.4', 'a'), near('10.244.1.5', 'b')], cluster: '4' },
    { name: 'all where one has no hint', of: [near('10.244.1.4', 'a'), there], cluster: '2 4' },
    { name: 'all where no hint is for here', of: [near('10.244.1.4', 'c'), near('10.244.1.5', 'b')], cluster: '4 5' },
    { name: 'of the node before the zone', of: [by('10.244.1.4', 'n1'), by('10.244.1.5', 'n2')], cluster: '4' },
  ])('are $name', ({ spec = {}, of, cluster, local = '', has = true }) => {
    const one = spec === external ? balanced(spec) : service(spec)
    const [port] = ports(one, [slice(...of)])
    const ends = (list: { ip: string }[] = []) => list.map(({ ip }) => ip.split('.').at(-1)).join(' ')
    expect([ends(port?.cluster), ends(port?.local), port?.hasEndpoints]).toEqual([cluster, local, has])
  })

  it('tell load balancers how many are ready here, and flows who still answers', () => {
    const [port] = ports(balanced(external), [slice(here, there, endpoint('10.244.0.3', leaving))])
    expect(port).toMatchObject({ localReady: 1, serving: ['10.244.0.2', '10.244.0.3', '10.244.1.2'] })
  })
})

it('keeps the ports of Services that had no news, and of those whose news change nothing, the same objects', () => {
  const from = { nodeName: 'n1', zone: '', family: 'IPv4' as const }
  const services = new Map([
    ['default/web', service()],
    ['default/db', { ...service(), metadata: { namespace: 'default', name: 'db' } }],
  ])
  let slices = [slice(here)]
  const book = new ServiceBook({ service: (key) => services.get(key), slicesOf: () => slices })
  for (const key of services.keys()) book.touch(key)
  const [db, web] = book.read(from)
  expect([db?.name, web?.name]).toEqual(['default/db', 'default/web'])
  slices = [slice(here, there)]
  book.touch('default/web')
  const again = book.read(from)
  expect(again[0]).toBe(db)
  expect(again[1]?.cluster).toHaveLength(2)
  book.touch('default/web')
  expect(book.read(from)[1]).toBe(again[1])
  services.delete('default/db')
  book.touch('default/db')
  expect(book.read(from)).toEqual([again[1]])
  expect(portsOf(service(), slices, from)).toEqual([again[1]])
})

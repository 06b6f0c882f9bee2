import * as packet from 'dns-packet'
import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import { answerPacket } from './answer.ts'
import { Zone, type ZoneSource } from './records.ts'

const service = (name: string, spec: Service['spec']): Service => ({
  metadata: { name, namespace: 'shop' },
  spec: { ...spec },
})
const services = [
  service('web', {
    clusterIP: '10.96.0.50',
    clusterIPs: ['10.96.0.50', 'fd00:96::50'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  }),
  service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }),
  service('empty', { clusterIP: 'None' }),
  service('elsewhere', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
  service('twice', { type: 'ExternalName', externalName: 'Elsewhere.shop.svc.cluster.local' }),
  service('circle', { type: 'ExternalName', externalName: 'circle.shop.svc.cluster.local' }),
  service('outside', { type: 'ExternalName', externalName: 'example.org' }),
]
const sliceOf = (service: string) => ({
  namespace: 'shop',
  labels: { 'kubernetes.io/service-name': service },
})
const slice: EndpointSlice = {
  metadata: sliceOf('db'),
  addressType: 'IPv4',
  endpoints: [
    { addresses: ['10.244.1.2'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.2.3'], conditions: { ready: true } },
    { addresses: ['10.244.2.9'], hostname: 'db-2', conditions: { ready: false } },
  ],
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
}
const behindWeb: EndpointSlice = {
  metadata: sliceOf('web'),
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.244.2.3'], conditions: { ready: true } }, { addresses: ['10.244.2.4'] }],
  ports: [{ name: 'http', port: 8080 }],
}
// Who writes an empty list in protobuf writes none.
const bare = { metadata: sliceOf('db'), addressType: 'IPv4' } as unknown as EndpointSlice
const slicesOf: Record<string, EndpointSlice[]> = { db: [bare, slice], web: [behindWeb] }
const zone = new Zone(
  {
    service: (namespace, name) =>
      namespace === 'shop' ? services.find(({ metadata }) => metadata?.name === name) : undefined,
    services: () => services,
    slicesOf: (_, name) => slicesOf[name] ?? [],
    slicesAt: (address) =>
      [slice, behindWeb].filter(({ endpoints }) => endpoints.some(({ addresses }) => addresses.includes(address))),
    hasNamespace: (name) => name === 'shop',
  },
  'cluster.local',
)

function ask(name: string, type: packet.RecordType = 'A', { transport = 'udp' as 'udp' | 'tcp', edns = false } = {}) {
  const query = packet.encode({
    type: 'query',
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type }],
    ...(edns
      ? { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never] }
      : {}),
  })
  const reply = answerPacket(query, { zone, domain: 'cluster.local', nowSeconds: 1, random: () => 0.99, transport })
  return packet.decode(reply as Buffer) as packet.DecodedPacket & { rcode: string }
}

const data = (reply: packet.DecodedPacket) =>
  (reply.answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined))

describe('names of Services', () => {
  it.each([
    { name: 'a Service has its own address', asked: 'web.shop.svc.cluster.local', data: ['10.96.0.50'] },
    { name: 'case does not matter', asked: 'WEB.Shop.svc.cluster.LOCAL', data: ['10.96.0.50'] },
    {
      name: 'a headless one has those of its ready Pods',
      asked: 'db.shop.svc.cluster.local',
      data: ['10.244.1.2', '10.244.2.3'],
    },
    { name: 'a Pod of it has a name by its hostname', asked: 'db-0.db.shop.svc.cluster.local', data: ['10.244.1.2'] },
    { name: 'also one behind an address', asked: '10-244-2-4.web.shop.svc.cluster.local', data: ['10.244.2.4'] },
    {
      name: 'an address is called as each Service calls it',
      asked: '3.2.244.10.in-addr.arpa',
      type: 'PTR' as const,
      data: ['10-244-2-3.db.shop.svc.cluster.local', '10-244-2-3.web.shop.svc.cluster.local'],
    },
    { name: 'or by its address', asked: '10-244-2-3.db.shop.svc.cluster.local', data: ['10.244.2.3'] },
    { name: 'the address in a Pod name is believed', asked: '10-244-2-3.shop.pod.cluster.local', data: ['10.244.2.3'] },
    {
      name: 'an alias is followed',
      asked: 'elsewhere.shop.svc.cluster.local',
      data: ['web.shop.svc.cluster.local', '10.96.0.50'],
    },
    {
      name: 'and one behind it',
      asked: 'twice.shop.svc.cluster.local',
      data: ['Elsewhere.shop.svc.cluster.local', 'web.shop.svc.cluster.local', '10.96.0.50'],
    },
    { name: 'an alias to the world is handed on', asked: 'outside.shop.svc.cluster.local', data: ['example.org'] },
    {
      name: 'an address has a name',
      asked: '50.0.96.10.in-addr.arpa',
      type: 'PTR' as const,
      data: ['web.shop.svc.cluster.local'],
    },
    {
      name: 'one of IPv6 as well, both ways',
      asked: `${'0.5.0.0'}.${'0.0.0.0.'.repeat(5)}6.9.0.0.0.0.d.f.ip6.arpa`,
      type: 'PTR' as const,
      data: ['web.shop.svc.cluster.local'],
    },
    { name: 'one of IPv6', asked: 'web.shop.svc.cluster.local', type: 'AAAA' as const, data: ['fd00:96::50'] },
    {
      name: 'the address of IPv6 in a Pod name is believed',
      asked: 'fd00-10--7.shop.pod.cluster.local',
      type: 'AAAA' as const,
      data: ['fd00:10::7'],
    },
    {
      name: 'also that of a Pod',
      asked: '2.1.244.10.in-addr.arpa',
      type: 'PTR' as const,
      data: ['db-0.db.shop.svc.cluster.local'],
    },
  ])('$name', ({ asked, type, data: expected }) => {
    const reply = ask(asked, type)
    expect(reply.rcode).toBe('NOERROR')
    expect(data(reply)).toEqual(expected)
  })

  it('finds port and target by SRV, and adds the addresses', () => {
    const reply = ask('_sql._tcp.db.shop.svc.cluster.local', 'SRV')
    expect(data(reply)).toMatchObject([
      { port: 5432, target: 'db-0.db.shop.svc.cluster.local' },
      { port: 5432, target: '10-244-2-3.db.shop.svc.cluster.local' },
    ])
    expect(reply.additionals?.map((extra) => ('data' in extra ? extra.data : ''))).toEqual(['10.244.1.2', '10.244.2.3'])
  })
})

it('follows aliases that lead in a circle for a while, and leads nowhere', () => {
  const reply = ask('circle.shop.svc.cluster.local', 'A', { edns: true })
  expect([reply.rcode, data(reply).length]).toEqual(['NOERROR', 8])
})

it('tells all ports by SRV where the name does not say which', () => {
  expect(data(ask('db.shop.svc.cluster.local', 'SRV'))).toMatchObject([
    { port: 5432, target: 'db-0.db.shop.svc.cluster.local', weight: 50 },
    { port: 5432, target: '10-244-2-3.db.shop.svc.cluster.local', weight: 50 },
  ])
  expect(data(ask('db-0.db.shop.svc.cluster.local', 'SRV'))).toMatchObject([
    { target: 'db-0.db.shop.svc.cluster.local' },
  ])
  const web = ask('web.shop.svc.cluster.local', 'SRV')
  expect(data(web)).toMatchObject([{ port: 80, target: 'web.shop.svc.cluster.local', weight: 100 }])
  expect(web.additionals).toHaveLength(2)
})

it('refuses versions of EDNS that there are not', () => {
  const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [], ednsVersion: 1 } as never
  const questions = [{ name: 'web.shop.svc.cluster.local', type: 'A' as const }]
  const query = packet.encode({ type: 'query', id: 7, questions, additionals: [opt] })
  const context = { zone, domain: 'cluster.local', nowSeconds: 1, random: () => 0, transport: 'udp' as const }
  expect(packet.decode(answerPacket(query, context) as Buffer)).toMatchObject({
    answers: [],
    additionals: [{ type: 'OPT', extendedRcode: 1, ednsVersion: 0 }],
  })
})

it('says of whom the zone is, and hands it to nobody', () => {
  expect(data(ask('cluster.local', 'SOA'))).toMatchObject([{ mname: 'ns.dns.cluster.local', minimum: 30 }])
  const other = ask('web.shop.svc.cluster.local', 'SOA')
  expect([other.answers, other.authorities?.[0]?.type]).toEqual([[], 'SOA'])
  for (const type of ['AXFR', 'IXFR'] as const) expect(ask('cluster.local', type).rcode).toBe('REFUSED')
})

describe('names that are not there', () => {
  it.each([
    { name: 'no such Service', asked: 'nobody.shop.svc.cluster.local', rcode: 'NXDOMAIN' },
    { name: 'no such namespace', asked: 'web.nowhere.svc.cluster.local', rcode: 'NXDOMAIN' },
    { name: 'a Pod that is not ready', asked: 'db-2.db.shop.svc.cluster.local', rcode: 'NXDOMAIN' },
    { name: 'a name out of the search list', asked: 'example.org.shop.svc.cluster.local', rcode: 'NXDOMAIN' },
    { name: 'the world', asked: 'example.org', rcode: 'REFUSED' },
    {
      name: 'a headless Service without Pods exists, without addresses',
      asked: 'empty.shop.svc.cluster.local',
      rcode: 'NOERROR',
    },
    {
      name: 'no IPv6 address of IPv4 Pods',
      asked: 'db.shop.svc.cluster.local',
      type: 'AAAA' as const,
      rcode: 'NOERROR',
    },
  ])('$name: $rcode', ({ asked, type, rcode }) => {
    const reply = ask(asked, type)
    expect(reply.rcode).toBe(rcode)
    expect(data(reply)).toEqual([])
    if (rcode !== 'REFUSED') expect(reply.authorities?.[0]?.type).toBe('SOA')
  })
})

it('answers what is no message with nothing, and keeps standing', () => {
  const context = { zone, domain: 'cluster.local', nowSeconds: 1, random: Math.random, transport: 'udp' as const }
  expect(answerPacket(Buffer.from([1, 2, 3]), context)).toBeUndefined()
})

describe('an answer that is too long', () => {
  const endpoints = Array.from({ length: 60 }, (_, at) => ({ addresses: [`10.244.1.${at + 1}`] }))
  const big = new Zone(
    {
      service: () => services[1],
      services: () => services,
      slicesOf: () => [{ ...slice, endpoints }],
      slicesAt: () => [],
      hasNamespace: () => true,
    },
    'cluster.local',
  )
  const answer = (transport: 'udp' | 'tcp') => {
    const query = packet.encode({ type: 'query', id: 7, questions: [{ name: 'db.shop.svc.cluster.local', type: 'A' }] })
    const context = { zone: big, domain: 'cluster.local', nowSeconds: 1, random: () => 0.5, transport }
    return answerPacket(query, context) as Buffer
  }

  it('keeps as much over UDP as there is room for, and says that there is more', () => {
    const cut = answer('udp')
    expect(cut.length).toBeLessThanOrEqual(512)
    expect(cut.length).toBeGreaterThan(400)
    expect(packet.decode(cut).flag_tc).toBe(true)
    expect(packet.decode(cut).answers?.length).toBeGreaterThan(5)
  })

  it('is whole over TCP', () => {
    expect(packet.decode(answer('tcp'))).toMatchObject({
      flag_tc: false,
      answers: expect.objectContaining({ length: 60 }),
    })
  })
})

describe('a Service with very many endpoints', () => {
  let walks = 0
  const endpoints = Array.from({ length: 2000 }, (_, at) => ({ addresses: [`10.244.${at >> 8}.${at & 255}`] }))
  const ports = Array.from({ length: 100 }, (_, at) => ({ name: at === 0 ? 'sql' : `sql-${at}`, port: 5432 + at }))
  const source: ZoneSource = {
    service: () => services[1],
    services: () => services,
    slicesOf: () => {
      walks++
      return [{ ...slice, endpoints, ports }]
    },
    slicesAt: () => [],
    hasNamespace: () => true,
  }
  const answer = (name: string, type: packet.RecordType) => {
    const query = packet.encode({ type: 'query', id: 7, questions: [{ name: `${name}.shop.svc.cluster.local`, type }] })
    const zone = new Zone(source, 'cluster.local')
    const context = { zone, domain: 'cluster.local', nowSeconds: 1, random: () => 0.5, transport: 'udp' as const }
    return packet.decode(answerPacket(query, context) as Buffer)
  }

  it('is gone through once for a question', () => {
    expect(answer('_sql._tcp.db', 'SRV')).toMatchObject({ flag_tc: true, answers: expect.any(Array) })
    expect(walks).toBe(1)
  })

  it('has more records than a call has room for', () => {
    expect(answer('db', 'A').answers?.length).toBeGreaterThan(5)
  })
})

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import type { StoppedCall } from '../../kube/network/connection-news.ts'
import type { ConnectionEvent } from '../../kube/network/conntrack-line.ts'
import { Addresses, type ClusterObjects } from './addresses.ts'
import { ConnectionJoin } from './connection-join.ts'

const node = (name: string, address: string, podCIDR: string): Node => ({
  metadata: { name },
  spec: { podCIDR },
  status: { addresses: [{ type: 'InternalIP', address }] },
})
const pod = (name: string, ip: string, nodeName: string, more: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  metadata: { namespace: 'default', name },
  spec: { nodeName, containers: [], ...more },
  status: { podIP: ip, phase: 'Running' },
})
const service = (namespace: string, name: string, spec: Service['spec']): Service => ({
  metadata: { namespace, name },
  ...(spec ? { spec } : {}),
})
const slice = (namespace: string, name: string, address: string, port: number, protocol = 'TCP'): EndpointSlice => ({
  metadata: { namespace, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [{ port, protocol }],
})
const objects: ClusterObjects = {
  nodes: [node('node-1', '192.168.50.11', '10.244.1.0/24'), node('node-2', '192.168.50.12', '10.244.2.0/24')],
  pods: [
    pod('client', '10.244.1.9', 'node-1'),
    pod('near', '10.244.1.5', 'node-1', {
      containers: [
        {
          name: 'web',
          image: 'web',
          ports: [{ name: 'http', containerPort: 80 }],
          readinessProbe: { httpGet: { port: 'http' } },
        },
      ],
    }),
    pod('far', '10.244.2.6', 'node-2'),
    pod('on-host', '192.168.50.12', 'node-2', { hostNetwork: true }),
  ],
  services: [
    service('default', 'web', { clusterIP: '10.96.37.12', ports: [{ port: 80, nodePort: 30080 }] }),
    service('default', 'kubernetes', { clusterIP: '10.96.0.1', ports: [{ port: 443 }] }),
    service('kube-system', 'kube-dns', { clusterIP: '10.96.0.10', ports: [{ port: 53, protocol: 'UDP' }] }),
  ],
  endpointSlices: [
    slice('default', 'kubernetes', '192.168.50.1', 6443),
    slice('kube-system', 'kube-dns', '192.168.50.1', 10053, 'UDP'),
  ],
}
const addresses = new Addresses(objects)

/** `from > asked > endpoint`, and the address that the endpoint sees where it is another than the caller's. */
function event(
  path: string,
  more: Partial<ConnectionEvent> & { seenAs?: string; packetsBack?: number } = {},
): ConnectionEvent {
  const [from, asked, endpoint = asked] = path.split(' > ').map((text) => {
    const [, six, four = '', port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? []
    return { ip: six ?? four, port: Number(port) }
  })
  const { seenAs, packetsBack, ...rest } = more
  const [seenIp = '', seenPort] = seenAs?.split(':') ?? [from?.ip, `${from?.port}`]
  return {
    type: 'new',
    at: 1000,
    id: '1',
    protocol: 'tcp',
    state: 'SYN_SENT',
    replied: false,
    asked: {
      from: from?.ip ?? '',
      fromPort: from?.port ?? 0,
      to: asked?.ip ?? '',
      toPort: asked?.port ?? 0,
      bytes: 60,
    },
    answered: {
      from: endpoint?.ip ?? '',
      fromPort: endpoint?.port ?? 0,
      to: seenIp,
      toPort: Number(seenPort),
      ...(packetsBack === undefined ? {} : { packets: packetsBack, bytes: packetsBack * 40 }),
    },
    ...rest,
  }
}

const WEB = '10.244.1.9:41822 > 10.96.37.12:80'
function joined(...told: [machine: string, event: ConnectionEvent][]) {
  const join = new ConnectionJoin()
  for (const [machine, event] of told) join.hear(machine, event, addresses)
  return join.changedSince(0)
}
const names = { web: { namespace: 'default', name: 'web' }, far: { namespace: 'default', name: 'far' } }

describe('one connection', () => {
  it('on one machine: from Pod to Service to the chosen Pod', () => {
    expect(joined(['node-1', event(`${WEB} > 10.244.1.5:8080`)])).toEqual([
      {
        id: 1,
        at: 1000,
        protocol: 'tcp',
        from: { ip: '10.244.1.9', port: 41822, pod: { namespace: 'default', name: 'client' }, machine: 'node-1' },
        asked: { ip: '10.96.37.12', port: 80, service: names.web },
        endpoint: { ip: '10.244.1.5', port: 8080, pod: { namespace: 'default', name: 'near' }, machine: 'node-1' },
        machines: ['node-1'],
        purpose: '',
      },
    ])
  })

  // The machine at the other end sees the path after the rewriting, and may tell first.
  const here: [string, ConnectionEvent] = ['node-1', event(`${WEB} > 10.244.2.6:80`, { id: '7' })]
  const there: [string, ConnectionEvent] = ['node-2', event('10.244.1.9:41822 > 10.244.2.6:80', { id: '9', at: 1001 })]
  it.each([
    ['the near one first', [here, there]],
    ['the far one first', [there, here]],
  ])('that two machines tell of is one: %s', (_, told) => {
    const seen = joined(...told)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      asked: { service: names.web },
      endpoint: { pod: names.far, machine: 'node-2' },
      machines: ['node-1', 'node-2'],
    })
  })

  it('of IPv6 is known by the same objects', () => {
    const six = { ...pod('six', '10.244.2.7', 'node-2') }
    six.status!.podIPs = [{ ip: '10.244.2.7' }, { ip: 'fd00:10:244:2::7' }]
    const both = service('default', 'both', {
      ...{ clusterIP: '10.96.9.9', clusterIPs: ['10.96.9.9', 'fd00:10:96::9'], ports: [{ port: 80 }] },
    })
    const known = new Addresses({ ...objects, pods: [...objects.pods, six], services: [both] })
    const join = new ConnectionJoin()
    const path = '[fd00:10:244:1::9]:5000 > [fd00:10:96::9]:80 > [fd00:10:244:2::7]:8080'
    join.hear('node-1', event(path), known)
    join.hear('node-2', event('[fd00:10:244:1::9]:5000 > [fd00:10:244:2::7]:8080', { id: '9' }), known)
    expect(join.changedSince(0)).toMatchObject([
      {
        from: { ip: 'fd00:10:244:1::9' },
        asked: { service: { name: 'both' } },
        endpoint: { pod: { name: 'six' } },
        machines: ['node-1', 'node-2'],
      },
    ])
  })

  it('is not that of another time with the same ports', () => {
    const later = event(`${WEB} > 10.244.2.6:80`, { id: '8', at: 9000 })
    expect(joined(here, there, ['node-1', later])).toHaveLength(2)
    expect(joined(here, ['node-2', event('10.244.1.9:41822 > 10.244.2.6:80', { at: 9000 })])).toHaveLength(2)
  })

  it('through a node port is the Service’s, and says by whose address the endpoint knows the caller', () => {
    const path = '192.168.50.1:5000 > 192.168.50.11:30080 > 10.244.2.6:80'
    const [seen] = joined(
      ['node-1', event(path, { seenAs: '192.168.50.11:5001' })],
      ['node-2', event('192.168.50.11:5001 > 10.244.2.6:80', { id: '2' })],
    )
    expect(seen).toMatchObject({
      from: { ip: '192.168.50.1' },
      asked: { machine: 'node-1', service: names.web },
      masqueradedAs: '192.168.50.11',
      machines: ['node-1', 'node-2'],
    })
  })

  it('of a Pod that is sent to itself is masqueraded', () => {
    const [seen] = joined([
      'node-1',
      event('10.244.1.5:5000 > 10.96.37.12:80 > 10.244.1.5:80', { seenAs: '10.244.1.1:5000' }),
    ])
    expect(seen).toMatchObject({
      masqueradedAs: '10.244.1.1',
      from: { pod: { name: 'near' } },
      endpoint: { pod: { name: 'near' } },
    })
  })

  it('with somebody unknown shows the address, and no more', () => {
    const [seen] = joined(['node-1', event('10.244.1.9:5000 > 203.0.113.7:443', { seenAs: '192.168.50.11:5000' })])
    expect(seen?.endpoint).toEqual({ ip: '203.0.113.7', port: 443 })
    // A number that some Service has on another protocol, or a Pod that shares the machine's address, is no owner.
    expect(joined(['node-1', event('10.244.1.9:5000 > 10.96.37.12:80', { protocol: 'udp' })])[0]?.asked).toEqual({
      ip: '10.96.37.12',
      port: 80,
    })
    expect(joined(['node-1', event('10.244.1.9:5000 > 192.168.50.12:9100')])[0]?.asked).toEqual({
      ip: '192.168.50.12',
      port: 9100,
      machine: 'node-2',
    })
  })
})

describe('what it is for', () => {
  it.each<[string, string, Partial<ConnectionEvent>, string]>([
    ['a name that is looked up', '10.244.1.9:5000 > 10.96.0.10:53 > 192.168.50.1:10053', { protocol: 'udp' }, 'dns'],
    ['a probe, by the name of its port', '10.244.1.1:5000 > 10.244.1.5:80', {}, 'probe'],
    ['a machine that calls a port that nobody probes', '10.244.1.1:5000 > 10.244.1.5:81', {}, ''],
    ['a Pod that calls a port that is probed', '10.244.1.9:5000 > 10.244.1.5:80', {}, ''],
    ['a kubelet that asks the API server', '192.168.50.11:5000 > 192.168.50.1:6443', {}, 'control'],
    ['a machine that gets an image', '192.168.50.11:5000 > 192.168.50.1:5000', {}, 'control'],
    ['a machine that looks for neighbours', '0.0.0.0:0 > 224.0.0.22:0', { protocol: 'igmp' }, 'control'],
    ['a machine that talks to itself', '127.0.0.1:5000 > 127.0.0.1:41000', { protocol: 'udp' }, 'control'],
    ['a machine that calls a node port of its own', '127.0.0.1:5000 > 127.0.0.1:30080 > 10.244.2.6:80', {}, ''],
    ['a machine that calls a Service', '192.168.50.11:5000 > 10.96.37.12:80 > 10.244.2.6:80', {}, ''],
    ['the API server that asks a kubelet', '192.168.50.1:5000 > 192.168.50.11:10250', {}, 'control'],
    ['a machine that talks to itself by IPv6', '[::1]:5000 > [::1]:41000', {}, 'control'],
    ['a machine that asks what its link has', '[fe80::1]:546 > [ff02::1:2]:547', { protocol: 'udp' }, 'control'],
    ['a Pod that asks the API server', '10.244.1.9:5000 > 10.96.0.1:443 > 192.168.50.1:6443', {}, ''],
  ])('%s', (_, path, more, purpose) => {
    expect(joined(['node-1', event(path, more)])[0]?.purpose).toBe(purpose)
  })

  it('names the Service of an endpoint that is no Pod', () => {
    const [seen] = joined(['node-1', event('10.244.1.9:5000 > 10.96.0.1:443 > 192.168.50.1:6443')])
    expect(seen?.endpoint.service).toEqual({ namespace: 'default', name: 'kubernetes' })
  })
})

const stopped = (path: string, more: Partial<StoppedCall> = {}): StoppedCall => {
  const { asked } = event(path)
  const { from, fromPort, to, toPort } = asked
  const rule = { table: 'inet network-policy', chain: 'to/default/far', rule: 'counter drop' }
  return { type: 'stopped', at: 1000, how: 'dropped', protocol: 'tcp', from, fromPort, to, toPort, ...rule, ...more }
}

describe('a call that a rule stops', () => {
  const by = (machine: string) => ({ machine, rule: 'counter drop', why: 'because' })

  it('is one that came no further than the Service, where no rule led on', () => {
    const join = new ConnectionJoin()
    join.stop('node-1', stopped(WEB, { how: 'refused' }), 'because', addresses)
    const web = { ip: '10.96.37.12', port: 80, service: names.web }
    expect(join.changedSince(0)).toMatchObject([
      {
        from: { pod: { name: 'client' } },
        asked: web,
        endpoint: web,
        machines: ['node-1'],
        end: { at: 1000, how: 'refused', by: by('node-1') },
      },
    ])
  })

  const far = '10.244.1.9:41822 > 10.244.2.6:80'
  const begin = (join: ConnectionJoin) => join.hear('node-1', event(`${WEB} > 10.244.2.6:80`, { id: '7' }), addresses)
  const stop = (join: ConnectionJoin) => join.stop('node-2', stopped(far, { at: 1002 }), 'because', addresses)
  it.each([
    ['its own machine tells of it first', [begin, stop]],
    ['it is told of last', [stop, begin]],
  ])('on another machine than its own is the Service’s call still: %s', (_, told) => {
    const join = new ConnectionJoin()
    for (const tell of told) tell(join)
    expect(join.changedSince(0)).toMatchObject([
      {
        asked: { service: names.web },
        endpoint: { pod: names.far },
        machines: ['node-1', 'node-2'],
        end: { at: 1002, how: 'dropped', by: by('node-2') },
      },
    ])
    // That its own kernel forgets it later says nothing new.
    join.hear('node-1', event(`${WEB} > 10.244.2.6:80`, { id: '7', type: 'gone', at: 121_000 }), addresses)
    expect(join.changedSince(0)[0]?.end).toMatchObject({ how: 'dropped' })
  })

  it('is one however often it is tried again, and another when its port is used again later', () => {
    const join = new ConnectionJoin()
    for (const at of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]) {
      join.stop('node-2', stopped(far, { at }), 'because', addresses)
    }
    expect(join.changedSince(0)).toHaveLength(1)
    join.stop('node-2', stopped(far, { at: 110_000 }), 'because', addresses)
    expect(join.changedSince(0)).toHaveLength(2)
  })
})

describe('its end', () => {
  const begun: [string, ConnectionEvent] = ['node-1', event(`${WEB} > 10.244.2.6:80`)]
  it.each<[string, Partial<ConnectionEvent> & { packetsBack?: number }, string]>([
    ['after a conversation', { replied: true, state: 'TIME_WAIT', packetsBack: 4 }, 'closed'],
    ['by a refusal, one packet back', { state: 'CLOSE', packetsBack: 1 }, 'refused'],
    ['by the caller itself, before any answer', { state: 'CLOSE', packetsBack: 0 }, 'unanswered'],
    ['without any answer', { state: 'SYN_SENT', packetsBack: 0 }, 'unanswered'],
    ['as a question over UDP that nobody answered', { protocol: 'udp', state: '', packetsBack: 0 }, 'unanswered'],
  ])('%s', (_, more, how) => {
    const [seen] = joined(begun, ['node-1', event(`${WEB} > 10.244.2.6:80`, { type: 'gone', at: 2000, ...more })])
    expect(seen?.end).toEqual({ at: 2000, how, bytesSent: 60, bytesBack: (more.packetsBack ?? 0) * 40 })
  })

  it('is told once, and stays when the other machine tells of the beginning late', () => {
    const gone = event(`${WEB} > 10.244.2.6:80`, { type: 'gone', at: 1500, replied: true })
    const [seen] = joined(
      begun,
      ['node-1', gone],
      ['node-2', event('10.244.1.9:41822 > 10.244.2.6:80', { at: 1400, id: '5' })],
      ['node-2', { ...gone, id: '5', at: 1600 }],
    )
    expect(seen).toMatchObject({ end: { at: 1500, how: 'closed' }, machines: ['node-1', 'node-2'] })
  })

  it('of one that began before anybody looked is nothing', () => {
    expect(joined(['node-1', event(WEB, { type: 'gone' })])).toEqual([])
  })
})

describe('what is known later', () => {
  it('names a Pod that called before its address was told, for a while', () => {
    const join = new ConnectionJoin()
    join.hear('node-1', event('10.244.1.77:5000 > 10.96.37.12:80 > 10.244.2.6:80', { at: 100_000 }), addresses)
    const { change } = join
    const newer = new Addresses({ ...objects, pods: [...objects.pods, pod('job', '10.244.1.77', 'node-1')] })
    join.lookAgain(newer, 120_000)
    expect(join.changedSince(change)).toEqual([])
    join.lookAgain(newer, 101_000)
    expect(join.changedSince(change)).toMatchObject([{ id: 1, from: { pod: { name: 'job' } }, machines: ['node-1'] }])
  })

  it('leaves at its Service what was stopped there', () => {
    const join = new ConnectionJoin()
    join.stop('node-1', stopped('10.244.1.77:5000 > 10.96.37.12:80'), 'because', addresses)
    const newer = new Addresses({ ...objects, pods: [...objects.pods, pod('job', '10.244.1.77', 'node-1')] })
    join.lookAgain(newer, 2000)
    expect(join.changedSince(0)).toMatchObject([
      { from: { pod: { name: 'job' } }, endpoint: { service: names.web }, end: { by: { why: 'because' } } },
    ])
  })

  it('forgets the oldest', () => {
    const join = new ConnectionJoin()
    for (let port = 1; port <= 2100; port++)
      join.hear('node-1', event(`10.244.1.9:${port} > 10.244.2.6:80`, { id: `${port}` }), addresses)
    const kept = join.changedSince(0)
    expect(kept).toHaveLength(2000)
    expect(kept.at(-1)?.from.port).toBe(2100)
    join.hear('node-1', event('10.244.1.9:1 > 10.244.2.6:80', { id: '1', type: 'gone' }), addresses)
    expect(join.changedSince(0)).toHaveLength(2000)
  })
})

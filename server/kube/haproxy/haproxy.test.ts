import type { Node as NodeObject, Service as ServiceObject } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { haproxyConfig } from './haproxy-config.ts'
import { listenersOf } from './listeners.ts'

const CLASS = 'podium.dev/haproxy'
type Spec = Partial<NonNullable<ServiceObject['spec']>>
const service = (name: string, spec: Spec = {}, created = '2026-01-01T00:00:00Z'): ServiceObject => ({
  metadata: { name, namespace: 'default', creationTimestamp: created },
  spec: { type: 'LoadBalancer', loadBalancerClass: CLASS, ports: [{ port: 80, nodePort: 30080 }], ...spec },
})
const node = (name: string, told: { ready?: string; labels?: Record<string, string> } = {}): NodeObject => ({
  metadata: { name, labels: told.labels ?? {} },
  status: {
    addresses: [
      { type: 'Hostname', address: name },
      { type: 'InternalIP', address: `10.160.1.1${name.at(-1)}` },
    ],
    conditions: [{ type: 'Ready', status: told.ready ?? 'True' }],
  },
})
const NODES = [node('n1'), node('n2')]
const configOf = (services: ServiceObject[], nodes = NODES) =>
  haproxyConfig(listenersOf(services, nodes, CLASS).listeners)
    .split(/^(?=listen )/m)
    .slice(2)

it('listens for a Service and leads to its node port on every node, asking whether it answers', () => {
  expect(configOf([service('web')])).toEqual([
    'listen default.web:80\n  bind :80\n' +
      '  server n1 10.160.1.11:30080 check inter 1s fall 2 rise 1\n' +
      '  server n2 10.160.1.12:30080 check inter 1s fall 2 rise 1\n',
  ])
})

describe('a Service of IPv6', () => {
  const six = (nth: number) => `fd00:10:160::aa0:1${nth}`
  const nodes = NODES.map((one, nth) => {
    const second = { type: 'InternalIP', address: six(nth + 1) }
    return { ...one, status: { ...one.status, addresses: [...(one.status?.addresses ?? []), second] } }
  })

  it('alone is listened for by it alone, and led to the nodes’ addresses of that family', () => {
    const [section] = configOf([service('web', { ipFamilies: ['IPv6'] })], nodes)
    expect(section?.match(/bind .*/g)).toEqual(['bind [::]:80 v6only'])
    expect(section?.match(/server .*:30080/g)).toEqual([1, 2].map((nth) => `server n${nth} [${six(nth)}]:30080`))
  })

  it('as of both is listened for by both, and led on by its first', () => {
    const [section] = configOf([service('web', { ipFamilies: ['IPv4', 'IPv6'] })], nodes)
    expect(section?.match(/bind .*/g)).toEqual(['bind :80', 'bind [::]:80 v6only'])
    expect(section?.match(/server .*:30080/g)).toEqual(['server n1 10.160.1.11:30080', 'server n2 10.160.1.12:30080'])
  })
})

describe('is none', () => {
  it.each([
    { name: 'for a Service of another class', told: service('web', { loadBalancerClass: 'example.com/lb' }) },
    { name: 'for a Service of another type', told: service('web', { type: 'NodePort' }) },
  ])('$name', ({ told }) => expect(configOf([told])).toEqual([]))
})

it('leads to nodes that are ready and not set aside', () => {
  const aside = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
  const [section] = configOf(
    [service('web')],
    [node('n1', { ready: 'Unknown' }), node('n2', { labels: aside }), node('n3')],
  )
  expect(section?.match(/server \S+/g)).toEqual(['server n3'])
})

it('asks kube-proxy which nodes have an endpoint where traffic is to stay on its node', () => {
  const [section] = configOf([service('web', { externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 })])
  expect(section).toContain('  option httpchk GET /\n')
  expect(section).toContain('server n1 10.160.1.11:30080 check port 31000 inter')
})

it('keeps clients with their node, and others out, where the Service says so', () => {
  const [section] = configOf([
    service('web', { sessionAffinity: 'ClientIP', loadBalancerSourceRanges: ['10.0.0.0/8', '192.0.2.7/32'] }),
  ])
  expect(section).toContain('  balance source\n')
  expect(section).toContain('  tcp-request connection reject if !{ src 10.0.0.0/8 192.0.2.7/32 }\n')
})

it('says what it cannot do: a port that an older Service has, UDP, no node port', () => {
  const ports = [{ port: 80, nodePort: 30081 }, { port: 53, nodePort: 30053, protocol: 'UDP' as const }, { port: 90 }]
  const { listeners, services } = listenersOf(
    [service('young', { ports }, '2026-02-01T00:00:00Z'), service('old')],
    NODES,
    CLASS,
  )
  expect(listeners.map(({ name }) => name)).toEqual(['default.old:80'])
  expect(services[1]?.problems).toEqual([
    'port 80 is taken by Service "default/old"',
    'port 53 is UDP: HAProxy leads only TCP',
    'port 90 has no node port (allocateLoadBalancerNodePorts is false)',
  ])
})

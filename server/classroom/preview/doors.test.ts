import { expect, it } from 'vitest'
import { doorsOf, type Outside } from './doors.ts'

const metadata = { namespace: 'default', name: 'web' }
const node = { status: { addresses: [{ type: 'InternalIP', address: '10.160.1.12' }] } }
const urls = (outside: Partial<Outside>) =>
  doorsOf({ services: [], nodes: [node], ingresses: [], gateways: [], routes: [], ...outside }).map(
    ({ kind, url, host, port }) => `${kind} ${url} at ${host}:${port}`,
  )

it('tells every TCP port of a load balancer that has an address', () => {
  const ports = [{ port: 80 }, { port: 8443, appProtocol: 'https' }, { port: 53, protocol: 'UDP' }]
  const status = { loadBalancer: { ingress: [{ ip: '10.160.1.128' }] } }
  expect(urls({ services: [{ metadata, spec: { type: 'LoadBalancer', ports }, status }] })).toEqual([
    'LoadBalancer http://10.160.1.128 at 10.160.1.128:80',
    'LoadBalancer https://10.160.1.128:8443 at 10.160.1.128:8443',
  ])
  expect(urls({ services: [{ metadata, spec: { type: 'LoadBalancer', ports } }] })).toEqual([])
})

it('tells node ports on the first machine, and nothing of Services that are for the inside', () => {
  const ports = [{ port: 80, nodePort: 30080 }]
  expect(urls({ services: [{ metadata, spec: { type: 'NodePort', ports } }] })).toEqual([
    'NodePort http://10.160.1.12:30080 at 10.160.1.12:30080',
  ])
  expect(urls({ services: [{ metadata, spec: { type: 'ClusterIP', ports: [{ port: 80 }] } }] })).toEqual([])
})

it('tells the hosts of an Ingress at its address, by HTTPS where it has a certificate for them', () => {
  const spec = {
    rules: [{ host: 'shop.example' }, { host: 'safe.example' }, { host: '*.wild.example' }, {}],
    tls: [{ hosts: ['safe.example'] }],
  }
  const status = { loadBalancer: { ingress: [{ ip: '10.160.1.129' }] } }
  expect(urls({ ingresses: [{ metadata, spec, status }] })).toEqual([
    'Ingress http://shop.example at 10.160.1.129:80',
    'Ingress https://safe.example at 10.160.1.129:443',
    'Ingress http://10.160.1.129 at 10.160.1.129:80',
  ])
  expect(urls({ ingresses: [{ metadata, spec }] })).toEqual([])
})

it('tells the names of a Gateway’s routes at the listeners that they fit', () => {
  const listeners = [
    { port: 80, protocol: 'HTTP', hostname: '*.gate.example' },
    { port: 8443, protocol: 'HTTPS', hostname: 'safe.example' },
    { port: 5000, protocol: 'TCP' },
  ]
  const gateways = [{ metadata, spec: { listeners }, status: { addresses: [{ value: '10.160.1.130' }] } }]
  const parentRefs = [{ name: 'web' }]
  const routes = [
    { metadata, spec: { parentRefs, hostnames: ['a.gate.example', 'other.example'] } },
    { metadata, spec: { parentRefs: [{ name: 'another' }], hostnames: ['b.gate.example'] } },
  ]
  expect(urls({ gateways, routes })).toEqual([
    'Gateway http://a.gate.example at 10.160.1.130:80',
    'Gateway https://safe.example:8443 at 10.160.1.130:8443',
  ])
})

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import { networkMachine, networkPod, networkService, networkServices } from './network-objects.ts'

const service: Service = {
  metadata: { namespace: 'default', name: 'web' },
  spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00:10:96::7'], ports: [{ port: 80 }] },
}
const slice = (addressType: string, ...addresses: [string, string?][]): EndpointSlice => ({
  metadata: { namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType,
  endpoints: addresses.map(([address, pod]) => ({
    addresses: [address],
    ...(pod ? { targetRef: { kind: 'Pod', name: pod } } : {}),
  })),
  ports: [{ port: 8080 }],
})
const seen = (...endpointSlices: EndpointSlice[]) => networkService(service, { pods: [], endpointSlices })

describe('a cluster of two families', () => {
  it('has Services, Pods and machines with the addresses of both', () => {
    const pod: Pod = { status: { podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }, { ip: 'fd00:10:244:1::2' }] } }
    const node: Node = { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] } }
    expect(seen().clusterIPs).toEqual(['10.96.0.7', 'fd00:10:96::7'])
    expect(seen().path.steps[0]?.says).toBe('Yes, `10.96.0.7:80`, `[fd00:10:96::7]:80`.')
    expect(networkPod(pod).ips).toEqual(['10.244.1.2', 'fd00:10:244:1::2'])
    expect(networkMachine(node, undefined).podCidrs).toEqual(['10.244.1.0/24', 'fd00:10:244:1::/64'])
  })

  it('counts a Pod once, and what is no Pod by its addresses', () => {
    const { endpoints } = seen(
      slice('IPv4', ['10.244.1.2', 'a'], ['10.244.2.2', 'b'], ['192.0.2.7']),
      slice('IPv6', ['fd00:10:244:1::2', 'a'], ['fd00:10:244:2::2', 'b']),
    )
    expect(endpoints.map(({ pod, address }) => pod?.name ?? address)).toEqual(['a', 'b', '192.0.2.7'])
  })
})

it('has no address for a headless Service, nor for a Pod that has none yet', () => {
  const headless = { ...service, spec: { clusterIP: 'None', clusterIPs: ['None'] } }
  expect(networkService(headless, { pods: [], endpointSlices: [] }).clusterIPs).toEqual([])
  expect(networkPod({}).ips).toEqual([])
})

it('looks at each Pod and slice of a namespace for the Services of that namespace alone', () => {
  let reads = 0
  const many = <T extends { metadata: object }>(make: (namespace: string) => T) =>
    Array.from({ length: 100 }, (_, at) => {
      const { metadata, ...rest } = make(`n${at}`)
      return Object.defineProperty(rest as T, 'metadata', { get: () => reads++ >= 0 && metadata })
    })
  const services = many((namespace) => ({
    metadata: { namespace, name: 'web' },
    spec: { ...service.spec, selector: { app: 'web' } },
  }))
  const pods = many((namespace) => ({ metadata: { namespace, name: 'web', labels: { app: 'web' } } }))
  const endpointSlices = many((namespace) => ({
    ...slice('IPv4', ['10.244.1.2', 'web']),
    metadata: { namespace, labels: { 'kubernetes.io/service-name': 'web' } },
  }))
  const told = networkServices({ nodes: [], pods, services, endpointSlices })
  expect(told.map(({ endpoints, path }) => [endpoints.length, path.nobody])).toEqual(services.map(() => [1, '']))
  expect(reads).toBeLessThan(10_000)
})

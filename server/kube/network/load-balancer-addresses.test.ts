import type { Node, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { describe, expect, it } from 'vitest'
import { addressesFor } from './load-balancer-addresses.ts'

const node = (name: string, ready = 'True', labels = {}): Node => ({
  metadata: { name, labels },
  status: { conditions: [{ type: 'Ready', status: ready }] },
})
const balancer = (ip: string, spec: Service['spec'] = {}, ipMode?: string): Service => ({
  metadata: { name: ip, namespace: 'default' },
  spec: { type: 'LoadBalancer', ...spec },
  status: { loadBalancer: { ingress: [{ ip, ...(ipMode && { ipMode }) }] } },
})
const slice = (...nodes: string[]): EndpointSlice => ({
  addressType: 'IPv4',
  endpoints: nodes.map((nodeName) => ({ addresses: ['10.244.0.2'], nodeName, conditions: { ready: true } })),
})
const names = ['n1', 'n2', 'n3']
const answers = (services: Service[], nodes: Node[] = names.map((name) => node(name)), slices: EndpointSlice[] = []) =>
  Object.fromEntries(names.map((name) => [name, addressesFor(name, { services, nodes, slicesOf: () => slices })]))
const many = Array.from({ length: 30 }, (_, at) => `10.160.3.${130 + at}`)

describe('the address of a load balancer', () => {
  it('is answered by one machine, and many are shared out', () => {
    const told = answers(many.map((ip) => balancer(ip)))
    expect(Object.values(told).flat().sort()).toEqual(many)
    for (const of of Object.values(told)) expect(of.length).toBeGreaterThan(3)
  })

  it('goes to another machine when its own is lost, and the others stay where they are', () => {
    const services = many.map((ip) => balancer(ip))
    const before = answers(services)
    const after = answers(services, [node('n1'), node('n2', 'Unknown'), node('n3')])
    expect(after.n2).toEqual([])
    for (const name of ['n1', 'n3']) expect(after[name]).toEqual(expect.arrayContaining(before[name]!))
    expect(Object.values(after).flat()).toHaveLength(many.length)
  })

  it('is answered where an endpoint is when outside traffic stays local, and by nobody without one', () => {
    const services = many.map((ip) => balancer(ip, { externalTrafficPolicy: 'Local' }))
    expect(answers(services, undefined, [slice('n2')])).toEqual({ n1: [], n2: many, n3: [] })
    expect(Object.values(answers(services)).flat()).toEqual([])
    const { endpoints: _, ...bare } = slice('n1')
    expect(answers(services, undefined, [bare as ReturnType<typeof slice>])).toEqual(answers(services))
  })

  it('is not answered by machines that are excluded, nor where it is a proxy’s', () => {
    const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
    const services = many.map((ip) => balancer(ip))
    expect(answers(services, [node('n1'), node('n2', 'True', excluded)]).n2).toEqual([])
    expect(Object.values(answers([balancer('10.160.3.130', {}, 'Proxy')])).flat()).toEqual([])
  })

  it('may be of IPv6', () => {
    expect(Object.values(answers([balancer('fd00:10:160::aa0:382')])).flat()).toEqual(['fd00:10:160::aa0:382'])
  })
})

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event } from '../../kinds/event.ts'
import { Service } from '../../kinds/service.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  const options = { serviceClusterIpRange: '10.96.0.0/12,fd00:10:96::/112' }
  loops = await startTestLoops({ startTestServer: (told) => startTestServer({ ...told, options }), runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

const services = () => loops.client.of(Service)
const make = (name: string, spec: ServiceSpec = {}) =>
  services().create({
    metadata: { name, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  })
const addressOf = async (name: string) =>
  (await services().get({ name, namespace: 'default' })).status?.loadBalancer?.ingress?.[0]?.ip
const has = (name: string, address: string | undefined) =>
  loops.until(`${name} has ${address}`, async () => (await addressOf(name)) === address)
const told = async (reason: string) =>
  (await loops.client.of(Event).list()).items.filter((one) => one.reason === reason)

it('gives each an address of the network, and a freed one to who waits', async () => {
  // What it gives out it does not hear of until later.
  loops.news.hold('services')
  await loops.run(['service-lb'], { loadBalancers: { range: '10.160.3.128/31' } })
  await make('one')
  await make('two')
  loops.news.release('services')
  await has('one', '10.160.3.128')
  await has('two', '10.160.3.129')
  await make('three')
  await loops.until('it is said that all are given out', async () => (await told('SyncLoadBalancerFailed')).length > 0)
  expect((await told('SyncLoadBalancerFailed'))[0]?.message).toBe(
    'Error syncing load balancer: failed to ensure load balancer: all addresses of 10.160.3.128/31 are given out',
  )
  await services().delete({ name: 'one', namespace: 'default' })
  await has('three', '10.160.3.128')
  await loops.until('it is told', async () => (await told('EnsuredLoadBalancer')).length === 3)
})

it('gives the one that is asked for when it is free, and leaves other classes alone', async () => {
  await loops.run(['service-lb'], { loadBalancers: { range: '10.160.3.128/26' } })
  await make('other', { loadBalancerClass: 'example.com/lb' })
  await make('asked', { loadBalancerIP: '10.160.3.140' })
  await has('asked', '10.160.3.140')
  await make('foreign', { loadBalancerIP: '8.8.8.8' })
  await loops.until('it is refused', async () => (await told('SyncLoadBalancerFailed')).length > 0)
  expect(await addressOf('other')).toBeUndefined()
})

it('takes the address back when the type changes', async () => {
  await loops.run(['service-lb'], { loadBalancers: { range: '10.160.3.128/26' } })
  await make('web')
  await has('web', '10.160.3.128')
  await services().patch({ name: 'web', namespace: 'default' }, 'application/merge-patch+json', {
    spec: { type: 'ClusterIP' },
  })
  await has('web', undefined)
})

it('gives one of each family that the Service has, in its order, and goes with it when that changes', async () => {
  const secondOf = (address: string) => `fd00::${address.split('.').at(-1)}`
  await loops.run(['service-lb'], { loadBalancers: { range: '10.160.3.128/26', secondOf } })
  const both = async (name: string) =>
    (await services().get({ name, namespace: 'default' })).status?.loadBalancer?.ingress?.map(({ ip }) => ip).join(' ')
  await make('web')
  await has('web', '10.160.3.128')
  const web = { name: 'web', namespace: 'default' }
  const change = (families: string[]) =>
    services().patch(web, 'application/merge-patch+json', {
      spec: { ipFamilyPolicy: families.length > 1 ? 'RequireDualStack' : 'SingleStack', ipFamilies: families },
    })
  await change(['IPv4', 'IPv6'])
  await loops.until('it has two', async () => (await both('web')) === '10.160.3.128 fd00::128')
  await make('six', { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv6'] })
  await has('six', 'fd00::129')
  // The address that goes with that one is not another's.
  await make('other')
  await has('other', '10.160.3.130')
})

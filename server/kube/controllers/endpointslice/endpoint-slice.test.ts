import type { Pod as CorePod, Service as CoreService } from 'kubernetes-types/core/v1'
import type { EndpointSlice as DiscoverySlice, Endpoint } from 'kubernetes-types/discovery/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { Endpoints } from '../../kinds/endpoints.ts'
import { Event } from '../../kinds/event.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ResourceQuota } from '../../kinds/resource-quota.ts'
import { Service } from '../../kinds/service.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { type EndpointGroup, groupKey, planSlices } from '../plan-slices.ts'
import { serviceLabels } from '../service-pods.ts'
import { insist, replicaSet, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { groupsFor } from './endpoints-of-service.ts'

describe('against an API server', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.addNode('node-1')
    await loops.run()
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const service: CoreService = {
    metadata: { name: 'web', namespace: 'default', labels: { team: 'shop' } },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  }
  const slices = async () =>
    (
      await loops.client
        .of(EndpointSlice)
        .list({ namespace: 'default', labelSelector: 'kubernetes.io/service-name=web' })
    ).items
  const ready = async () =>
    (await slices()).flatMap(({ endpoints }) => endpoints.filter(({ conditions }) => conditions?.ready))

  it('follows the pods of a Service as they come, fall ill and go', async () => {
    await loops.client.of(Service).create(service)
    // None, said aloud, before there is any pod.
    await loops.until('an empty slice', async () => (await slices()).length === 1)
    await loops.client.of(ReplicaSet).create(replicaSet('web', 3))
    await loops.until('3 ready', async () => (await ready()).length === 3)
    const [slice, ...others] = await slices()
    expect(others).toEqual([])
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      metadata: {
        labels: {
          team: 'shop',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
      },
    })
    const [pod] = await loops.pods()
    const { name = '' } = pod?.metadata ?? {}
    const lastTransitionTime = '2099-01-01T00:00:00Z'
    const ill = { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] } }
    await insist(() =>
      loops.client.of(Pod).patch({ namespace: 'default', name }, 'application/strategic-merge-patch+json', ill, {
        subresource: 'status',
      }),
    )
    await loops.until('2 ready', async () => (await ready()).length === 2)
    const endpoints = await loops.client.of(Endpoints).get({ namespace: 'default', name: 'web' })
    await loops.until('endpoints too', async () => {
      const [subset] = (await loops.client.of(Endpoints).get({ namespace: 'default', name: 'web' })).subsets ?? []
      return subset?.addresses?.length === 2 && subset.notReadyAddresses?.length === 1
    })
    expect(endpoints.metadata?.labels).toMatchObject({ team: 'shop' })
    const since = { 'endpoints.kubernetes.io/last-change-trigger-time': lastTransitionTime }
    expect((await slices())[0]?.metadata?.annotations).toEqual(since)
    const written = await loops.client.of(Endpoints).get({ namespace: 'default', name: 'web' })
    expect(written.metadata?.annotations).toEqual(since)
    await loops.client.of(Service).delete({ namespace: 'default', name: 'web' })
    await loops.until('no slices', async () => (await slices()).length === 0)
    await loops.until('no endpoints', async () => {
      const { items } = await loops.client.of(Endpoints).list({ namespace: 'default' })
      return !items.some(({ metadata }) => metadata?.name === 'web')
    })
  })

  it('says when it cannot write a slice', async () => {
    const quota = { namespace: 'default', name: 'none' }
    const hard = { 'count/endpointslices.discovery.k8s.io': '0' }
    await loops.client.of(ResourceQuota).create({ metadata: quota, spec: { hard } })
    await loops.until('the quota counts', async () => (await loops.client.of(ResourceQuota).get(quota)).status?.hard)
    await loops.client.of(Service).create(service)
    await loops.until('told', async () =>
      (await loops.client.of(Event).list({ namespace: 'default' })).items.some(
        ({ reason, message }) =>
          reason === 'FailedToUpdateEndpointSlices' &&
          message?.startsWith('Error updating Endpoint Slices for Service default/web: '),
      ),
    )
    await loops.client.of(ResourceQuota).delete(quota)
    await loops.until('it is there', async () => (await slices()).length === 1)
  })

  it('does not make a slice again before it has heard of the first', async () => {
    loops.news.hold('endpointslices')
    await loops.client.of(Service).create(service)
    await loops.until('a slice', async () => (await slices()).length === 1)
    const patched = await insist(() =>
      loops.client.of(Service).patch({ namespace: 'default', name: 'web' }, 'application/merge-patch+json', {
        metadata: { labels: { team: 'till' } },
      }),
    )
    const revision = Number(patched.metadata?.resourceVersion)
    await loops.until('it looked again', () =>
      loops.reconciles('endpointslice').some(({ because }) => because === revision),
    )
    expect(await slices()).toHaveLength(1)
    loops.news.release('endpointslices')
    await loops.until('the label', async () => (await slices())[0]?.metadata?.labels?.team === 'till')
    expect(await slices()).toHaveLength(1)
  })

  it('says which zone and node an endpoint is for, and tells when it shares them out', async () => {
    const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } })
    await loops.client.of(Node).delete({ name: 'node-1' })
    await loops.addNode('node-a', zone('a'))
    await loops.client
      .of(Service)
      .create({ ...service, spec: { ...service.spec, trafficDistribution: 'PreferSameNode' } })
    await loops.client.of(ReplicaSet).create(replicaSet('web', 2))
    await loops.until('2 ready', async () => (await ready()).length === 2)
    expect((await ready()).map(({ hints }) => hints)).toEqual(
      Array(2).fill({ forZones: [{ name: 'a' }], forNodes: [{ name: 'node-a' }] }),
    )
    await loops.addNode('node-b', zone('b'))
    const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' }
    await insist(() =>
      loops.client
        .of(Service)
        .patch({ namespace: 'default', name: 'web' }, 'application/merge-patch+json', { metadata: { annotations } }),
    )
    const zones = async () => (await ready()).map(({ hints }) => hints?.forZones?.[0]?.name).sort()
    await loops.until('one for each zone', async () => (await zones()).join() === 'a,b')
    await loops.until('said', async () =>
      (await loops.client.of(Event).list()).items.some(
        ({ reason, message }) =>
          reason === 'TopologyAwareHintsEnabled' &&
          message === 'Topology Aware Hints has been enabled, addressType: IPv4',
      ),
    )
    // A zone that nobody can run in any more needs none.
    await loops.client.of(Node).delete({ name: 'node-b' })
    await loops.until('no hints', async () => (await ready()).every(({ hints }) => hints === undefined))
  })

  it('leaves out a pod whose node is not there, and says so', async () => {
    await loops.client.of(Service).create(service)
    await loops.client.of(ReplicaSet).create(replicaSet('web', 1))
    await loops.until('1 ready', async () => (await ready()).length === 1)
    const [before] = await slices()
    const { metadata } = await loops.client.of(Pod).create({
      metadata: { namespace: 'default', name: 'stray', labels: { app: 'web' } },
      spec: { nodeName: 'nowhere', containers: [{ name: 'main', image: 'main:1' }] },
    })
    await loops.client
      .of(Pod)
      .patch(
        { namespace: 'default', name: 'stray' },
        'application/merge-patch+json',
        { metadata: { uid: metadata?.uid }, status: { podIP: '10.9.9.9', podIPs: [{ ip: '10.9.9.9' }] } },
        { subresource: 'status' },
      )
    const said =
      'Error updating Endpoint Slices for Service default/web: skipping Pod stray for Service default/web: Node nowhere Not Found'
    await loops.until('said', async () =>
      (await loops.client.of(Event).list()).items.some(({ message }) => message === said),
    )
    expect((await slices()).map(({ endpoints }) => endpoints)).toEqual([before?.endpoints])
  })

  it('leaves the slices of a Service that had the name before to the collector', async () => {
    await loops.client.of(Service).create(service)
    await loops.until('an empty slice', async () => (await slices()).length === 1)
    const [slice] = await slices()
    const [owner] = slice?.metadata?.ownerReferences ?? []
    const ownerReferences = [{ ...owner, uid: 'of-another' }]
    await insist(() =>
      loops.client
        .of(EndpointSlice)
        .patch({ namespace: 'default', name: slice?.metadata?.name ?? '' }, 'application/merge-patch+json', {
          metadata: { ownerReferences },
        }),
    )
    await loops.until('a slice of its own', async () => {
      const [now, ...others] = await slices()
      return others.length === 0 && now?.metadata?.name !== slice?.metadata?.name
    })
    expect((await slices())[0]?.metadata?.ownerReferences).toEqual([owner])
  })

  it('says of a pod on its way out that it still serves', async () => {
    await loops.client.of(Service).create(service)
    await loops.client.of(ReplicaSet).create(replicaSet('web', 1))
    await loops.until('1 ready', async () => (await ready()).length === 1)
    const [pod] = await loops.pods()
    loops.kubelets.lingering = true
    await loops.client.of(Pod).delete({ namespace: 'default', name: pod?.metadata?.name ?? '' })
    const leaving = async () =>
      (await slices()).flatMap(({ endpoints }) => endpoints).find(({ conditions }) => conditions?.terminating)
    await loops.until('terminating', leaving)
    expect((await leaving())?.conditions).toEqual({ ready: false, serving: true, terminating: true })
  })
})

describe('planning', () => {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
  const endpoint = (index: number): Endpoint => ({
    addresses: [`10.0.${index >> 8}.${index & 255}`],
    targetRef: { uid: `uid-${index}` },
  })
  const group = (count: number, from = 0): EndpointGroup => ({
    addressType: 'IPv4',
    ports,
    endpoints: Array.from({ length: count }, (_, index) => endpoint(from + index)),
  })
  const wanted = (one: EndpointGroup) => new Map([[groupKey('IPv4', ports), one]])
  const slice = (name: string, endpoints: Endpoint[]): DiscoverySlice => ({
    metadata: { name },
    addressType: 'IPv4',
    ports,
    endpoints,
  })
  const fillingOf = (one: EndpointGroup) => ({ group: one, endpoints: one.endpoints })
  const rules = { most: 100, isOutdated: () => false }

  it('cuts many endpoints into slices of a hundred', () => {
    const plan = planSlices(wanted(group(250)), [], rules)
    expect(plan.create.map(({ endpoints }) => endpoints.length)).toEqual([100, 100, 50])
  })

  it('fills a slice that somebody wrote without any', () => {
    const bare = { metadata: { name: 'a' }, addressType: 'IPv4', ports } as DiscoverySlice
    const plan = planSlices(wanted(group(2)), [bare], rules)
    expect(plan.create.length + plan.update.length).toBe(1)
  })

  it('writes only the slice that has lost an endpoint, and fills the gap with the new one', () => {
    const existing = [slice('a', group(100).endpoints), slice('b', group(50, 100).endpoints)]
    const next = group(151)
    next.endpoints.splice(3, 1)
    const plan = planSlices(wanted(next), existing, rules)
    expect(plan.create).toEqual([])
    expect(plan.remove).toEqual([])
    expect(plan.update.map(({ slice: { metadata }, endpoints }) => [metadata?.name, endpoints.length])).toEqual([
      ['a', 100],
    ])
  })

  it('writes one slice that has room for all that is left over, not some of several', () => {
    const existing = [
      slice('a', group(40).endpoints),
      slice('b', group(90, 100).endpoints),
      slice('c', group(70, 200).endpoints),
    ]
    const next = {
      ...group(40),
      endpoints: existing.flatMap(({ endpoints }) => endpoints).concat(group(25, 300).endpoints),
    }
    const plan = planSlices(wanted(next), existing, rules)
    expect(plan).toMatchObject({ create: [], remove: [] })
    expect(plan.update.map(({ slice: { metadata }, endpoints }) => [metadata?.name, endpoints.length])).toEqual([
      ['c', 95],
    ])
    const more = { ...next, endpoints: next.endpoints.concat(group(50, 400).endpoints) }
    const planned = planSlices(wanted(more), existing, rules)
    expect(planned).toMatchObject({ update: [], create: [{ endpoints: { length: 75 } }] })
  })

  it('gives what new slices that are full leave over to one that has room for it', () => {
    const existing = [slice('a', group(30).endpoints), slice('b', group(62, 100).endpoints)]
    const kept = existing.flatMap(({ endpoints }) => endpoints)
    const planFor = (more: number) =>
      planSlices(wanted({ ...group(1), endpoints: kept.concat(group(more, 300).endpoints) }), existing, rules)
    const sizes = (more: number) => {
      const { create, update, remove } = planFor(more)
      expect(remove).toEqual([])
      const updated = update.map(({ slice: { metadata }, endpoints }) => [metadata?.name, endpoints.length])
      return { create: create.map(({ endpoints }) => endpoints.length), update: updated }
    }
    expect(sizes(138)).toEqual({ create: [100], update: [['b', 100]] })
    expect(sizes(170)).toEqual({ create: [100], update: [['a', 100]] })
    expect(sizes(171)).toEqual({ create: [100, 71], update: [] })
    expect(sizes(200)).toEqual({ create: [100, 100], update: [] })
  })

  it('makes a slice that is no longer needed into the one that is: its name stays', () => {
    const empty = { ...slice('a', []), ports: [] }
    const filled = planSlices(wanted(group(2)), [empty], rules)
    expect(filled).toEqual({ create: [], remove: [], update: [{ slice: empty, ...fillingOf(group(2)) }] })
    const none: EndpointGroup = { addressType: 'IPv4', ports: [], endpoints: [] }
    const full = slice('a', group(2).endpoints)
    const emptied = planSlices(new Map([[groupKey('IPv4', []), none]]), [full], rules)
    expect(emptied).toEqual({ create: [], remove: [], update: [{ slice: full, ...fillingOf(none) }] })
    const other = { ...full, addressType: 'IPv6' }
    expect(planSlices(wanted(group(2)), [other], rules)).toMatchObject({ create: [{}], remove: [other], update: [] })
  })

  it('writes nothing when all is as it should be', () => {
    const plan = planSlices(wanted(group(3)), [slice('a', group(3).endpoints)], rules)
    expect(plan).toEqual({ create: [], update: [], remove: [] })
  })

  it('removes slices of ports that no pod has any more, and duplicates', () => {
    const old = { ...slice('old', group(2).endpoints), ports: [{ name: 'http', port: 81, protocol: 'TCP' }] }
    const plan = planSlices(
      wanted(group(2)),
      [slice('a', group(2).endpoints), slice('twin', group(2).endpoints), old],
      rules,
    )
    expect(plan.remove.map(({ metadata }) => metadata?.name).sort()).toEqual(['old', 'twin'])
    expect(plan.update).toEqual([])
  })
})

describe('endpoints of a Service', () => {
  const pod = (name: string, port: string): CorePod => ({
    metadata: { namespace: 'default', name, uid: name },
    spec: { nodeName: 'n1', containers: [{ name: 'main', ports: [{ name: port, containerPort: 8080 }] }] },
    status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] },
  })
  const spec = { ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' }] }

  it('are told without ports where a pod has none of the Service’s', () => {
    const groups = groupsFor(
      { metadata: { name: 'web' }, spec },
      [pod('a', 'http'), pod('b', 'other')],
      () => undefined,
    )
    expect([...groups.values()].map(({ ports, endpoints }) => [ports.length, endpoints[0]?.targetRef?.name])).toEqual([
      [1, 'a'],
      [0, 'b'],
    ])
  })

  it('are labelled as the Service is, but for what says whether it has an address', () => {
    const headless = 'service.kubernetes.io/headless'
    const labels = { team: 'shop', [headless]: 'so' }
    expect(serviceLabels({ metadata: { labels }, spec: { clusterIP: '10.0.0.1' } })).toEqual({ team: 'shop' })
    expect(serviceLabels({ metadata: { labels }, spec: { clusterIP: 'None' } })).toEqual({
      team: 'shop',
      [headless]: '',
    })
  })
})

import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import type { Claim, ClaimSpec, Device } from '../../kinds/devices/device-objects.ts'
import { DeviceClass, Event, Pod, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

const namespace = 'default'
/** Each fact has devices of its own, on a node of its own. */
const wish = (driver: string): ClaimSpec => ({
  devices: { requests: [{ name: 'x', exactly: { deviceClassName: driver } }] },
})

describe('claims on devices', () => {
  let loops: TestLoops
  beforeAll(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    await loops.run()
    await loops.until('accounts', () => loops.reconciles('serviceaccount').length > 3)
  })
  afterAll(() => loops[Symbol.asyncDispose]())

  const offer = async (driver: string, ...devices: (string | Device)[]) => {
    const { client } = loops
    await loops.addNode(driver)
    const expression = `device.driver == "${driver}"`
    await client.of(DeviceClass).create({ metadata: { name: driver }, spec: { selectors: [{ cel: { expression } }] } })
    await client.of(ResourceSlice).create({
      metadata: { name: driver },
      spec: {
        driver,
        nodeName: driver,
        pool: { name: driver, generation: 1, resourceSliceCount: 1 },
        devices: devices.map((device) => (typeof device === 'string' ? { name: device } : device)),
      },
    })
  }
  const template = (name: string, driver: string) =>
    loops.client.of(ResourceClaimTemplate).create({
      metadata: { name, namespace },
      spec: { metadata: { labels: { team: 'a' } }, spec: wish(driver) },
    })
  const start = (name: string, claim: object) =>
    loops.client.of(Pod).create({
      metadata: { name, namespace },
      spec: { containers: [{ name: 'c', image: 'i' }], resourceClaims: [{ name: 'gpu', ...claim }] },
    } as WirePod)
  const claims = async (driver: string) => {
    const { items } = await loops.client.of(ResourceClaim).list({ namespace })
    return items.filter(({ spec }) => spec?.devices?.requests?.[0]?.exactly?.deviceClassName === driver)
  }
  const place = async (name: string) => (await loops.client.of(Pod).get({ namespace, name })).spec?.nodeName
  const deviceOf = ({ status }: Claim) => status?.allocation?.devices?.results?.[0]?.device
  const messages = async (pod: string) => {
    const { items } = await loops.client.of(Event).list({ namespace })
    return items.filter(({ involvedObject }) => involvedObject.name === pod).map(({ message }) => message)
  }

  it('are made of templates, get a device each, and lose it with their pod', async () => {
    await offer('made.io', 'a')
    await template('one', 'made.io')
    await start('first', { resourceClaimTemplateName: 'one' })
    await loops.until('it has a node', () => place('first'))
    const [made] = await claims('made.io')
    expect(made).toMatchObject({
      metadata: {
        generateName: 'first-gpu-',
        labels: { team: 'a' },
        annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' },
        finalizers: ['resource.kubernetes.io/delete-protection'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'first', uid: expect.any(String), controller: true }],
      },
      status: {
        allocation: { devices: { results: [{ request: 'x', driver: 'made.io', pool: 'made.io', device: 'a' }] } },
        reservedFor: [{ resource: 'pods', name: 'first' }],
      },
    })
    const pod = await loops.client.of(Pod).get({ namespace, name: 'first' })
    expect(pod.status).toMatchObject({
      resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: made?.metadata?.name }],
    })
    expect(pod.metadata?.managedFields).toContainEqual(
      expect.objectContaining({ manager: 'ResourceClaimController', operation: 'Apply', subresource: 'status' }),
    )
    expect(made?.metadata?.ownerReferences?.[0]).not.toHaveProperty('blockOwnerDeletion')
    const numbers = loops.metrics.text()
    expect(numbers).toContain('resourceclaim_controller_creates_total{status="success",admin_access="false"} 1')
    expect(numbers).toContain(
      'resourceclaim_controller_resource_claims{allocated="true",admin_access="false",source="resource_claim_template"} 1',
    )

    await start('second', { resourceClaimTemplateName: 'one' })
    await loops.until('there is no second device', async () =>
      (await messages('second')).some((words) => words?.includes('nodes are available: 1 cannot allocate all claims')),
    )
    await loops.client.of(Pod).delete({ namespace, name: 'first' })
    await loops.until('the second has it', () => place('second'))
    const left = await claims('made.io')
    expect(left.map(deviceOf)).toEqual(['a'])
    expect(left[0]?.metadata?.generateName).toBe('second-gpu-')
  })

  it('are made by the scheduler for who asks for amounts, and go with their pod', async () => {
    await offer('amount.io', 'a')
    const requests = { 'deviceclass.resource.kubernetes.io/amount.io': '1' }
    const ask = (name: string) =>
      loops.client.of(Pod).create({
        metadata: { name, namespace },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests, limits: requests } }] },
      })
    await ask('asks')
    await loops.until('it has a node', () => place('asks'))
    const [made] = await claims('amount.io')
    expect(made).toMatchObject({
      metadata: { generateName: 'asks-extended-resources-', ownerReferences: [{ kind: 'Pod', name: 'asks' }] },
      status: { reservedFor: [{ resource: 'pods', name: 'asks' }] },
    })
    expect(deviceOf(made!)).toBe('a')
    expect((await loops.client.of(Pod).get({ namespace, name: 'asks' })).status).toMatchObject({
      extendedResourceClaimStatus: {
        requestMappings: [
          { containerName: 'c', resourceName: Object.keys(requests)[0], requestName: 'container-0-request-0' },
        ],
        resourceClaimName: made?.metadata?.name,
      },
    })
    await ask('waits')
    await loops.until('there is no second device', async () =>
      (await messages('waits')).some((words) => words?.includes('nodes are available')),
    )
    await finish('asks')
    await loops.until('the other has it', () => place('waits'))
  })

  it('that pods share keep their device until the last of them is done', async () => {
    await offer('shared.io', 'a')
    const shared = { metadata: { name: 'shared', namespace }, spec: wish('shared.io') }
    await loops.client.of(ResourceClaim).create(shared)
    await Promise.all(['p', 'q'].map((name) => start(name, { resourceClaimName: 'shared' })))
    await loops.until('both run', async () => (await place('p')) && (await place('q')))
    const users = async () => (await claims('shared.io'))[0]?.status?.reservedFor?.map(({ name }) => name).sort()
    expect(await users()).toEqual(['p', 'q'])
    await loops.client.of(ResourceClaim).delete({ namespace, name: 'shared' })
    await finish('p')
    await loops.until('one user is left', async () => (await users())?.join() === 'q')
    expect((await claims('shared.io')).map(deviceOf)).toEqual(['a'])
    await finish('q')
    await loops.until('the claim has gone', async () => (await claims('shared.io')).length === 0)
  })

  it('that come at once never get the same device', async () => {
    await offer('many.io', 'a', 'b', 'c')
    await template('many', 'many.io')
    await Promise.all(['x', 'y', 'z'].map((name) => start(name, { resourceClaimTemplateName: 'many' })))
    await loops.until('all have a node', async () => (await Promise.all(['x', 'y', 'z'].map(place))).every(Boolean))
    expect((await claims('many.io')).map(deviceOf).sort()).toEqual(['a', 'b', 'c'])
  })

  it('keep their pod waiting until the driver says that the device is ready, and give up what never will be', async () => {
    const bindingConditions = ['far.io/attached']
    const bindingFailureConditions = ['far.io/broken']
    await offer('far.io', { name: 'a', bindsToNode: true, bindingConditions, bindingFailureConditions })
    await template('far', 'far.io')
    await start('attacher', { resourceClaimTemplateName: 'far' })
    const allocated = async () => (await claims('far.io')).find(({ status }) => status?.allocation)
    await loops.until('it waits', async () =>
      (await messages('attacher')).includes('waiting for binding conditions for device on node far.io'),
    )
    const first = await allocated()
    const only = { key: 'metadata.name', operator: 'In', values: ['far.io'] }
    expect(first?.status?.allocation).toMatchObject({
      devices: { results: [{ device: 'a', bindingConditions, bindingFailureConditions }] },
      nodeSelector: { nodeSelectorTerms: [{ matchFields: [only] }] },
    })
    expect(await place('attacher')).toBeUndefined()
    const tell = async (claim: Claim | undefined, type: string) => {
      const condition = {
        type,
        status: 'True',
        reason: 'Told',
        message: 'so',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      }
      const devices = [{ driver: 'far.io', pool: 'far.io', device: 'a', conditions: [condition] }]
      await loops.client.of(ResourceClaim).updateStatus({ ...claim, status: { ...claim?.status, devices } } as Claim)
    }
    await tell(first, 'far.io/broken')
    const stamp = (claim: Claim | undefined) => claim?.status?.devices?.length ?? 0
    await loops.until('it is given back, and tried again', async () => {
      const now = await allocated()
      return now && stamp(now) === 0 && now.status?.reservedFor?.length === 1
    })
    await tell(await allocated(), 'far.io/attached')
    await loops.until('it has a node', () => place('attacher'))
  })

  it('are not made twice when news of them are late', async () => {
    await offer('slow.io', 'a')
    await template('slow', 'slow.io')
    loops.news.hold('resourceclaims')
    await start('hasty', { resourceClaimTemplateName: 'slow' })
    const turns = () => loops.reconciles('resourceclaim').filter(({ key }) => key === 'pod:default/hasty').length
    await loops.until('the loop has looked again', () => turns() > 1)
    expect(await claims('slow.io')).toHaveLength(1)
    loops.news.release('resourceclaims')
    await loops.until('it has a node', () => place('hasty'))
    expect(await claims('slow.io')).toHaveLength(1)
  })

  it('are not made twice when the answer gets lost and news of them are late', async () => {
    await offer('lost.io', 'a')
    await template('lost', 'lost.io')
    const path = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims'
    loops.servers.set(path, async (request) => {
      loops.servers.delete(path)
      loops.news.hold('resourceclaims')
      await loops.client.transport.request(request)
      throw new Error('read ECONNRESET')
    })
    await start('lost', { resourceClaimTemplateName: 'lost' })
    await loops.until('made', async () => (await claims('lost.io')).length > 0)
    await loops.until('named', async () => {
      const { status } = await loops.client.of(Pod).get({ namespace, name: 'lost' })
      return (status as { resourceClaimStatuses?: unknown[] } | undefined)?.resourceClaimStatuses?.length === 1
    })
    expect(await claims('lost.io')).toHaveLength(1)
    loops.news.release('resourceclaims')
    await loops.until('placed', () => place('lost'))
  })

  it('lose their device with a pod that was gone before it was heard which claim it has', async () => {
    await offer('unheard.io')
    await template('unheard', 'unheard.io')
    const path = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims'
    loops.servers.set(path, (request) => {
      if (request.method === 'POST') {
        loops.servers.delete(path)
        loops.news.hold('pods')
      }
      return loops.client.transport.request(request)
    })
    await start('brief', { resourceClaimTemplateName: 'unheard' })
    const pods = loops.client.of(Pod)
    await loops.until('named', async () => {
      const { status } = await pods.get({ namespace, name: 'brief' })
      return (status as { resourceClaimStatuses?: unknown[] } | undefined)?.resourceClaimStatuses?.length === 1
    })
    const [made] = await claims('unheard.io')
    const { uid = '' } = (await pods.get({ namespace, name: 'brief' })).metadata ?? {}
    const finalizers = ['resource.kubernetes.io/delete-protection']
    const kept = await loops.client
      .of(ResourceClaim)
      .update({ ...made, metadata: { ...made?.metadata, finalizers } } as Claim)
    const results = [{ request: 'x', driver: 'unheard.io', pool: 'unheard.io', device: 'a' }]
    const reservedFor = [{ resource: 'pods', name: 'brief', uid }]
    await loops.client
      .of(ResourceClaim)
      .updateStatus({ ...kept, status: { allocation: { devices: { results } }, reservedFor } })
    await pods.delete({ namespace, name: 'brief' }, { gracePeriodSeconds: 0 })
    const name = made?.metadata?.name ?? ''
    const turns = () => loops.reconciles('resourceclaim').filter(({ key }) => key === `claim:default/${name}`).length
    const before = turns()
    await loops.client.of(ResourceClaim).delete({ namespace, name })
    await loops.until('it is still believed to be used', () => turns() > before)
    loops.news.lose('pods')
    await loops.until('it has gone', async () => (await claims('unheard.io')).length === 0)
  })

  it('without a template are told of in an Event, and made when it is there', async () => {
    await offer('late.io', 'a')
    await start('early', { resourceClaimTemplateName: 'late' })
    const why =
      'PodResourceClaim gpu: resource claim template "late": resourceclaimtemplate.resource.k8s.io "late" not found'
    await loops.until('it is told', async () => (await messages('early')).includes(why))
    // Tried again later and later: after 20 s, and then after 41.
    await loops.clock.advance(25_000)
    const at = loops.clock.now()
    await template('late', 'late.io')
    await loops.until('it has a node', () => place('early'))
    expect(loops.clock.now() - at).toBeLessThan(10_000)
    expect(await claims('late.io')).toHaveLength(1)
  })

  it('are waited for outside the line, and not a word is said', async () => {
    await offer('mine.io', 'a')
    await start('patient', { resourceClaimName: 'mine' })
    const gates = () =>
      loops.traces.filter((event) => event.type === 'schedule' && event.gate && event.pod === 'default/patient')
    await loops.until('it waits', () => gates().length > 0)
    expect(gates()).toMatchObject([
      { gate: 'DynamicResources', message: 'resourceclaim.resource.k8s.io "mine" not found' },
    ])
    expect(await messages('patient')).toEqual([])
    await loops.client.of(ResourceClaim).create({ metadata: { name: 'mine', namespace }, spec: wish('mine.io') })
    await loops.until('it has a node', () => place('patient'))
  })

  const finish = async (name: string) => {
    const status = { phase: 'Succeeded' }
    await loops.client
      .of(Pod)
      .patch({ namespace, name }, 'application/strategic-merge-patch+json', { status }, { subresource: 'status' })
  }
})

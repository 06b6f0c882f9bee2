import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Event } from '../../kinds/event.ts'
import { Lease } from '../../kinds/lease.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { PriorityClass } from '../../kinds/priority-class.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { Secret } from '../../kinds/secret.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { deployment, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
const web = { namespace: 'default', name: 'web' }

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.addNode('node-1')
})
afterEach(() => loops[Symbol.asyncDispose]())

const exists = (name: typeof web) =>
  loops.client
    .of(Deployment)
    .get(name)
    .then(
      () => true,
      (err) => {
        if (isNotFound(err)) return false
        throw err
      },
    )
const replicaSets = async () => (await loops.client.of(ReplicaSet).list({ namespace: 'default' })).items

async function deployed() {
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web'))
  await loops.until(
    '3 available',
    async () => (await loops.client.of(Deployment).get(web)).status?.availableReplicas === 3,
  )
}

it('in the background deletes everything below an owner that has gone', async () => {
  await deployed()
  await loops.client.of(Deployment).delete(web, { propagationPolicy: 'Background' })
  expect(await exists(web)).toBe(false)
  await loops.until('no replica sets', async () => (await replicaSets()).length === 0)
  await loops.until('no pods', async () => (await loops.pods()).length === 0)
})

it('in the foreground lets the owner go last', async () => {
  await deployed()
  loops.kubelets.lingering = true
  await loops.client.of(Deployment).delete(web, { propagationPolicy: 'Foreground' })
  await loops.until('pods are going', async () => (await loops.pods()).every((pod) => pod.metadata?.deletionTimestamp))
  await loops.clock.advance(60_000)
  expect(await exists(web)).toBe(true)
  expect(await replicaSets()).toHaveLength(1)
  // The kubelets come back to their work and finish it.
  loops.kubelets.lingering = false
  for (const { metadata } of await loops.pods()) {
    const name = { namespace: 'default', name: metadata?.name ?? '' }
    await loops.client
      .of(Pod)
      .delete(name, { gracePeriodSeconds: 0 })
      .catch((err) => expect(isNotFound(err)).toBe(true))
  }
  await loops.until('the deployment has gone', async () => !(await exists(web)))
  expect(await replicaSets()).toHaveLength(0)
})

it('takes the lease of a node that has gone away, in its namespace', async () => {
  const { metadata } = await loops.client.of(Node).get({ name: 'node-1' })
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: metadata?.uid ?? '' }
  const name = { namespace: 'kube-node-lease', name: 'node-1' }
  await loops.client.of(Lease).create({ metadata: { ...name, ownerReferences: [owner] }, spec: {} })
  await loops.run(['garbage-collector'])
  await loops.client.of(Node).delete({ name: 'node-1' })
  await loops.until('no lease', async () => (await loops.client.of(Lease).list(name)).items.length === 0)
})

it('orphans what should stay, and nothing is made anew', async () => {
  await deployed()
  const before = (await loops.pods()).map(({ metadata }) => metadata?.uid).sort()
  await loops.client.of(Deployment).delete(web, { propagationPolicy: 'Orphan' })
  await loops.until('the deployment has gone', async () => !(await exists(web)))
  const [replicaSet] = await replicaSets()
  expect(replicaSet?.metadata?.ownerReferences).toBeUndefined()
  await loops.clock.advance(60_000)
  expect((await loops.pods()).map(({ metadata }) => metadata?.uid).sort()).toEqual(before)
})

it('keeps a dependent that has another owner, and takes the lost one off it', async () => {
  await loops.run(['garbage-collector', 'serviceaccount'])
  const owners = await Promise.all(
    ['a', 'b'].map((name) => loops.client.of(ConfigMap).create({ metadata: { namespace: 'default', name } })),
  )
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
  }))
  const child = { namespace: 'default', name: 'child' }
  await loops.client.of(Secret).create({ metadata: { ...child, ownerReferences } })
  await loops.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
  const left = async () => (await loops.client.of(Secret).get(child)).metadata?.ownerReferences?.map(({ name }) => name)
  await loops.until('one owner left', async () => (await left())?.length === 1)
  expect(await left()).toEqual(['b'])
  await loops.client.of(ConfigMap).delete({ namespace: 'default', name: 'b' })
  await loops.until(
    'gone',
    async () => (await loops.client.of(Secret).list({ namespace: 'default' })).items.length === 0,
  )
})

it('deletes a dependent whose owner was made and went while it heard nothing', async () => {
  await loops.run(['garbage-collector'])
  loops.news.hold('configmaps')
  const place = { namespace: 'default', name: 'short' }
  const { metadata } = await loops.client.of(ConfigMap).create({ metadata: place })
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'short', uid: metadata?.uid ?? '' }
  await loops.client.of(Secret).create({ metadata: { ...web, ownerReferences: [owner] } })
  await loops.until('it was looked at', () => loops.reconciles('garbage-collector').length > 0)
  await loops.client.of(ConfigMap).delete(place)
  loops.news.lose('configmaps')
  await loops.until(
    'gone',
    async () => (await loops.client.of(Secret).list({ namespace: 'default' })).items.length === 0,
  )
})

it('deletes a dependent whose owner never was', async () => {
  await loops.run(['garbage-collector', 'serviceaccount'])
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'b4f5c1a2-0000-4000-8000-000000000000' },
  ]
  await loops.client.of(Secret).create({ metadata: { namespace: 'default', name: 'child', ownerReferences } })
  await loops.until(
    'gone',
    async () => (await loops.client.of(Secret).list({ namespace: 'default' })).items.length === 0,
  )
})

it('leaves alone what belongs to a kind that nobody here knows', async () => {
  await loops.run(['garbage-collector', 'serviceaccount'])
  const ownerReferences = [
    { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'b4f5c1a2-0000-4000-8000-000000000000' },
  ]
  await loops.client.of(Secret).create({ metadata: { namespace: 'default', name: 'child', ownerReferences } })
  const gone = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'b4f5c1a2-0000-4000-8000-000000000001' }
  const both = [...ownerReferences, gone]
  await loops.client.of(Secret).create({ metadata: { namespace: 'default', name: 'other', ownerReferences: both } })
  const seen = (name: string) => loops.reconciles('garbage-collector').some(({ key }) => key.includes(name))
  await loops.until('looked at', () => seen('child') && seen('other'))
  const { items } = await loops.client.of(Secret).list({ namespace: 'default' })
  expect(items.map(({ metadata }) => metadata?.ownerReferences?.length)).toEqual([1, 2])
})

describe('owners that cannot be', () => {
  const owning = (kind: string, of: { metadata?: { name?: string; uid?: string } }, more: object = {}) => ({
    apiVersion: 'v1',
    kind,
    name: of.metadata?.name ?? '',
    uid: of.metadata?.uid ?? '',
    ...more,
  })
  const configMap = (name: string, namespace = 'default') =>
    loops.client.of(ConfigMap).create({ metadata: { namespace, name } })
  const events = async () =>
    (await loops.client.of(Event).list()).items.filter(({ reason }) => reason === 'OwnerRefInvalidNamespace')

  it('deletes what names an owner of another namespace, and says why', async () => {
    const owner = await configMap('a', 'kube-public')
    await loops.client
      .of(Secret)
      .create({ metadata: { namespace: 'default', name: 'child', ownerReferences: [owning('ConfigMap', owner)] } })
    await loops.run(['garbage-collector', 'serviceaccount'])
    await loops.until(
      'gone',
      async () => (await loops.client.of(Secret).list({ namespace: 'default' })).items.length === 0,
    )
    await loops.until('said', async () => (await events()).length > 0)
    expect((await events())[0]).toMatchObject({
      type: 'Warning',
      message: `ownerRef [v1/ConfigMap, namespace: default, name: a, uid: ${owner.metadata?.uid}] does not exist in namespace "default"`,
      involvedObject: { kind: 'Secret', name: 'child' },
    })
  })

  it('leaves what is in no namespace and names an owner in one', async () => {
    await loops.run(['garbage-collector', 'serviceaccount'])
    const owner = await configMap('a')
    await loops.client
      .of(PriorityClass)
      .create({ metadata: { name: 'child', ownerReferences: [owning('ConfigMap', owner)] }, value: 1 })
    await loops.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
    await loops.until('looked at', () => loops.reconciles('garbage-collector').some(({ key }) => key.includes('child')))
    await loops.clock.advance(60_000)
    await loops.client.of(PriorityClass).get({ name: 'child' })
  })

  it('lets a circle go in which each blocks the other', async () => {
    await loops.run(['garbage-collector', 'serviceaccount'])
    const block = { blockOwnerDeletion: true }
    const a = await configMap('a')
    const b = await loops.client
      .of(ConfigMap)
      .create({ metadata: { namespace: 'default', name: 'b', ownerReferences: [owning('ConfigMap', a, block)] } })
    await loops.client.of(ConfigMap).patch({ namespace: 'default', name: 'a' }, 'application/merge-patch+json', {
      metadata: { ownerReferences: [owning('ConfigMap', b, block)] },
    })
    await loops.until('looked at', () => loops.reconciles('garbage-collector').some(({ key }) => key.includes('/a/')))
    await loops.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' }, { propagationPolicy: 'Foreground' })
    await loops.until(
      'both gone',
      async () => (await loops.client.of(ConfigMap).list({ namespace: 'default' })).items.length === 0,
    )
  })
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { forbidden, isNotFound } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Pod } from '../../kinds/pod.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { deployment, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.addNode('node-1')
  await loops.run()
})
afterEach(() => loops[Symbol.asyncDispose]())

const isGone = () =>
  loops.client
    .of(Namespace)
    .get({ name: 'shop' })
    .then(
      () => false,
      (err) => isNotFound(err),
    )
const account = { namespace: 'shop', name: 'default' }
const accountExists = () =>
  loops.client
    .of(ServiceAccount)
    .get(account)
    .then(
      () => true,
      () => false,
    )

it('gives a namespace its account and the root certificate, again when they are deleted', async () => {
  await loops.client.of(Namespace).create({ metadata: { name: 'shop' } })
  await loops.until('account', accountExists)
  const rootCa = { namespace: 'shop', name: 'kube-root-ca.crt' }
  await loops.until(
    'certificate',
    async () => (await loops.client.of(ConfigMap).list({ namespace: 'shop' })).items.length === 1,
  )
  expect((await loops.client.of(ConfigMap).get(rootCa)).data).toEqual({ 'ca.crt': 'PEM' })
  await loops.client.of(ServiceAccount).delete(account)
  await loops.until('account again', accountExists)
  await loops.client.of(ConfigMap).patch(rootCa, 'application/merge-patch+json', { data: { 'ca.crt': 'forged' } })
  await loops.until('mended', async () => (await loops.client.of(ConfigMap).get(rootCa)).data?.['ca.crt'] === 'PEM')
  const described = 'kubernetes.io/description'
  const annotations = async () => (await loops.client.of(ConfigMap).get(rootCa)).metadata?.annotations
  await loops.client.of(ConfigMap).patch(rootCa, 'application/merge-patch+json', { metadata: { annotations: null } })
  await loops.until('described again', async () =>
    (await annotations())?.[described]?.startsWith('Contains a CA bundle'),
  )
})

it('empties a deleted namespace and lets it go', async () => {
  await loops.client.of(Namespace).create({ metadata: { name: 'shop' } })
  const web = deployment('web')
  await loops.client.of(Deployment).create({ ...web, metadata: { ...web.metadata, namespace: 'shop' } })
  const pods = async () => (await loops.client.of(Pod).list({ namespace: 'shop' })).items
  await loops.until(
    '3 running',
    async () => (await pods()).filter(({ status }) => status?.phase === 'Running').length === 3,
  )
  const told: string[][] = []
  const watching = loops.client.of(Namespace)
  loops.kubelets.lingering = true
  await watching.delete({ name: 'shop' })
  await loops.until('told', async () => {
    const { status } = await watching.get({ name: 'shop' })
    if (status?.conditions) told.push(status.conditions.map(({ reason = '' }) => reason))
    return told.length > 0
  })
  // Of pods nothing is said before their time is over, as upstream counts the rest only when they have gone.
  expect(told[0]).toEqual([
    'ResourcesDiscovered',
    'ParsedGroupVersions',
    'ContentDeleted',
    'ContentRemoved',
    'ContentHasNoFinalizers',
  ])
  loops.kubelets.lingering = false
  for (const { metadata } of await pods()) {
    await loops.client
      .of(Pod)
      .delete({ namespace: 'shop', name: metadata?.name ?? '' }, { gracePeriodSeconds: 0 })
      .catch((err) => expect(isNotFound(err)).toBe(true))
  }
  await loops.until('gone', isGone)
})

const held = { namespace: 'shop', name: 'web' }
const failure = async () =>
  (await loops.client.of(Namespace).get({ name: 'shop' })).status?.conditions?.find(
    ({ type }) => type === 'NamespaceDeletionContentFailure',
  )
async function shopWithPod() {
  await loops.client.of(Namespace).create({ metadata: { name: 'shop' } })
  await loops.until('account', accountExists)
  const spec = { nodeName: 'node-1', containers: [{ name: 'c', image: 'web:1' }] }
  await loops.client.of(Pod).create({ metadata: held, spec })
}

it('says that a pod is still there which should have gone, and is not long in seeing that it has', async () => {
  loops.kubelets.lingering = true
  await shopWithPod()
  await loops.client.of(Namespace).delete({ name: 'shop' })
  const deletedAt = loops.clock.now()
  await loops.until('it is said', async () => (await failure())?.status === 'True')
  expect(loops.clock.now() - deletedAt).toBeGreaterThanOrEqual(29_000)
  expect((await failure())?.message).toBe(
    'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods',
  )
  await loops.client.of(Pod).delete(held, { gracePeriodSeconds: 0 })
  await loops.until('gone', isGone)
})

it('says why pods may not be deleted, and tries again within a minute of its being mended', async () => {
  await shopWithPod()
  const pod = await loops.client.of(Pod).get(held)
  const refused = forbidden({ group: '', resource: 'pods' }, 'web', 'keep it')
  loops.servers.set('/api/v1/namespaces/shop/pods', ({ method }) => {
    if (method !== 'GET') throw refused
    return { items: [pod] }
  })
  await loops.client.of(Namespace).delete({ name: 'shop' })
  await loops.until('it is said', async () => (await failure())?.status === 'True')
  expect((await failure())?.message).toBe(
    'Failed to delete all resource types, 1 remaining: pods "web" is forbidden: keep it',
  )
  // What is not known to be there keeps nothing else.
  await loops.until('the account has gone', async () => !(await accountExists()))
  await loops.clock.advance(15 * 60_000)
  loops.servers.clear()
  const mendedAt = loops.clock.now()
  await loops.until('gone', isGone)
  expect(loops.clock.now() - mendedAt).toBeLessThan(100_000)
})

it('says what holds it up', async () => {
  await loops.client.of(Namespace).create({ metadata: { name: 'shop' } })
  const kept = { namespace: 'shop', name: 'kept' }
  await loops.client.of(ConfigMap).create({ metadata: { ...kept, finalizers: ['example.com/keep'] } })
  await loops.client.of(Namespace).delete({ name: 'shop' })
  const condition = async (type: string) =>
    (await loops.client.of(Namespace).get({ name: 'shop' })).status?.conditions?.find((one) => one.type === type)
  await loops.until(
    'finalizers remain',
    async () => (await condition('NamespaceFinalizersRemaining'))?.status === 'True',
  )
  await loops.clock.advance(30_000)
  const looks = () =>
    loops.traces.filter(
      (event) =>
        event.type === 'request' && event.client.includes('namespace-controller') && event.resource === 'configmaps',
    )
  await loops.until('it looked again', () => looks().length > 6)
  expect((await condition('NamespaceFinalizersRemaining'))?.message).toBe(
    'Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances',
  )
  expect((await condition('NamespaceContentRemaining'))?.message).toBe(
    'Some resources are remaining: configmaps. has 1 resource instances',
  )
  await loops.client.of(ConfigMap).patch(kept, 'application/merge-patch+json', { metadata: { finalizers: null } })
  await loops.until('gone', isGone)
})

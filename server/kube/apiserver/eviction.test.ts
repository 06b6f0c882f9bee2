import { afterEach, beforeEach, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { Pod } from '../kinds/pod.ts'
import { PodDisruptionBudget } from '../kinds/pod-disruption-budget.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

let test: TestServer
beforeEach(async () => {
  test = await startTestServer()
  const path = '/api/v1/namespaces/default/serviceaccounts'
  await test.transport.request({ method: 'POST', path, body: { metadata: { name: 'default' } } })
})
afterEach(() => test[Symbol.asyncDispose]())

const at = (name: string) => ({ namespace: 'default', name })
const PATCH = 'application/merge-patch+json'

async function pod(name: string, { phase = 'Running', ready = 'True' } = {}): Promise<void> {
  const pods = test.client.of(Pod)
  const metadata = { ...at(name), labels: { app: 'web' }, finalizers: ['test/stay'] }
  await pods.create({ metadata, spec: { containers: [{ name: 'a', image: 'b' }], nodeName: 'n' } })
  const status = { phase, conditions: [{ type: 'Ready', status: ready }] }
  await pods.patch(at(name), PATCH, { status }, { subresource: 'status' })
}

async function budget(name: string, status: object, spec: object = {}): Promise<void> {
  const budgets = test.client.of(PodDisruptionBudget)
  await budgets.create({
    metadata: at(name),
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } }, ...spec },
  })
  const told = { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptionsAllowed: 0 }
  await budgets.patch(at(name), PATCH, { status: { ...told, ...status } }, { subresource: 'status' })
}

const evict = (name: string, body: object = {}) =>
  test.transport.request({
    method: 'POST',
    path: `/api/v1/namespaces/default/pods/${name}/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: at(name), ...body },
  })
const isGoing = async (name: string) =>
  ((await test.client.of(Pod).get(at(name))) as KubeObject).metadata?.deletionTimestamp !== undefined

it('deletes a pod that no budget speaks of, and says in its status why it went', async () => {
  await pod('web')
  expect(await evict('web')).toMatchObject({ kind: 'Status', status: 'Success', code: 201 })
  expect(await isGoing('web')).toBe(true)
  expect((await test.client.of(Pod).get(at('web'))).status?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      observedGeneration: 1,
    }),
  )
})

it('refuses what the budget does not allow, in the words that kubectl drain waits for', async () => {
  await pod('web')
  await budget('two', { desiredHealthy: 2, currentHealthy: 2 })
  await expect(evict('web')).rejects.toMatchObject({
    code: 429,
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [
        { reason: 'DisruptionBudget', message: 'The disruption budget two needs 2 healthy pods and has 2 currently' },
      ],
    },
  })
  expect(await isGoing('web')).toBe(false)
})

it('spends one disruption for each pod', async () => {
  await pod('one')
  await pod('two')
  await budget('some', { disruptionsAllowed: 1 })
  await evict('one')
  const { status } = await test.client.of(PodDisruptionBudget).get(at('some'))
  expect(status).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { one: expect.stringMatching(/^20/) } })
  expect(status?.conditions).toEqual([
    expect.objectContaining({ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }),
  ])
  await expect(evict('two')).rejects.toMatchObject({ code: 429 })
})

it('spends nothing when it is only asked what would be', async () => {
  await pod('web')
  await budget('some', { disruptionsAllowed: 1 })
  await evict('web', { deleteOptions: { dryRun: ['All'] } })
  expect((await test.client.of(PodDisruptionBudget).get(at('some'))).status?.disruptionsAllowed).toBe(1)
  expect(await isGoing('web')).toBe(false)
})

it.each([
  { name: 'has ended', told: { phase: 'Succeeded' }, policy: {}, status: {} },
  { name: 'has not begun', told: { phase: 'Pending' }, policy: {}, status: {} },
  { name: 'does not work while enough others do', told: { ready: 'False' }, policy: {}, status: {} },
  {
    name: 'does not work, where the budget says so',
    told: { ready: 'False' },
    policy: { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    status: { currentHealthy: 0 },
  },
])('lets a pod go that $name', async ({ told, policy, status }) => {
  await pod('web', told)
  await budget('none', status, policy)
  await evict('web')
  expect(await isGoing('web')).toBe(true)
})

it('waits for a budget that nobody has counted yet', async () => {
  await pod('web')
  await budget('new', { observedGeneration: 0, disruptionsAllowed: 5 })
  await expect(evict('web')).rejects.toMatchObject({
    code: 429,
    details: {
      retryAfterSeconds: 10,
      causes: [{ message: 'The disruption budget new is still being processed by the server.' }],
    },
  })
})

it('evicts a pod as it was seen, or not at all', async () => {
  await pod('web')
  const { resourceVersion } = (await test.client.of(Pod).get(at('web'))).metadata ?? {}
  const asSeen = (version?: string) => ({ deleteOptions: { preconditions: { resourceVersion: version } } })
  await expect(evict('web', asSeen('1'))).rejects.toMatchObject({ code: 409 })
  expect(await isGoing('web')).toBe(false)
  await evict('web', asSeen(resourceVersion))
  expect(await isGoing('web')).toBe(true)
})

it('asks the budget when a pod became ready while it was looked at', async () => {
  await pod('web', { ready: 'False' })
  await budget('some', { disruptionsAllowed: 0 })
  const { store } = test
  const write = store.txn.bind(store)
  store.txn = async (...asked) => {
    store.txn = write
    const status = { conditions: [{ type: 'Ready', status: 'True' }] }
    await test.client.of(Pod).patch(at('web'), PATCH, { status }, { subresource: 'status' })
    return write(...asked)
  }
  await expect(evict('web')).rejects.toMatchObject({ code: 429, details: { retryAfterSeconds: 10 } })
  expect(await isGoing('web')).toBe(false)
})

it('will not choose between two budgets', async () => {
  await pod('web')
  await budget('a', { disruptionsAllowed: 1 })
  await budget('b', { disruptionsAllowed: 1 })
  await expect(evict('web')).rejects.toMatchObject({
    code: 500,
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  })
})

it('takes the older version, and only its own pod', async () => {
  await pod('web')
  await expect(evict('web', { metadata: {} })).rejects.toMatchObject({
    code: 400,
    message: 'name in URL does not match name in Eviction object',
  })
  const unsafe = { ignoreStoreReadErrorWithClusterBreakingPotential: true }
  await expect(evict('web', { deleteOptions: unsafe })).rejects.toMatchObject({
    code: 422,
    message:
      'Eviction.policy "web" is invalid: deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: can not be set for pod eviction, try after removing the option',
  })
  await expect(evict('web', { metadata: at('other') })).rejects.toMatchObject({ code: 400 })
  await expect(evict('web', { metadata: { name: 'web', namespace: 'other' } })).rejects.toMatchObject({ code: 400 })
  await expect(evict('web', { deleteOptions: { preconditions: { uid: 'another' } } })).rejects.toMatchObject({
    code: 409,
    message: expect.stringContaining(
      'cannot be fulfilled on Pod "web": the UID in the precondition (another) does not match the UID in record (',
    ),
  })
  await evict('web', { apiVersion: 'policy/v1beta1' })
  expect(await isGoing('web')).toBe(true)
})

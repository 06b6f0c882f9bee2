import { afterEach, beforeEach, expect, it } from 'vitest'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event } from '../../kinds/event.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { isActive } from '../pod-state.ts'
import { insist, replicaSet, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
const web = { namespace: 'default', name: 'web' }
const CLIENT = 'kube-controller-manager/replicaset-controller'

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

const active = async () => (await loops.pods()).filter(isActive)
const get = () => loops.client.of(ReplicaSet).get(web)
const scale = (replicas: number) =>
  insist(() => loops.client.of(ReplicaSet).patch(web, 'application/merge-patch+json', { spec: { replicas } }))

it('makes exactly as many pods as asked for, and says so in status and Events', async () => {
  await loops.run(['replicaset', 'serviceaccount'])
  await loops.client.of(ReplicaSet).create(replicaSet('web', 7))
  await loops.until('status 7', async () => (await get()).status?.replicas === 7)
  const pods = await loops.pods()
  expect(pods).toHaveLength(7)
  expect(pods.every((pod) => pod.metadata?.name?.startsWith('web-') && controllerOf(pod)?.name === 'web')).toBe(true)
  await loops.until('7 events', async () => (await loops.client.of(Event).list(web)).items.length >= 7)
  const [event] = (await loops.client.of(Event).list({ namespace: 'default' })).items
  expect(event).toMatchObject({
    reason: 'SuccessfulCreate',
    type: 'Normal',
    involvedObject: { kind: 'ReplicaSet', name: 'web', apiVersion: 'apps/v1' },
    source: { component: 'replicaset-controller' },
  })
  expect(event?.message).toMatch(/^Created pod: web-/)
})

it('replaces a pod that somebody deletes, and says because of which revision', async () => {
  await loops.run(['replicaset', 'serviceaccount'])
  await loops.client.of(ReplicaSet).create(replicaSet('web', 2))
  await loops.until('2 pods', async () => (await get()).status?.replicas === 2)
  const [victim] = await loops.pods()
  loops.traces.length = 0
  await loops.client.of(Pod).delete({ namespace: 'default', name: victim?.metadata?.name ?? '' })
  await loops.until('2 pods again', async () => (await active()).length === 2)
  const deleted = loops.traces.find((event) => event.type === 'append' && event.operation === 'delete')
  await loops.until('a turn', () => loops.reconciles('replicaset').some(({ did }) => did.includes('created 1 Pod')))
  const turn = loops.reconciles('replicaset').find(({ did }) => did.includes('created 1 Pod'))
  expect(turn).toMatchObject({
    wanted: '2 Pods with app=web',
    seen: '1 active',
    because: deleted?.type === 'append' ? deleted.revision : -1,
  })
  const created = loops.traces.find(
    (event) =>
      event.type === 'request' && event.client === CLIENT && event.verb === 'create' && event.resource === 'pods',
  )
  const person = loops.traces.find((event) => event.type === 'request' && event.verb === 'delete')
  expect(created).toMatchObject({ because: turn?.because, cause: person?.type === 'request' ? person.id : '' })
})

it('held at the gate hears everything and does nothing; one step is one turn', async () => {
  const controllers = await loops.run(['replicaset', 'serviceaccount'])
  loops.gates.hold(CLIENT)
  await loops.client.of(ReplicaSet).create(replicaSet('web', 2))
  await loops.until('it waits', () => controllers.loops[0]?.queueLength === 1)
  expect(await loops.pods()).toHaveLength(0)
  await loops.until('told', () =>
    loops.traces.some((event) => event.type === 'loop' && event.queue.includes('default/web')),
  )
  loops.gates.step(CLIENT)
  await loops.until('2 pods', async () => (await loops.pods()).length === 2)
  // The news of its own pods waits for the next step.
  await loops.until('it waits again', () => controllers.loops[0]?.queueLength === 1)
  expect((await get()).status?.replicas).toBe(0)
  loops.gates.release(CLIENT)
  await loops.until('status', async () => (await get()).status?.replicas === 2)
})

it('takes in matching orphans and lets go of pods that no longer match', async () => {
  await loops.run(['serviceaccount'])
  await loops.client.of(Pod).create({
    metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'web:1' }] },
  })
  await loops.run(['replicaset'])
  await loops.client.of(ReplicaSet).create(replicaSet('web', 2))
  await loops.until('2 active', async () => (await get()).status?.replicas === 2)
  const orphan = { namespace: 'default', name: 'orphan' }
  expect(controllerOf(await loops.client.of(Pod).get(orphan))?.name).toBe('web')
  expect(await loops.pods()).toHaveLength(2)
  await loops.client.of(Pod).patch(orphan, 'application/merge-patch+json', { metadata: { labels: { app: 'other' } } })
  await loops.until('released', async () => !controllerOf(await loops.client.of(Pod).get(orphan)))
  await loops.until('replaced', async () => (await loops.pods()).length === 3)
})

it('loses no pod and makes none twice when it is stopped in the middle and started again', async () => {
  await loops.run(['serviceaccount'])
  const first = await loops.run(['replicaset'])
  await loops.client.of(ReplicaSet).create(replicaSet('web', 40))
  await loops.until('some pods', async () => (await loops.pods()).length > 3)
  await first[Symbol.asyncDispose]()
  const made = (await loops.pods()).length
  expect(made).toBeLessThanOrEqual(40)
  await loops.run(['replicaset'])
  await loops.until('40 in status', async () => (await get()).status?.replicas === 40)
  const created = loops.traces.filter(
    (event) => event.type === 'append' && event.resource === 'pods' && event.operation === 'create',
  )
  expect(created).toHaveLength(40)
})

it('scales down by those that would be missed least', async () => {
  await loops.addNode('node-1')
  loops.kubelets.stuck.add('web:never')
  await loops.run()
  await loops.client.of(ReplicaSet).create(replicaSet('web', 3))
  await loops.until('3 ready', async () => (await get()).status?.readyReplicas === 3)
  const keep = (await loops.pods()).map(({ metadata }) => metadata?.uid).sort()
  await insist(() =>
    loops.client.of(ReplicaSet).patch(web, 'application/strategic-merge-patch+json', {
      spec: { replicas: 5, template: { spec: { containers: [{ name: 'web', image: 'web:never' }] } } },
    }),
  )
  await loops.until('5 pods', async () => (await get()).status?.replicas === 5)
  await scale(3)
  await loops.until('3 left', async () => (await loops.pods()).length === 3)
  expect((await loops.pods()).map(({ metadata }) => metadata?.uid).sort()).toEqual(keep)
})

it('does not count again before it has heard of its own pods', async () => {
  await loops.run(['replicaset', 'serviceaccount'])
  loops.news.hold('pods')
  await loops.client.of(ReplicaSet).create(replicaSet('web', 3))
  await loops.until('3 pods', async () => (await loops.pods()).length === 3)
  const patched = await insist(() =>
    loops.client
      .of(ReplicaSet)
      .patch(web, 'application/merge-patch+json', { metadata: { annotations: { look: 'again' } } }),
  )
  const again = () =>
    loops.reconciles('replicaset').find(({ because }) => because === Number(patched.metadata?.resourceVersion))
  await loops.until('it looked again', again)
  expect(again()?.seen).toBe('0 active')
  expect(await loops.pods()).toHaveLength(3)
  loops.news.release('pods')
  await loops.until('status', async () => (await get()).status?.replicas === 3)
  expect(await loops.pods()).toHaveLength(3)
})

it('looks again by itself when what it has made is never heard of', async () => {
  await loops.run(['replicaset', 'serviceaccount'])
  let ghosts = 0
  loops.servers.set('/api/v1/namespaces/default/pods', () => ({ metadata: { name: `ghost-${ghosts++}` } }))
  await loops.client.of(ReplicaSet).create(replicaSet('web', 2))
  await loops.until('made in vain', () => ghosts === 2)
  loops.servers.clear()
  await loops.until('its turn is over', () => loops.reconciles('replicaset').length > 0)
  await loops.clock.advance(4 * 60_000)
  expect(await loops.pods()).toHaveLength(0)
  await loops.clock.advance(2 * 60_000)
  await loops.until('2 pods', async () => (await loops.pods()).length === 2)
})

it('says why it cannot make or delete a pod, in its status and in Events, until it can', async () => {
  await loops.run(['replicaset', 'serviceaccount'])
  const refuse = () => {
    throw new StatusError('InternalError', 'out of order')
  }
  const failure = async () => (await get()).status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  const said = async (reason: string) =>
    (await loops.client.of(Event).list({ namespace: 'default' })).items.find((event) => event.reason === reason)
      ?.message
  loops.servers.set('/api/v1/namespaces/default/pods', refuse)
  await loops.client.of(ReplicaSet).create(replicaSet('web', 1))
  await loops.until('it fails', failure)
  expect(await failure()).toMatchObject({ status: 'True', reason: 'FailedCreate', message: 'out of order' })
  await loops.until('said', () => said('FailedCreate'))
  expect(await said('FailedCreate')).toBe('Error creating: out of order')
  loops.servers.clear()
  await loops.until('made', async () => (await loops.pods()).length === 1 && !(await failure()))
  const [pod] = await loops.pods()
  loops.servers.set(`/api/v1/namespaces/default/pods/${pod?.metadata?.name}`, refuse)
  await scale(0)
  await loops.until('it fails', failure)
  expect(await failure()).toMatchObject({ reason: 'FailedDelete', message: 'unable to delete pods: out of order' })
  await loops.until('said', () => said('FailedDelete'))
  expect(await said('FailedDelete')).toBe('Error deleting: out of order')
})

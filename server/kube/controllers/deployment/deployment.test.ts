import type { Deployment as AppsDeployment } from 'kubernetes-types/apps/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { isActive, isReady } from '../pod-state.ts'
import { deployment, insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
const web = { namespace: 'default', name: 'web' }

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.addNode('node-1')
  await loops.addNode('node-2')
})
afterEach(() => loops[Symbol.asyncDispose]())

const get = () => loops.client.of(Deployment).get(web)
const setImage = (image: string) =>
  insist(() =>
    loops.client.of(Deployment).patch(web, 'application/strategic-merge-patch+json', {
      spec: { template: { spec: { containers: [{ name: 'web', image }] } } },
    }),
  )
const isDone = async (image: string) => {
  const { status, metadata } = await get()
  const pods = (await loops.pods()).filter(isActive)
  const all = pods.every((pod) => pod.spec?.containers[0]?.image === image)
  return all && status?.availableReplicas === pods.length && status?.observedGeneration === metadata?.generation
}
const condition = (object: AppsDeployment, type: string) => object.status?.conditions?.find((one) => one.type === type)

it('rolls out a new version without ever leaving its bounds', async () => {
  await loops.run()
  await loops.client.of(Deployment).create(
    deployment('web', {
      replicas: 6,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
    }),
  )
  await loops.until('6 available', async () => (await get()).status?.availableReplicas === 6)
  let most = 0
  let fewest = 99
  loops.watch((pods) => {
    const active = pods.filter(isActive)
    most = Math.max(most, active.length)
    fewest = Math.min(fewest, active.filter(isReady).length)
  })
  await setImage('web:2')
  await loops.until('web:2 everywhere', () => isDone('web:2'))
  expect(most).toBeLessThanOrEqual(8)
  expect(most).toBeGreaterThan(6)
  expect(fewest).toBeGreaterThanOrEqual(5)
  const done = await get()
  expect(done.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
  await loops.until('complete', async () => condition(await get(), 'Progressing')?.reason === 'NewReplicaSetAvailable')
  expect(condition(await get(), 'Available')?.status).toBe('True')
})

it('goes back to an earlier version by its ReplicaSet, under a new revision', async () => {
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web', { replicas: 2 }))
  await loops.until('2 available', async () => (await get()).status?.availableReplicas === 2)
  await setImage('web:2')
  await loops.until('web:2', () => isDone('web:2'))
  const before = (await loops.client.of(ReplicaSet).list({ namespace: 'default' })).items
  await setImage('web:1')
  await loops.until('web:1', () => isDone('web:1'))
  const after = (await loops.client.of(ReplicaSet).list({ namespace: 'default' })).items
  expect(after.map(({ metadata }) => metadata?.uid).sort()).toEqual(before.map(({ metadata }) => metadata?.uid).sort())
  await loops.until(
    'revision 3',
    async () => (await get()).metadata?.annotations?.['deployment.kubernetes.io/revision'] === '3',
  )
  const back = after.find(({ spec }) => spec?.template?.spec?.containers[0]?.image === 'web:1')
  expect(back?.metadata?.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1')
})

it('says that a rollout has exceeded its deadline, and keeps the old pods', async () => {
  loops.kubelets.stuck.add('web:broken')
  await loops.run(undefined)
  await loops.client.of(Deployment).create(deployment('web', { replicas: 4, progressDeadlineSeconds: 30 }))
  await loops.until('4 available', async () => (await get()).status?.availableReplicas === 4)
  await setImage('web:broken')
  await loops.until(
    'deadline',
    async () => condition(await get(), 'Progressing')?.reason === 'ProgressDeadlineExceeded',
  )
  const { status } = await get()
  expect(status?.availableReplicas).toBe(3)
  expect(condition(await get(), 'Progressing')?.message).toMatch(
    /^ReplicaSet "web-[a-z0-9]+" has timed out progressing\.$/,
  )
})

it('with Recreate never runs two versions side by side', async () => {
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web', { replicas: 3, strategy: { type: 'Recreate' } }))
  await loops.until('3 available', async () => (await get()).status?.availableReplicas === 3)
  let mixed = false
  loops.watch((pods) => {
    mixed ||= new Set(pods.map(({ spec }) => spec?.containers[0]?.image)).size > 1
  })
  // Old pods take their time to go.
  loops.kubelets.lingering = true
  await setImage('web:2')
  await loops.until('all going', async () => (await loops.pods()).every(({ metadata }) => metadata?.deletionTimestamp))
  await loops.clock.advance(5000)
  await loops.until('it has looked', () => loops.reconciles('deployment').at(-1)?.seen === '')
  expect(await loops.pods()).toHaveLength(3)
  loops.kubelets.lingering = false
  for (const { metadata } of await loops.pods()) {
    await loops.client.of(Pod).delete({ namespace: 'default', name: metadata?.name ?? '' }, { gracePeriodSeconds: 0 })
  }
  await loops.until('web:2', () => isDone('web:2'))
  expect(mixed).toBe(false)
})

it('with Recreate waits for pods that only an old ReplicaSet knows of', async () => {
  loops.kubelets.on = false
  await loops.run(['deployment', 'serviceaccount'])
  const strategy = { type: 'Recreate' as const }
  await loops.client.of(Deployment).create(deployment('web', { replicas: 1, strategy }))
  const sets = async () => (await loops.client.of(ReplicaSet).list({ namespace: 'default' })).items
  await loops.until('a set', async () => (await sets()).length === 1)
  const tell = async (replicas: number) => {
    const [old] = await sets()
    const { namespace = '', name = '' } = old?.metadata ?? {}
    const patch = { status: { replicas } }
    const how = { subresource: 'status' }
    await loops.client.of(ReplicaSet).patch({ namespace, name }, 'application/merge-patch+json', patch, how)
  }
  await tell(1)
  await setImage('web:2')
  await loops.until('scaled down', async () => (await sets())[0]?.spec?.replicas === 0)
  await loops.until('it has looked', () => loops.reconciles('deployment').at(-1)?.seen === '')
  expect(await sets()).toHaveLength(1)
  await tell(0)
  await loops.until('the next', async () => (await sets()).length === 2)
})

it('while paused scales but does not roll out, and rolls out when resumed', async () => {
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web', { replicas: 2 }))
  await loops.until('2 available', async () => (await get()).status?.availableReplicas === 2)
  const patch = (spec: object) =>
    insist(() => loops.client.of(Deployment).patch(web, 'application/merge-patch+json', { spec }))
  await patch({ paused: true })
  await setImage('web:2')
  await patch({ replicas: 4 })
  await loops.until('4 available', async () => (await get()).status?.availableReplicas === 4)
  const images = () => loops.pods().then((pods) => new Set(pods.map(({ spec }) => spec?.containers[0]?.image)))
  expect(await images()).toEqual(new Set(['web:1']))
  expect(condition(await get(), 'Progressing')?.reason).toBe('DeploymentPaused')
  await patch({ paused: false })
  await loops.until('web:2', () => isDone('web:2'))
})

it('keeps no more old ReplicaSets than the history may hold', async () => {
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web', { replicas: 1, revisionHistoryLimit: 1 }))
  await loops.until('1 available', async () => (await get()).status?.availableReplicas === 1)
  for (const image of ['web:2', 'web:3', 'web:4']) {
    await setImage(image)
    await loops.until(image, () => isDone(image))
  }
  await loops.until('two left', async () => (await loops.client.of(ReplicaSet).list()).items.length === 2)
})

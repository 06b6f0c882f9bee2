import type { Job as BatchJob } from 'kubernetes-types/batch/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isoTime } from '../../../base/clock.ts'
import { forbidden } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event } from '../../kinds/event.ts'
import { hasCondition, Job } from '../../kinds/job.ts'
import { Pod } from '../../kinds/pod.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
const pi = { namespace: 'default', name: 'pi' }

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  loops.kubelets.on = false
})
afterEach(() => loops[Symbol.asyncDispose]())

const get = () => loops.client.of(Job).get(pi)
const alive = async () =>
  (await loops.pods()).filter((pod) => pod.status?.phase === 'Pending' && !pod.metadata?.deletionTimestamp)
const merge = 'application/merge-patch+json'

function create(spec: Partial<BatchJob['spec']> = {}, onNode: { nodeName?: string } = {}): Promise<BatchJob> {
  const template = { spec: { ...onNode, restartPolicy: 'Never', containers: [{ name: 'main', image: 'pi:1' }] } }
  return loops.client.of(Job).create({ metadata: pi, spec: { template, ...spec } })
}

/** As a kubelet says it. */
async function finish({ metadata }: CorePod, phase: 'Succeeded' | 'Failed', exitCode = phase === 'Failed' ? 1 : 0) {
  const state = { terminated: { exitCode, finishedAt: isoTime(loops.clock) } }
  const status = {
    phase,
    containerStatuses: [{ name: 'main', ready: false, restartCount: 0, image: 'pi:1', imageID: '', state }],
  }
  const { namespace = '', name = '' } = metadata ?? {}
  await insist(() => loops.client.of(Pod).patch({ namespace, name }, merge, { status }, { subresource: 'status' }))
}

async function next(count = 1): Promise<CorePod[]> {
  await loops.until(`${count} to run`, async () => (await alive()).length === count)
  return alive()
}

it('runs pods until enough have succeeded, and says so', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ completions: 3, parallelism: 2 })
  const [first] = await next(2)
  await finish(first!, 'Succeeded')
  await loops.until('one is counted', async () => (await get()).status?.succeeded === 1)
  for (const pod of await next(2)) await finish(pod, 'Succeeded')
  await loops.until('complete', async () => hasCondition(await get(), 'Complete'))
  const job = await get()
  expect(job.status).toMatchObject({ succeeded: 3, ready: 0, terminating: 0, uncountedTerminatedPods: {} })
  expect(job.status?.completionTime).toBeDefined()
  expect(job.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([
    ['SuccessCriteriaMet', 'CompletionsReached'],
    ['Complete', 'CompletionsReached'],
  ])
  const pods = await loops.pods()
  expect(pods).toHaveLength(3)
  expect(pods.some(({ metadata }) => metadata?.finalizers?.length)).toBe(false)
  await loops.until('told', async () =>
    (await loops.client.of(Event).list(pi)).items.some(({ reason }) => reason === 'Completed'),
  )
})

it('makes its pods within a minute after they are let in again, however long they were refused', async () => {
  await loops.run(['job', 'serviceaccount'])
  const refused = forbidden({ group: '', resource: 'pods' }, '', 'exceeded quota')
  loops.servers.set('/api/v1/namespaces/default/pods', () => {
    throw refused
  })
  await create()
  await loops.until('it is told', async () =>
    (await loops.client.of(Event).list(pi)).items.some(({ reason }) => reason === 'FailedCreate'),
  )
  await loops.clock.advance(15 * 60_000)
  loops.servers.clear()
  const mendedAt = loops.clock.now()
  await next()
  expect(loops.clock.now() - mendedAt).toBeLessThan(65_000)
})

it('tries again later and later, and gives up after its limit', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ backoffLimit: 1 })
  await finish((await next())[0]!, 'Failed')
  const failedAt = loops.clock.now()
  await finish((await next())[0]!, 'Failed')
  expect(loops.clock.now() - failedAt).toBeGreaterThanOrEqual(9_000)
  await loops.until('failed', async () => hasCondition(await get(), 'Failed'))
  expect((await get()).status).toMatchObject({ failed: 2 })
  expect((await get()).status?.conditions?.at(-1)).toMatchObject({
    type: 'Failed',
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
  })
})

it('gives each index a pod with a name, a number and a host name of its own', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ completions: 3, parallelism: 3, completionMode: 'Indexed' })
  const pods = await next(3)
  const told = pods.map(({ metadata, spec }) => [
    metadata?.annotations?.['batch.kubernetes.io/job-completion-index'],
    metadata?.labels?.['batch.kubernetes.io/job-completion-index'],
    spec?.hostname,
  ])
  expect(told.sort()).toEqual(['0', '1', '2'].map((index) => [index, index, `pi-${index}`]))
  expect(pods.every(({ metadata, spec }) => metadata?.name?.startsWith(`${spec?.hostname}-`))).toBe(true)
  for (const pod of pods) await finish(pod, 'Succeeded')
  await loops.until('complete', async () => hasCondition(await get(), 'Complete'))
  expect((await get()).status).toMatchObject({ completedIndexes: '0-2', succeeded: 3 })
})

it('gives up one index and goes on with the others', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 1 })
  const pods = await next(2)
  const of = (index: string) => (pod: CorePod) => pod.spec?.hostname === `pi-${index}`
  await finish(pods.find(of('1'))!, 'Failed')
  await loops.until('another for index 1', async () => (await alive()).filter(of('1')).length === 1)
  const again = (await alive()).find(of('1'))!
  expect(again.metadata?.annotations?.['batch.kubernetes.io/job-index-failure-count']).toBe('1')
  await finish(again, 'Failed')
  await finish(pods.find(of('0'))!, 'Succeeded')
  await loops.until('failed', async () => hasCondition(await get(), 'Failed'))
  await loops.until('both counted', async () => (await get()).status?.failed === 2)
  expect((await get()).status).toMatchObject({ completedIndexes: '0', failedIndexes: '1' })
})

it('lets an index that failed wait, and the others not', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ completions: 4, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 3 })
  const pods = await next(3)
  const of = (index: number) => (pod: CorePod) => pod.spec?.hostname === `pi-${index}`
  loops.gates.hold('kube-controller-manager/job-controller')
  await finish(pods.find(of(1))!, 'Failed')
  await finish(pods.find(of(2))!, 'Succeeded')
  const failedAt = loops.clock.now()
  loops.gates.release('kube-controller-manager/job-controller')
  await loops.until('the last index runs', async () => (await alive()).some(of(3)))
  expect(loops.clock.now() - failedAt).toBeLessThan(5_000)
  await loops.until('the failed one runs again', async () => (await alive()).some(of(1)))
  expect(loops.clock.now() - failedAt).toBeGreaterThanOrEqual(9_000)
})

it('tells of its failure when the last of its pods is gone', async () => {
  await loops.run(['job', 'serviceaccount'])
  const reasons = async () => (await loops.client.of(Event).list(pi)).items.map(({ reason }) => reason)
  await create({ activeDeadlineSeconds: 5 })
  const [pod] = await next()
  const { name = '', namespace = '' } = pod?.metadata ?? {}
  const hold = { metadata: { finalizers: ['example.com/hold', 'batch.kubernetes.io/job-tracking'] } }
  await insist(() => loops.client.of(Pod).patch({ namespace, name }, merge, hold))
  await loops.until('it is to fail', async () => hasCondition(await get(), 'FailureTarget'))
  expect(await reasons()).not.toContain('DeadlineExceeded')
  await insist(() => loops.client.of(Pod).patch({ namespace, name }, merge, { metadata: { finalizers: null } }))
  await loops.until('it has failed', async () => hasCondition(await get(), 'Failed'))
  await loops.until('told', async () => (await reasons()).includes('DeadlineExceeded'))
})

it('waits before it replaces a pod that somebody deletes', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create()
  const [pod] = await next()
  const { name = '', namespace = '', uid } = pod?.metadata ?? {}
  await loops.client.of(Pod).delete({ name, namespace })
  const deletedAt = loops.clock.now()
  await loops.until('another', async () => (await alive()).some(({ metadata }) => metadata?.uid !== uid))
  expect(loops.clock.now() - deletedAt).toBeGreaterThanOrEqual(9_000)
  await loops.until('told', async () => (await get()).status?.active === 1)
  expect((await get()).status).toMatchObject({ failed: 1 })
})

it('holds no pod of a Job that goes after its pods, though an index waits for the next', async () => {
  await loops.run(['job', 'serviceaccount', 'garbage-collector'])
  await create({ completions: 1, completionMode: 'Indexed', backoffLimitPerIndex: 3 })
  await finish((await next())[0]!, 'Failed')
  await loops.until('it waits', async () => (await get()).status?.active === undefined)
  await loops.client.of(Job).delete(pi, { propagationPolicy: 'Foreground' })
  await loops.until('both are gone', async () => (await loops.client.of(Job).list(pi)).items.length === 0)
  expect(await loops.pods()).toEqual([])
})

it('lets its pods go while it is suspended, and begins anew', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ parallelism: 2, completions: 2 })
  await next(2)
  const suspend = (on: boolean) => insist(() => loops.client.of(Job).patch(pi, merge, { spec: { suspend: on } }))
  await suspend(true)
  await loops.until('none left', async () => (await loops.pods()).length === 0)
  await loops.until('suspended', async () => hasCondition(await get(), 'Suspended'))
  expect((await get()).status?.startTime).toBe(undefined)
  await suspend(false)
  await next(2)
  await loops.until('begun anew', async () => (await get()).status?.startTime !== undefined)
  expect(hasCondition(await get(), 'Suspended')).toBe(false)
})

it('marks an orphan that it takes in, so that it counts, and takes its mark off a pod that it lets go', async () => {
  await loops.run(['serviceaccount'])
  const running = await loops.run(['job'])
  const { spec } = await create({ parallelism: 2, completions: 2 })
  const [kept, left] = await next(2)
  await loops.until('both are told', async () => (await get()).status?.active === 2)
  await running[Symbol.asyncDispose]()
  const own = { namespace: 'default', name: left?.metadata?.name ?? '' }
  const labels = Object.fromEntries(Object.keys(spec?.selector?.matchLabels ?? {}).map((label) => [label, null]))
  await loops.client.of(Pod).patch(own, merge, { metadata: { labels } })
  const orphan = { namespace: 'default', name: 'orphan', labels: spec?.selector?.matchLabels ?? {} }
  await loops.client.of(Pod).create({ metadata: orphan, spec: { containers: [{ name: 'main', image: 'pi:1' }] } })
  await loops.run(['job'])
  const metadataOf = async (name: string) => (await loops.client.of(Pod).get({ namespace: 'default', name })).metadata
  await loops.until('it is let go', async () => !(await metadataOf(own.name))?.ownerReferences?.length)
  expect((await metadataOf(own.name))?.finalizers ?? []).toEqual([])
  await loops.until('the other is taken in', async () => (await metadataOf('orphan'))?.ownerReferences?.length === 1)
  expect((await metadataOf('orphan'))?.finalizers).toEqual(kept?.metadata?.finalizers)
  await finish({ metadata: orphan }, 'Succeeded')
  await finish(kept!, 'Succeeded')
  await loops.until('complete', async () => hasCondition(await get(), 'Complete'))
  expect((await get()).status?.succeeded).toBe(2)
  expect(await loops.pods()).toHaveLength(3)
})

it('does not take pods for failed that it deletes while nothing has failed', async () => {
  await loops.run(['job', 'serviceaccount'])
  const suspend = (on: boolean) => insist(() => loops.client.of(Job).patch(pi, merge, { spec: { suspend: on } }))
  const successPolicy = { rules: [{ succeededCount: 1 }] }
  const spec = { parallelism: 3, completions: 3, backoffLimit: 0, completionMode: 'Indexed', successPolicy } as const
  await create(spec)
  await next(3)
  await suspend(true)
  await loops.until('none left', async () => (await loops.pods()).length === 0)
  await suspend(false)
  const [first] = await next(3)
  await finish(first!, 'Succeeded')
  await loops.until('complete', async () => hasCondition(await get(), 'Complete'))
  const { status } = await get()
  expect(status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} })
  expect(status).not.toHaveProperty('failed')
  expect(status?.conditions?.at(-1)).toMatchObject({ reason: 'SuccessPolicy', message: 'Matched rules at index 0' })
})

it('ends when its time is over', async () => {
  await loops.run(['job', 'serviceaccount'])
  await create({ activeDeadlineSeconds: 30 })
  await next()
  await loops.until('failed', async () => hasCondition(await get(), 'Failed'))
  expect((await get()).status?.conditions?.at(-1)).toMatchObject({ reason: 'DeadlineExceeded' })
  expect(await loops.pods()).toHaveLength(0)
})

it('counts each pod once, wherever it is stopped', async () => {
  await loops.run(['serviceaccount'])
  let running = await loops.run(['job'])
  await create({ completions: 6, parallelism: 3 })
  for (let turn = 0; turn < 2; turn++) {
    for (const pod of await next(3)) await finish(pod, 'Succeeded')
    await running[Symbol.asyncDispose]()
    running = await loops.run(['job'])
  }
  await loops.until('complete', async () => hasCondition(await get(), 'Complete'))
  expect((await get()).status?.succeeded).toBe(6)
  expect(await loops.pods()).toHaveLength(6)
})

it('leaves what somebody else manages alone, and no pod waiting when it is gone', async () => {
  await loops.run(['job', 'serviceaccount', 'garbage-collector'])
  await loops.client.of(Job).create({
    metadata: { ...pi, name: 'theirs' },
    spec: {
      ...{ managedBy: 'example.com/other' },
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } },
    },
  })
  await create()
  await next()
  expect((await loops.client.of(Job).get({ ...pi, name: 'theirs' })).status).toEqual({})
  await loops.client.of(Job).delete(pi, { propagationPolicy: 'Background' })
  await loops.until('its pod is gone', async () => (await loops.pods()).length === 0)
})

it.each<[reason: string, spec: Partial<BatchJob['spec']>, ends: 'Succeeded' | 'Failed' | undefined]>([
  ['BackoffLimitExceeded', { completions: 8, backoffLimit: 0 }, 'Failed'],
  ['DeadlineExceeded', { activeDeadlineSeconds: 5 }, undefined],
  [
    'SuccessPolicy',
    { completions: 4, completionMode: 'Indexed', successPolicy: { rules: [{ succeededCount: 1 }] } },
    'Succeeded',
  ],
])('ends with pods that run, and no turn fails: %s', async (reason, spec, ends) => {
  await loops.run(['job', 'serviceaccount'])
  // On a node, pods that are deleted stay until its kubelet lets them go.
  await create({ parallelism: 4, ...spec }, { nodeName: 'n1' })
  const [first] = await next(4)
  await loops.until('all are told', async () => (await get()).status?.active === 4)
  if (ends) await finish(first!, ends)
  const isHeld = ({ metadata }: CorePod) => metadata?.finalizers?.includes('batch.kubernetes.io/job-tracking')
  await loops.until('no pod is held', async () => !(await loops.pods()).some(isHeld))
  await loops.until('all are counted', async () => {
    const { uncountedTerminatedPods = {}, conditions } = (await get()).status ?? {}
    return conditions?.[0]?.reason === reason && Object.keys(uncountedTerminatedPods).length === 0
  })
  expect(loops.reconciles('job').filter(({ outcome }) => outcome === 'error')).toEqual([])
})

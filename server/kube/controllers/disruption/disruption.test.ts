import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget as Budget } from 'kubernetes-types/policy/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isoTime } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { crontab, crontabs, define, TABS } from '../../apiserver/testing/crontab.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Event } from '../../kinds/event.ts'
import { Pod } from '../../kinds/pod.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { deployment, insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { nextStatus } from './budget-status.ts'

const NOW = Date.parse('2026-01-01T00:10:00Z')
const pod = (name: string, told: { ready?: boolean; phase?: string; going?: boolean } = {}): CorePod => ({
  metadata: { name, ...(told.going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
  status: {
    phase: told.phase ?? 'Running',
    conditions: [{ type: 'Ready', status: told.ready === false ? 'False' : 'True' }],
  },
})
const ready = (count: number) => Array.from({ length: count }, (_, index) => pod(`p${index}`))

describe('what a budget allows', () => {
  it.each<{
    name: string
    spec: Budget['spec']
    pods: CorePod[]
    expected?: number | string
    allowed: number
    desired: number
  }>([
    { name: 'a number that is there', spec: { minAvailable: 2 }, pods: ready(3), allowed: 1, desired: 2 },
    { name: 'not less than none', spec: { minAvailable: 5 }, pods: ready(3), allowed: 0, desired: 5 },
    {
      name: 'a percentage, rounded up, of what should be',
      spec: { minAvailable: '50%' },
      pods: ready(5),
      expected: 5,
      allowed: 2,
      desired: 3,
    },
    {
      name: 'what may be away, of what should be',
      spec: { maxUnavailable: 1 },
      pods: ready(2),
      expected: 3,
      allowed: 0,
      desired: 2,
    },
    {
      name: 'what may be away in percent, rounded up',
      spec: { maxUnavailable: '30%' },
      pods: ready(4),
      expected: 4,
      allowed: 2,
      desired: 2,
    },
    {
      name: 'without those that are not ready or going',
      spec: { minAvailable: 1 },
      pods: [...ready(2), pod('x', { ready: false }), pod('y', { going: true })],
      allowed: 1,
      desired: 1,
    },
    {
      name: 'without those that have ended',
      spec: { minAvailable: 1 },
      pods: [...ready(1), pod('x', { phase: 'Succeeded', ready: false })],
      allowed: 0,
      desired: 1,
    },
    { name: 'nothing where there is nothing', spec: { minAvailable: 0 }, pods: [], allowed: 0, desired: 0 },
  ])('$name', ({ spec, pods, expected = pods.length, allowed, desired }) => {
    const budget = { metadata: { generation: 3 }, spec: spec ?? {} }
    const { status } = nextStatus({ budget, pods, expected, now: NOW, at: 'now' })
    expect(status).toMatchObject({ disruptionsAllowed: allowed, desiredHealthy: desired, observedGeneration: 3 })
    const reason = allowed > 0 ? 'SufficientPods' : 'InsufficientPods'
    expect(status.conditions?.[0]).toMatchObject({
      type: 'DisruptionAllowed',
      reason,
      status: allowed > 0 ? 'True' : 'False',
    })
  })

  it('is nothing when nobody knows how many there should be, and the rest stays as it was', () => {
    const spec = { maxUnavailable: 1 }
    const asked = { pods: ready(3), now: NOW, at: 'now' }
    const known = nextStatus({ budget: { metadata: { generation: 1 }, spec }, ...asked, expected: 3 }).status
    const disruptedPods = { gone: new Date(NOW).toISOString() }
    const current = { ...known, disruptionsAllowed: 1, disruptedPods }
    const budget = { metadata: { generation: 2 }, spec, status: current }
    const failed = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale' }
    expect(nextStatus({ budget, ...asked, expected: 'no scale' })).toEqual({
      status: {
        ...current,
        disruptionsAllowed: 0,
        conditions: [{ ...failed, observedGeneration: 1, lastTransitionTime: 'now' }],
      },
      nextMs: undefined,
      notDeleted: [],
    })
  })

  it('counts an eviction that was granted as done, until it has been waited for too long', () => {
    const granted = (ago: number) => {
      const disruptedPods = { p0: new Date(NOW - ago).toISOString(), gone: new Date(NOW).toISOString() }
      const status = { disruptedPods, currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
      return nextStatus({
        budget: { spec: { minAvailable: 1 }, status } as Budget,
        pods: ready(3),
        expected: 3,
        now: NOW,
        at: 'now',
      })
    }
    expect(granted(30_000)).toMatchObject({ nextMs: 90_000, status: { currentHealthy: 2, disruptionsAllowed: 1 } })
    expect(Object.keys(granted(30_000).status.disruptedPods ?? {})).toEqual(['p0'])
    expect(granted(30_000).notDeleted).toEqual([])
    expect(granted(121_000).notDeleted.map(({ metadata }) => metadata?.name)).toEqual(['p0'])
    expect(granted(121_000)).toMatchObject({ nextMs: undefined, status: { currentHealthy: 3, disruptionsAllowed: 2 } })
  })
})

it('says in its condition which generation it knows, and since when it is so', () => {
  const budget = (generation: number, status?: Budget['status']): Budget => ({
    metadata: { generation },
    spec: { minAvailable: 1 },
    ...(status ? { status } : {}),
  })
  const told = (of: Budget, at: string) => nextStatus({ budget: of, pods: ready(3), expected: 3, now: NOW, at }).status
  const first = told(budget(1), 'then')
  expect(told(budget(2, first), 'later').conditions).toEqual([
    { ...first.conditions?.[0], observedGeneration: 2, lastTransitionTime: 'then' },
  ])
})

it.each([
  { name: 'when it counts', expected: 3, reason: 'SufficientPods' },
  { name: 'when it cannot', expected: 'no scale', reason: 'SyncFailed' },
])('leaves alone what others say of a budget, $name', ({ expected, reason }) => {
  const other = { type: 'Reviewed', status: 'True', reason: 'Test', message: 'fine', lastTransitionTime: 'then' }
  const old = { ...other, type: 'DisruptionAllowed' }
  const none = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  const told = (conditions: (typeof other)[]) => {
    const budget = { spec: { maxUnavailable: 1 }, status: { ...none, conditions } }
    const { status } = nextStatus({ budget, pods: ready(3), expected, now: NOW, at: 'now' })
    return status.conditions?.map((condition) => `${condition.type} ${condition.reason}`)
  }
  expect(told([other])).toEqual(['Reviewed Test', `DisruptionAllowed ${reason}`])
  expect(told([old, other])).toEqual([`DisruptionAllowed ${reason}`, 'Reviewed Test'])
})

describe('the loop', () => {
  let loops: TestLoops
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const web = { namespace: 'default', name: 'web' }
  const allowed = async () => (await loops.client.of(PodDisruptionBudget).get(web)).status?.disruptionsAllowed
  const evict = (name = '') =>
    loops.client.transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/default/pods/${name}/eviction`,
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace: 'default', name } },
    })

  it('lets pods be evicted one after the other, and counts what a Deployment is scaled to', async () => {
    await loops.addNode('node-1')
    await loops.run()
    await loops.client.of(Deployment).create(deployment('web', { replicas: 3 }))
    const spec = { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } }
    await loops.client.of(PodDisruptionBudget).create({ metadata: web, spec })
    await loops.until('one may go', async () => (await allowed()) === 1)
    loops.kubelets.on = false
    const [first, second] = await loops.pods()
    await evict(first?.metadata?.name)
    await expect(evict(second?.metadata?.name)).rejects.toMatchObject({ code: 429 })
    loops.kubelets.on = true
    await insist(() =>
      loops.client.of(Deployment).patch(web, 'application/merge-patch+json', { spec: { replicas: 5 } }),
    )
    await loops.until('five are expected', async () => {
      const { status } = await loops.client.of(PodDisruptionBudget).get(web)
      return status?.expectedPods === 5 && status.desiredHealthy === 4
    })
  })

  const reasons = async () => (await loops.client.of(Event).list({ namespace: 'default' })).items
  const podOf = (name: string, owner?: object) =>
    loops.client.of(Pod).create({
      metadata: {
        namespace: 'default',
        name,
        labels: { app: 'web' },
        ...(owner ? { ownerReferences: [owner as never] } : {}),
      },
      spec: { containers: [{ name: 'a', image: 'b' }] },
    })
  const budget = (spec: object) =>
    loops.client
      .of(PodDisruptionBudget)
      .create({ metadata: web, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } })

  it('says why it cannot count', async () => {
    await loops.run(['disruption', 'serviceaccount'])
    await podOf('lonely')
    await budget({ maxUnavailable: 1 })
    await loops.until('told of what nobody made', async () =>
      (await reasons()).some(
        ({ reason, message }) =>
          reason === 'UnmanagedPods' && message?.includes('(selector: app=web) were found to be unmanaged'),
      ),
    )
    await podOf('strange', { apiVersion: 'example.com/v1', kind: 'Thing', name: 't', uid: 'u', controller: true })
    await loops.until('told of a maker without a scale', async () =>
      (await reasons()).some(
        ({ reason, message }) =>
          reason === 'CalculateExpectedPodCountFailed' &&
          message ===
            'Failed to calculate the number of expected pods: no matches for kind "Thing" in version "example.com/v1"',
      ),
    )
    const { status } = await loops.client.of(PodDisruptionBudget).get(web)
    expect(status?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'SyncFailed' })
  })

  it('asks a custom kind for its scale, and knows who has none', async () => {
    await loops.run(['disruption', 'serviceaccount'])
    const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
    const { transport } = loops.client
    await define(transport, crontabs({ subresources: { scale } }))
    const body = crontab('web', { replicas: 4 })
    const tab = (await transport.request({ method: 'POST', path: TABS, body })) as KubeObject
    const owner = {
      apiVersion: 'stable.example.com/v1',
      kind: 'CronTab',
      name: 'web',
      uid: tab.metadata?.uid,
      controller: true,
    }
    await podOf('one', owner)
    await budget({ maxUnavailable: 1 })
    await loops.until('four are expected', async () => {
      const { status } = await loops.client.of(PodDisruptionBudget).get(web)
      return status?.expectedPods === 4 && status.desiredHealthy === 3
    })
    await podOf('mirror', { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'n', controller: true })
    const told = (end: string) =>
      loops.until(`told: ${end}`, async () => (await reasons()).some(({ message }) => message?.endsWith(end)))
    await told('nodes does not implement the scale subresource')
    await loops.client.of(Pod).delete({ namespace: 'default', name: 'mirror' }, { gracePeriodSeconds: 0 })
    await podOf('orphan', { ...owner, name: 'gone', uid: 'gone' })
    await told('found no controllers for pod "orphan"')
    await loops.client.of(Pod).delete({ namespace: 'default', name: 'orphan' }, { gracePeriodSeconds: 0 })
    await podOf('daemon', { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true })
    await told('daemonsets.apps does not implement the scale subresource')
  })

  it('takes back after two minutes what a pod was told of a disruption that never came', async () => {
    await loops.run(['stale-disruption', 'serviceaccount'])
    await podOf('spared')
    const at = isoTime(loops.clock)
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      lastTransitionTime: at,
    }
    await loops.client
      .of(Pod)
      .patch(
        { namespace: 'default', name: 'spared' },
        'application/strategic-merge-patch+json',
        { status: { conditions: [condition] } },
        { subresource: 'status' },
      )
    const told = async () =>
      (await loops.client.of(Pod).get({ namespace: 'default', name: 'spared' })).status?.conditions?.find(
        ({ type }) => type === 'DisruptionTarget',
      )
    await loops.clock.advance(60_000)
    expect((await told())?.status).toBe('True')
    await loops.until('taken back', async () => (await told())?.status === 'False')
    expect(loops.clock.now() - Date.parse(at)).toBeGreaterThanOrEqual(120_000)
    expect((await told())?.reason).toBeUndefined()
  })
})

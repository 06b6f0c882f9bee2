import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import { insist, startTestLoops, type TestLoops } from '../controllers/testing/test-loops.ts'
import { Event } from '../kinds/event.ts'
import { Node } from '../kinds/node.ts'
import { Pod } from '../kinds/pod.ts'
import { PriorityClass } from '../kinds/priority-class.ts'
import { runScheduler } from './index.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  await loops.run()
})
afterEach(() => loops[Symbol.asyncDispose]())

const make = (name: string, cpu = '1', spec: Partial<CorePod['spec']> = {}): CorePod => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'web:1', resources: { requests: { cpu } } }], ...spec },
})
const create = (pod: CorePod) => loops.client.of(Pod).create(pod)
const get = (name: string) => loops.client.of(Pod).get({ namespace: 'default', name })
const nodeOf = async (name: string) => (await get(name)).spec?.nodeName
const messages = async (reason: string) =>
  (await loops.client.of(Event).list({ namespace: 'default' })).items
    .filter((event) => event.reason === reason)
    .map(({ message }) => message)
const schedules = () => loops.traces.filter((event) => event.type === 'schedule')

it('binds, tells in an Event and a trace, and says because of which revision', async () => {
  await loops.addNode('node-1')
  const pod = await create(make('web'))
  await loops.until('bound', () => nodeOf('web'))
  expect((await get('web')).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).toBe('True')
  await loops.until('told', async () => (await messages('Scheduled')).length === 1)
  expect(await messages('Scheduled')).toEqual(['Successfully assigned default/web to node-1'])
  expect(schedules()).toMatchObject([{ pod: 'default/web', chosen: 'node-1', nodes: [{ name: 'node-1' }] }])
  const binding = loops.traces.find((event) => event.type === 'request' && event.subresource === 'binding')
  expect(binding).toMatchObject({ client: 'kube-scheduler', because: Number(pod.metadata?.resourceVersion) })
})

it('counts attempts by how they end, and pods by where they wait', async () => {
  await loops.addNode('node-1', { cpu: '1' })
  await create(make('first'))
  await loops.until('bound', () => nodeOf('first'))
  await create(make('second'))
  await loops.until('refused', () => schedules().some(({ pod }) => pod === 'default/second'))
  const told = () => loops.metrics.text()
  expect(told()).toContain('scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"} 1\n')
  expect(told()).toContain('scheduler_pending_pods{queue="unschedulable"} 1\n')
  expect(told()).toContain('scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"} 1\n')
  await loops.until('told', () =>
    told().includes('scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"} 1\n'),
  )
  await loops.client.of(Pod).delete({ namespace: 'default', name: 'first' })
  await loops.until('told', () => told().includes('scheduler_pod_scheduling_attempts_sum 3\n'))
  expect(told()).toContain('scheduler_pod_scheduling_attempts_count 2\n')
  expect(told()).toContain('scheduler_pod_scheduling_sli_duration_seconds_count{attempts="2"} 1\n')
  expect(told()).toContain('scheduler_scheduling_algorithm_duration_seconds_count 3\n')
  expect(told()).toMatch(
    /scheduling_attempt_duration_seconds_count\{profile="default-scheduler",result="scheduled"\} 2\n/,
  )
  expect(told()).toContain('scheduler_pending_pods{queue="unschedulable"} 0\n')
  expect(told()).toContain('scheduler_queue_incoming_pods_total{queue="active",event="UnschedulablePodAdd"} 2\n')
  expect(told()).toContain(
    'scheduler_queue_incoming_pods_total{queue="unschedulable",event="ScheduleAttemptFailure"} 1\n',
  )
  expect(told()).toContain('scheduler_preemption_attempts_total 1\n')
  const stages = [
    ['Filter', 'Success', 3],
    ['PostFilter', 'Unschedulable', 1],
    ['Bind', 'Success', 2],
  ]
  for (const [stage, status, count] of stages) {
    const labels = `extension_point="${stage}",status="${status}",profile="default-scheduler"`
    expect(told()).toContain(`scheduler_framework_extension_point_duration_seconds_count{${labels}} ${count}\n`)
  }
  // Every tenth cycle, beginning with the first.
  expect(told()).toContain(
    'scheduler_plugin_execution_duration_seconds_count{plugin="NodeResourcesFit",extension_point="Filter",status="Success"} 1\n',
  )
})

it('never gives the same room twice, however many pods come at once', async () => {
  for (const name of ['node-1', 'node-2']) await loops.addNode(name, { cpu: '4' })
  await Promise.all(Array.from({ length: 12 }, (_, index) => create(make(`web-${index}`))))
  const bound = async () => (await loops.pods()).filter(({ spec }) => spec?.nodeName)
  await loops.until('8 bound', async () => (await bound()).length >= 8)
  await loops.clock.advance(30_000)
  const perNode = Map.groupBy(await bound(), ({ spec }) => spec?.nodeName)
  expect([...perNode.values()].map((pods) => pods.length)).toEqual([4, 4])
})

it('gives the room of a pod to nobody else when the answer to its binding gets lost and the news of it is late', async () => {
  const names = ['one', 'other']
  await loops.addNode('node-1', { cpu: '1' })
  const cordon = (unschedulable: boolean) =>
    insist(() =>
      loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', { spec: { unschedulable } }),
    )
  await cordon(true)
  for (const name of names) await create(make(name))
  await loops.until('both wait', async () => (await messages('FailedScheduling')).length === 2)
  for (const name of names) {
    const path = `/api/v1/namespaces/default/pods/${name}/binding`
    loops.servers.set(path, async () => {
      loops.servers.delete(path)
      loops.news.hold('pods')
      const target = { apiVersion: 'v1', kind: 'Node', name: 'node-1' }
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target }
      await loops.client.transport.request({ method: 'POST', path, body })
      throw new Error('read ECONNRESET')
    })
  }
  await cordon(false)
  const bound = async () => (await loops.pods()).filter(({ spec }) => spec?.nodeName)
  await loops.until('bound', async () => (await bound()).length > 0)
  await loops.clock.advance(20_000)
  expect(await bound()).toHaveLength(1)
  loops.news.release('pods')
  await loops.until('said', async () => (await messages('Scheduled')).length === 1)
})

it('waits for an event that may help, and says meanwhile what is missing', async () => {
  await loops.addNode('node-1', { cpu: '1' })
  await create(make('first'))
  await loops.until('bound', () => nodeOf('first'))
  await create(make('second'))
  const condition = async () => (await get('second')).status?.conditions?.find(({ type }) => type === 'PodScheduled')
  await loops.until('told', condition)
  const message =
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: ' +
    '1 No preemption victims found for incoming pod.'
  expect(await condition()).toMatchObject({ status: 'False', reason: 'Unschedulable', message, observedGeneration: 1 })
  await loops.until('an event', async () => (await messages('FailedScheduling')).length === 1)
  expect(await messages('FailedScheduling')).toEqual([message])
  await loops.clock.advance(20_000)
  expect(schedules().filter(({ pod }) => pod === 'default/second')).toHaveLength(1)
  await loops.client.of(Pod).delete({ namespace: 'default', name: 'first' })
  await loops.until('bound', () => nodeOf('second'))
})

it('cuts off in the Event what is too long for it, and says all of it in the condition', async () => {
  await loops.addNode('node-1')
  const limits = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`example.com/of-quite-a-long-name-${at}`, '1']),
  )
  await create(make('greedy', '1', { containers: [{ name: 'c', image: 'web:1', resources: { limits } }] }))
  await loops.until('an event', async () => (await messages('FailedScheduling')).length === 1)
  const [message] = await messages('FailedScheduling')
  expect(message).toHaveLength(1024)
  expect(message).toMatch(/ \.\.\.$/)
  const told = (await get('greedy')).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
  expect(told).toContain('Insufficient example.com/of-quite-a-long-name-39')
})

it('notices an uncordoned node, a new label, a new node', async () => {
  await loops.addNode('node-1')
  const change = (patch: object) =>
    insist(() => loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', patch))
  await change({ spec: { unschedulable: true } })
  await create(make('a'))
  await create(make('b', '1', { nodeSelector: { disk: 'ssd' } }))
  await create(make('c', '8'))
  await loops.until('3 refused', () => schedules().length >= 3)
  await change({ spec: { unschedulable: null } })
  await loops.until('a', () => nodeOf('a'))
  await change({ metadata: { labels: { disk: 'ssd' } } })
  await loops.until('b', () => nodeOf('b'))
  await loops.addNode('node-2', { cpu: '16' })
  await loops.until('c', async () => (await nodeOf('c')) === 'node-2')
})

it('notices a pod that gets the label another one waits for, and a domain that goes', async () => {
  await loops.addNode('node-1', { labels: { zone: 'a' } })
  await create({ ...make('first'), metadata: { name: 'first', namespace: 'default', labels: { app: 'web' } } })
  await loops.until('first', () => nodeOf('first'))
  const labelSelector = { matchLabels: { app: 'db' } }
  const required = [{ topologyKey: 'zone', labelSelector }]
  await create(
    make('near', '1', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } }),
  )
  const isRefused = (name: string) => schedules().some(({ pod, chosen }) => pod === `default/${name}` && !chosen)
  await loops.until('it waits', () => isRefused('near'))
  const labels = { metadata: { labels: { app: 'db' } } }
  const first = { namespace: 'default', name: 'first' }
  await insist(() => loops.client.of(Pod).patch(first, 'application/merge-patch+json', labels))
  await loops.until('near', () => nodeOf('near'))
  // Zone b has nobody and no room: as long as it counts, no more go to a.
  await loops.addNode('node-2', { labels: { zone: 'b' }, cpu: '0' })
  const constraint = { topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector }
  await create({
    ...make('spread', '1', { topologySpreadConstraints: [constraint] }),
    metadata: { name: 'spread', namespace: 'default', labels: { app: 'db' } },
  })
  await loops.until('it waits', () => isRefused('spread'))
  await loops.client.of(Node).delete({ name: 'node-2' })
  await loops.until('spread', () => nodeOf('spread'))
})

describe('a pod of high priority on a full node', () => {
  const priorities = async () => {
    for (const [name, value] of [
      ['low', 10],
      ['middle', 100],
      ['high', 1000],
    ] as const)
      await loops.client.of(PriorityClass).create({ metadata: { name }, value })
  }
  const bound = (name: string) => loops.until(`${name} bound`, () => nodeOf(name))

  it('pushes out the least important, says so to all, and has the room to itself', async () => {
    await priorities()
    await loops.addNode('node-1', { cpu: '2' })
    await create(make('least', '1', { priorityClassName: 'low' }))
    await bound('least')
    await create(make('more', '1', { priorityClassName: 'middle' }))
    await bound('more')
    loops.kubelets.lingering = true
    const urgent = await create(make('urgent', '1', { priorityClassName: 'high' }))
    await loops.until('a victim', async () => (await get('least')).metadata?.deletionTimestamp)
    expect((await get('least')).status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
      }),
    )
    await loops.until('told', async () => (await messages('Preempted')).length === 1)
    expect(await messages('Preempted')).toEqual([`Preempted by pod ${urgent.metadata?.uid} on node node-1`])
    await loops.until('promised', async () => (await get('urgent')).status?.nominatedNodeName === 'node-1')
    expect(await messages('FailedScheduling')).toEqual(['0/1 nodes are available: 1 Insufficient cpu.'])
    // Who comes while the victim takes its time does not get the room.
    await create(make('pusher', '1', { priorityClassName: 'low' }))
    await loops.until('refused', () => schedules().some(({ pod }) => pod === 'default/pusher'))
    loops.kubelets.lingering = false
    await loops.client.of(Pod).delete({ namespace: 'default', name: 'least' }, { gracePeriodSeconds: 0 })
    await bound('urgent')
    expect((await get('urgent')).status).not.toHaveProperty('nominatedNodeName')
    expect(await nodeOf('pusher')).toBeUndefined()
    expect((await get('more')).metadata?.deletionTimestamp).toBeUndefined()
  })

  it('waits its turn when it may not push', async () => {
    await loops.client
      .of(PriorityClass)
      .create({ metadata: { name: 'polite' }, value: 1000, preemptionPolicy: 'Never' })
    await loops.addNode('node-1', { cpu: '1' })
    await create(make('first'))
    await bound('first')
    await create(make('second', '1', { priorityClassName: 'polite' }))
    await loops.until('told', async () => (await messages('FailedScheduling')).length === 1)
    expect(await messages('FailedScheduling')).toEqual([
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ])
  })
})

it('leaves pods of other schedulers and gated pods alone', async () => {
  await loops.addNode('node-1')
  await create(make('other', '1', { schedulerName: 'mine' }))
  await create(make('ours'))
  await loops.until('bound', () => nodeOf('ours'))
  expect(await nodeOf('other')).toBeUndefined()
  const gated = await create(make('gated', '1', { schedulingGates: [{ name: 'example.com/paid' }] }))
  expect(gated.status?.conditions).toMatchObject([
    { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: expect.stringContaining('gates') },
  ])
  await loops.until('counted', () => loops.metrics.text().includes('scheduler_pending_pods{queue="gated"} 1\n'))
  const path = { namespace: 'default', name: 'gated' }
  await loops.client.of(Pod).patch(path, 'application/merge-patch+json', { spec: { schedulingGates: null } })
  await loops.until('bound', () => nodeOf('gated'))
  expect(loops.metrics.text()).toContain('scheduler_pending_pods{queue="gated"} 0\n')
})

it('keeps each version of a pod apart by keys of its labels', async () => {
  for (const zone of ['x', 'y']) await loops.addNode(`node-${zone}`, { labels: { zone } })
  const labelSelector = { matchLabels: { app: 'web' } }
  const version = (name: string, value: string) => {
    const term = { topologyKey: 'zone', labelSelector, matchLabelKeys: ['version'] }
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } }
    const pod = make(name, '100m', { affinity })
    return create({ ...pod, metadata: { ...pod.metadata, labels: { app: 'web', version: value } } })
  }
  await version('old-1', '1')
  await version('old-2', '1')
  await version('new-1', '2')
  for (const name of ['old-1', 'old-2', 'new-1']) await loops.until(name, () => nodeOf(name))
  expect(await nodeOf('old-1')).not.toBe(await nodeOf('old-2'))
})

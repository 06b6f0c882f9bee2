import type { DaemonSet as AppsDaemonSet } from 'kubernetes-types/apps/v1'
import type { Node as CoreNode, Pod as CorePod, Taint } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import { Node } from '../../kinds/node.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { isActive } from '../pod-state.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { nodeOf, templateFor, verdictOn } from './daemon-pods.ts'
import { planRollout } from './plan-rollout.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const set = (spec: object = {}, update: object = {}): AppsDaemonSet => ({
  spec: {
    selector: {},
    template: { spec: { containers: [], ...spec } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: update },
  },
})
const node = (labels: Record<string, string> = {}, taints: Taint[] = []): CoreNode => ({
  metadata: { name: 'n1', labels },
  spec: { taints },
})
const taint = (key: string, effect: string): Taint => ({ key, effect })

describe('a node', () => {
  it.each<{ name: string; spec: object; node: CoreNode; shouldRun: boolean; mayStay: boolean }>([
    { name: 'has one', spec: {}, node: node(), shouldRun: true, mayStay: true },
    {
      name: 'has none when it lacks a label',
      spec: { nodeSelector: { disk: 'ssd' } },
      node: node(),
      shouldRun: false,
      mayStay: false,
    },
    {
      name: 'has one when it has the label',
      spec: { nodeSelector: { disk: 'ssd' } },
      node: node({ disk: 'ssd' }),
      shouldRun: true,
      mayStay: true,
    },
    {
      name: 'gets none, and keeps the one it has, when it is tainted',
      spec: {},
      node: node({}, [taint('a', 'NoSchedule')]),
      shouldRun: false,
      mayStay: true,
    },
    {
      name: 'loses it when its taint says so',
      spec: {},
      node: node({}, [taint('a', 'NoExecute')]),
      shouldRun: false,
      mayStay: false,
    },
    {
      name: 'has one when the taint is tolerated',
      spec: { tolerations: [{ operator: 'Exists' }] },
      node: node({}, [taint('a', 'NoExecute')]),
      shouldRun: true,
      mayStay: true,
    },
    {
      name: 'has one while it is cordoned or not ready',
      spec: {},
      node: node({}, [
        taint('node.kubernetes.io/unschedulable', 'NoSchedule'),
        taint('node.kubernetes.io/not-ready', 'NoExecute'),
      ]),
      shouldRun: true,
      mayStay: true,
    },
    {
      name: 'has none when another is named',
      spec: { nodeName: 'n2' },
      node: node(),
      shouldRun: false,
      mayStay: false,
    },
  ])('$name', ({ spec, node: seen, shouldRun, mayStay }) => {
    expect(verdictOn(set(spec), seen)).toEqual({ shouldRun, mayStay })
  })

  it('is the only one that its pod may go to', () => {
    const template = templateFor(set(), 'n1', { hash: 'abc', generation: '2' })
    expect(nodeOf({ spec: template.spec! })).toBe('n1')
    expect(template.metadata?.labels).toEqual({ 'controller-revision-hash': 'abc', 'pod-template-generation': '2' })
  })
})

describe('a rollout', () => {
  const pod = (name: string, { isNew = false, isReady = true } = {}): CorePod => ({
    metadata: { name, labels: { 'controller-revision-hash': isNew ? 'new' : 'old' } },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  })
  const plan = (update: object, pods: Record<string, CorePod[]>) => {
    const { remove, create } = planRollout({
      set: set({}, update),
      podsByNode: new Map(Object.entries(pods)),
      hash: 'new',
      now: NOW,
    })
    return { remove: remove.map(({ metadata }) => metadata?.name), create }
  }
  it.each<{ name: string; update: object; pods: Record<string, CorePod[]>; remove: string[]; create: string[] }>([
    {
      name: 'takes one at a time',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a')], b: [pod('b')] },
      remove: ['a'],
      create: [],
    },
    {
      name: 'waits for the new one',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a', { isNew: true, isReady: false })], b: [pod('b')] },
      remove: [],
      create: [],
    },
    {
      name: 'takes what does not work at once',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a', { isReady: false })], b: [pod('b', { isReady: false })], c: [pod('c')] },
      remove: ['a', 'b'],
      create: [],
    },
    {
      name: 'takes a percentage, rounded up',
      update: { maxUnavailable: '34%' },
      pods: { a: [pod('a')], b: [pod('b')], c: [pod('c')] },
      remove: ['a', 'b'],
      create: [],
    },
    {
      name: 'makes the new beside the old',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a')], b: [pod('b')] },
      remove: [],
      create: ['a'],
    },
    {
      name: 'lets the old go when the new works',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a'), pod('a2', { isNew: true })], b: [pod('b')] },
      remove: ['a'],
      create: [],
    },
    {
      name: 'keeps the old until the new works',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a'), pod('a2', { isNew: true, isReady: false })], b: [pod('b')] },
      remove: [],
      create: [],
    },
    { name: 'is over', update: {}, pods: { a: [pod('a', { isNew: true })] }, remove: [], create: [] },
  ])('$name', ({ update, pods, remove, create }) => {
    expect(plan(update, pods)).toEqual({ remove, create })
  })
})

describe('the loop', () => {
  let loops: TestLoops
  const agent = { namespace: 'default', name: 'agent' }
  beforeEach(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
    for (const name of ['n1', 'n2', 'n3']) await loops.addNode(name)
    await loops.run()
  })
  afterEach(() => loops[Symbol.asyncDispose]())

  const get = () => loops.client.of(DaemonSet).get(agent)
  const merge = 'application/merge-patch+json'
  const spec = (told: object = {}) => ({
    selector: { matchLabels: { app: 'agent' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: { containers: [{ name: 'agent', image: 'agent:1' }] } },
    ...told,
  })
  const create = (told: object = {}) => loops.client.of(DaemonSet).create({ metadata: agent, spec: spec(told) })
  const image = (value: string) =>
    insist(() =>
      loops.client.of(DaemonSet).patch(agent, 'application/strategic-merge-patch+json', {
        spec: { template: { spec: { containers: [{ name: 'agent', image: value }] } } },
      }),
    )
  const ready = (count: number) =>
    loops.until(`${count} ready`, async () => (await get()).status?.numberReady === count)
  const allRun = (wanted: string) =>
    loops.until(`all run ${wanted}`, async () => {
      const pods = await loops.pods()
      return (
        pods.length === 3 &&
        pods.every((pod) => pod.spec?.containers[0]?.image === wanted && pod.status?.phase === 'Running')
      )
    })
  const nodes = async () =>
    (await loops.pods())
      .filter(isActive)
      .map((pod) => pod.spec?.nodeName)
      .sort()

  it('keeps one on each node, also on those that come, and takes it from those that no longer suit', async () => {
    await create({
      template: { ...spec().template, spec: { ...spec().template.spec, nodeSelector: { role: 'worker' } } },
    })
    const label = (name: string, role: string | null) =>
      insist(() => loops.client.of(Node).patch({ name }, merge, { metadata: { labels: { role } } }))
    await label('n1', 'worker')
    await label('n2', 'worker')
    await ready(2)
    expect(await nodes()).toEqual(['n1', 'n2'])
    await loops.addNode('n4', { labels: { role: 'worker' } })
    await ready(3)
    await label('n1', null)
    await loops.until('n1 is left', async () => (await nodes()).join() === 'n2,n4')
    await loops.until('so says the status', async () => {
      const { status } = await get()
      return status?.desiredNumberScheduled === 2 && status.numberMisscheduled === 0
    })
  })

  it('goes on a node that is cordoned', async () => {
    await insist(() => loops.client.of(Node).patch({ name: 'n3' }, merge, { spec: { unschedulable: true } }))
    await create()
    await ready(3)
  })

  it('rolls out a new template node by node, and remembers the old one', async () => {
    await create()
    await ready(3)
    let least = 3
    loops.watch((pods) => {
      least = Math.min(
        least,
        pods.filter((pod) => pod.status?.conditions?.[0]?.status === 'True' && !pod.metadata?.deletionTimestamp).length,
      )
    })
    await image('agent:2')
    await allRun('agent:2')
    expect(least).toBe(2)
    const { items } = await loops.client.of(ControllerRevision).list({ namespace: 'default' })
    // As Go writes a map, by which clients compare it.
    expect(JSON.stringify(items[0]?.data)).toMatch(
      /^\{"spec":\{"template":\{"\$patch":"replace","metadata":.*"spec":\{"containers":\[\{"image":.*"name":/,
    )
    expect(items.map(({ revision }) => revision).sort()).toEqual([1, 2])
    await image('agent:1')
    await allRun('agent:1')
    const after = (await loops.client.of(ControllerRevision).list({ namespace: 'default' })).items
    expect(after.map(({ revision }) => revision).sort()).toEqual([2, 3])
  })

  it('makes the new beside the old, where that is asked', async () => {
    await create({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } })
    await ready(3)
    let least = 3
    loops.watch((pods) => {
      const nodesReady = new Set(
        pods
          .filter((pod) => pod.status?.conditions?.[0]?.status === 'True' && !pod.metadata?.deletionTimestamp)
          .map((pod) => pod.spec?.nodeName),
      )
      least = Math.min(least, nodesReady.size)
    })
    await image('agent:2')
    await allRun('agent:2')
    expect(least).toBe(3)
  })

  it('leaves old pods alone until somebody deletes them, where that is asked', async () => {
    await create({ updateStrategy: { type: 'OnDelete' } })
    await ready(3)
    await image('agent:2')
    await loops.until('it has been looked at', async () => (await get()).status?.observedGeneration === 2)
    expect((await loops.pods()).every((pod) => pod.spec?.containers[0]?.image === 'agent:1')).toBe(true)
  })
})

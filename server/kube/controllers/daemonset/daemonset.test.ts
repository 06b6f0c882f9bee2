import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import { Event } from '../../kinds/event.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { isActive } from '../pod-state.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

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
        metadata: { annotations: { 'kubernetes.io/change-cause': value } },
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
    // Which `kubectl rollout history` tells of each.
    const causes = items.map(({ revision, metadata }) => [
      revision,
      metadata?.annotations?.['kubernetes.io/change-cause'],
    ])
    expect(Object.fromEntries(causes)).toEqual({ 1: undefined, 2: 'agent:2' })
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

  it('takes over what one before it left, revisions too, and renews nothing', async () => {
    await create()
    await ready(3)
    const uids = async () => (await loops.pods()).map(({ metadata }) => metadata?.uid).sort()
    const before = await uids()
    await loops.client.of(DaemonSet).delete(agent, { propagationPolicy: 'Orphan' })
    await loops.until('it is gone', async () => (await loops.client.of(DaemonSet).list()).items.length === 0)
    await create()
    await ready(3)
    await loops.until('all are taken over', async () => (await get()).status?.updatedNumberScheduled === 3)
    expect(await uids()).toEqual(before)
    const { items } = await loops.client.of(ControllerRevision).list({ namespace: 'default' })
    expect(items.map(({ metadata }) => metadata?.ownerReferences?.[0]?.uid)).toEqual([(await get()).metadata?.uid])
  })

  it('keeps one revision of what it is, whose pods are those of the other too', async () => {
    await create()
    await ready(3)
    const before = (await loops.pods()).map(({ metadata }) => metadata?.uid).sort()
    const { items } = await loops.client.of(ControllerRevision).list({ namespace: 'default' })
    const { name, labels, ownerReferences } = items[0]?.metadata ?? {}
    const metadata = { namespace: 'default', name: 'brought', labels: { app: labels?.app ?? '' }, ownerReferences }
    await loops.client.of(ControllerRevision).create({ ...items[0], metadata, revision: 2 } as never)
    const left = async () => (await loops.client.of(ControllerRevision).list({ namespace: 'default' })).items
    await loops.until('one is left', async () => (await left()).length === 1)
    expect((await left())[0]?.metadata).toMatchObject({
      name: 'brought',
      labels: { 'controller-revision-hash': 'brought' },
    })
    await loops.until('all are of it', async () => (await get()).status?.updatedNumberScheduled === 3)
    const pods = await loops.pods()
    expect(pods.map(({ metadata }) => metadata?.uid).sort()).toEqual(before)
    expect(pods.map((pod) => pod.metadata?.labels?.['controller-revision-hash'])).toEqual(Array(3).fill('brought'))
    expect(name).not.toBe('brought')
  })

  it('does not wait for one that has ended and that somebody else holds', async () => {
    await create({
      template: { ...spec().template, metadata: { labels: { app: 'agent' }, finalizers: ['example.com/stay'] } },
    })
    await ready(3)
    const [first] = await loops.pods()
    const { namespace = '', name = '' } = first?.metadata ?? {}
    loops.kubelets.on = false
    await insist(async () => {
      const pod = await loops.client.of(Pod).get({ namespace, name })
      await loops.client.of(Pod).updateStatus({ ...pod, status: { ...pod.status, phase: 'Failed' } })
    })
    await loops.until('another is there', async () => (await nodes()).length === 3 && (await loops.pods()).length === 4)
    const message = `Found failed daemon pod default/${name} on node ${first?.spec?.nodeName}, will try to kill it`
    await loops.until('so it is said', async () =>
      (await loops.client.of(Event).list()).items.some(
        (one) => one.reason === 'FailedDaemonPod' && one.message === message,
      ),
    )
  })

  it('takes over one that it does not know a node of, and leaves it alone', async () => {
    await create()
    await ready(3)
    const nowhere = { namespace: 'default', name: 'nowhere' }
    await loops.client.of(Pod).create({
      metadata: { ...nowhere, labels: { app: 'agent' } },
      spec: { containers: [{ name: 'agent', image: 'agent:1' }], schedulingGates: [{ name: 'example.com/later' }] },
    })
    const orphan = () => loops.client.of(Pod).get(nowhere)
    await loops.until('it is taken over', async () => (await orphan()).metadata?.ownerReferences?.[0]?.name === 'agent')
    await image('agent:2')
    await loops.until('the others are renewed', async () => (await get()).status?.updatedNumberScheduled === 3)
    await ready(3)
    expect((await orphan()).metadata?.deletionTimestamp).toBeUndefined()
  })

  it('leaves old pods alone until somebody deletes them, where that is asked', async () => {
    await create({ updateStrategy: { type: 'OnDelete' } })
    await ready(3)
    await image('agent:2')
    await loops.until('it has been looked at', async () => (await get()).status?.observedGeneration === 2)
    expect((await loops.pods()).every((pod) => pod.spec?.containers[0]?.image === 'agent:1')).toBe(true)
  })
})

import type { Node as CoreNode } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isoTime, microTime } from '../../../base/clock.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Event } from '../../kinds/event.ts'
import { Lease } from '../../kinds/lease.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { isActive, isReady } from '../pod-state.ts'
import { deployment, insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { labelsFor, silentConditions, taintsFor } from './node-health.ts'

let loops: TestLoops
const alive = new Set<string>()

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  alive.clear()
})
afterEach(() => loops[Symbol.asyncDispose]())

async function addNode(name: string) {
  await loops.addNode(name)
  await loops.client
    .of(Lease)
    .create({ metadata: { namespace: 'kube-node-lease', name }, spec: { holderIdentity: name } })
  alive.add(name)
}

/** Lets time pass while the kubelets that live renew their Leases. */
async function pass(seconds: number) {
  for (let left = seconds; left > 0; left -= 10) {
    for (const name of alive) {
      await loops.client.of(Lease).patch({ namespace: 'kube-node-lease', name }, 'application/merge-patch+json', {
        spec: { renewTime: microTime(loops.clock) },
      })
    }
    // In small steps: the loops have work to do on the way, and a disk that takes its own time.
    for (let step = 0; step < 20; step++) await loops.clock.advance(500)
  }
}

const node = (name: string) => loops.client.of(Node).get({ name })
const taints = async (name: string) =>
  (await node(name)).spec?.taints?.map(({ key, effect }) => `${key}:${effect}`) ?? []
const ready = async (name: string) =>
  (await node(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.status

/** So far, of all loops. */
const turns = () =>
  [...loops.metrics.text().matchAll(/^workqueue_work_duration_seconds_count\{.*\} (.*)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )

it('notices a silent node, keeps pods away, drives its pods off after their time, and replaces them', async () => {
  await addNode('node-1')
  await addNode('node-2')
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web', { replicas: 4 }))
  const pods = async () => (await loops.pods()).filter(isActive)
  await loops.until('4 running', async () => (await pods()).filter(isReady).length === 4)
  const on = async (name: string) => (await pods()).filter(({ spec }) => spec?.nodeName === name)
  expect(await on('node-1')).toHaveLength(2)

  alive.delete('node-1')
  loops.kubelets.lingering = true
  await pass(30)
  expect(await ready('node-1')).toBe('True')
  await pass(20)
  await loops.until('unknown', async () => (await ready('node-1')) === 'Unknown')
  await loops.until('tainted', async () => (await taints('node-1')).length === 2)
  expect((await taints('node-1')).sort()).toEqual([
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/unreachable:NoSchedule',
  ])
  expect(await taints('node-2')).toEqual([])
  await loops.until('not ready', async () => !(await on('node-1')).some(isReady))
  expect(await on('node-1')).toHaveLength(2)

  // Admission lets every pod tolerate an unreachable node for five minutes.
  await pass(270)
  expect(await on('node-1')).toHaveLength(2)
  await pass(40)
  await loops.until('all on node-2', async () => (await on('node-2')).length === 4)
  expect(await on('node-1')).toHaveLength(0)
  const left = (await loops.client.of(Pod).list({ namespace: 'default' })).items.find(
    ({ spec }) => spec?.nodeName === 'node-1',
  )
  expect(left?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).toBe(
    'DeletionByTaintManager',
  )

  // The machine is given up: its pods can only be forgotten.
  await loops.client.of(Node).delete({ name: 'node-1' })
  await pass(120)
  await loops.until('forgotten', async () => (await loops.pods()).length === 4)
}, 60_000)

it('forgives a node that comes back in time', async () => {
  await addNode('node-1')
  await addNode('node-2')
  await loops.run()
  await loops.client.of(Deployment).create(deployment('web', { replicas: 2 }))
  await loops.until('2 running', async () => (await loops.pods()).filter(isReady).length === 2)
  const before = (await loops.pods()).map(({ metadata }) => metadata?.uid).sort()
  alive.delete('node-1')
  await pass(60)
  await loops.until('unknown', async () => (await ready('node-1')) === 'Unknown')
  alive.add('node-1')
  const at = isoTime(loops.clock)
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: at, lastTransitionTime: at },
  ]
  await insist(() =>
    loops.client
      .of(Node)
      .patch(
        { name: 'node-1' },
        'application/strategic-merge-patch+json',
        { status: { conditions } },
        { subresource: 'status' },
      ),
  )
  await loops.until('untainted', async () => (await taints('node-1')).length === 0)
  const turnsBefore = turns()
  await pass(400)
  expect((await loops.pods()).map(({ metadata }) => metadata?.uid).sort()).toEqual(before)
  // While two nodes beat and nothing else happens, one loop looks now and then who may have fallen silent. Each of the two
  // pods was due to go once.
  expect(turns() - turnsBefore).toBeLessThanOrEqual(400 / 25 + before.length)
}, 60_000)

it('gives up one node at a time, none while its zone is ill, and takes it back when all are silent', async () => {
  for (let i = 1; i <= 5; i++) await addNode(`node-${i}`)
  await loops.run(['node-lifecycle', 'serviceaccount'])
  const givenUp = async () => {
    const taints = (await loops.client.of(Node).list()).items.flatMap(({ spec }) => spec?.taints ?? [])
    return taints.filter(({ effect }) => effect === 'NoExecute').map(({ timeAdded }) => Date.parse(timeAdded ?? ''))
  }
  alive.delete('node-1')
  alive.delete('node-2')
  await pass(80)
  const [first = 0, second = 0] = (await givenUp()).sort()
  expect(second - first).toBeGreaterThanOrEqual(10_000)
  // Three of five: nobody else is given up, but these are.
  alive.delete('node-3')
  await pass(50)
  await loops.until('the third is silent too', async () => (await ready('node-3')) === 'Unknown')
  await pass(30)
  expect(await givenUp()).toHaveLength(2)
  alive.clear()
  await loops.until('all are forgiven', async () => (await givenUp()).length === 0)
  expect(await ready('node-5')).toBe('Unknown')
}, 60_000)

it('leaves it to a kubelet that speaks to say how its pods are, and tells once that a node that was ready is not', async () => {
  await addNode('node-1')
  await loops.client.of(Node).create({ metadata: { name: 'mute' } })
  await loops.run(['node-lifecycle', 'serviceaccount'])
  await loops.client.of(Pod).create({
    metadata: { namespace: 'default', name: 'web' },
    spec: { nodeName: 'node-1', containers: [{ name: 'a', image: 'b' }] },
  })
  await loops.until('running', async () => (await loops.pods()).some(isReady))
  const conditions = [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady' }]
  await insist(() =>
    loops.client
      .of(Node)
      .patch({ name: 'node-1' }, 'application/merge-patch+json', { status: { conditions } }, { subresource: 'status' }),
  )
  await pass(30)
  expect((await loops.pods()).some(isReady)).toBe(true)
  alive.clear()
  await pass(60)
  await loops.until('silent', async () => (await ready('node-1')) === 'Unknown' && (await ready('mute')) === 'Unknown')
  await loops.until('pods too', async () => !(await loops.pods()).some(isReady))
  const events = (await loops.client.of(Event).list()).items
  expect(events.filter(({ involvedObject: { kind }, reason }) => kind === 'Node' && reason === 'NodeNotReady')).toEqual(
    [],
  )
})

it('has known for how long a node never spoke, also when it has just begun to look', async () => {
  await loops.client.of(Node).create({ metadata: { name: 'mute' } })
  await loops.clock.advance(120_000)
  await loops.run(['node-lifecycle'])
  await loops.clock.advance(1_000)
  await loops.until('told', async () => (await ready('mute')) === 'Unknown')
  expect(loops.clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(150_000)
})

it('takes a report for a sign of life, and looks at a node only when that says more', async () => {
  await loops.addNode('node-1')
  await loops.run(['node-lifecycle'])
  const report = (status: object) =>
    insist(() =>
      loops.client
        .of(Node)
        .patch({ name: 'node-1' }, 'application/strategic-merge-patch+json', { status }, { subresource: 'status' }),
    )
  const beat = () => ({ conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: isoTime(loops.clock) }] })
  await loops.clock.advance(1_000)
  const before = turns()
  for (let at = 0; at < 10; at++) {
    await report({ ...beat(), images: [{ names: [`web:${at}`], sizeBytes: 1 }] })
    await pass(10)
  }
  expect(await ready('node-1')).toBe('True')
  // The patrol's, each time that the first of the reports would have been too long ago.
  expect(turns() - before).toBeLessThanOrEqual(100 / 25)
  await report({ conditions: [{ type: 'DiskPressure', status: 'True' }] })
  await loops.until('tainted', async () => (await taints('node-1')).length === 1)
  await loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', { spec: { taints: null } })
  await loops.until('tainted again', async () => (await taints('node-1')).length === 1)
})

it('drives nobody off when every node is silent: it is probably the master that is cut off', () => {
  const silent: CoreNode = { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }
  const effects = (drivesOff: 'yes' | 'not yet' | 'no') =>
    taintsFor(silent, { at: 'now', drivesOff })?.map(({ effect }) => effect)
  expect(effects('no')).toEqual(['NoSchedule'])
  expect(effects('not yet')).toEqual(['NoSchedule'])
  expect(effects('yes')).toEqual(['NoSchedule', 'NoExecute'])
})

it.each([
  {
    name: 'a healthy node loses its taints',
    ready: 'True',
    has: ['node.kubernetes.io/not-ready:NoExecute'],
    wants: [],
  },
  {
    name: 'a changed reason changes the taints',
    ready: 'False',
    has: ['node.kubernetes.io/unreachable:NoExecute'],
    wants: ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute'],
  },
  {
    name: 'what others put there stays',
    ready: 'True',
    has: ['gpu:NoSchedule', 'node.kubernetes.io/not-ready:NoSchedule'],
    wants: ['gpu:NoSchedule'],
  },
  { name: 'nothing to do', ready: 'True', has: ['gpu:NoExecute'], wants: undefined },
])('taints: $name', ({ ready: status, has, wants }) => {
  const taint = (text: string) => ({ key: text.split(':')[0] ?? '', effect: text.split(':')[1] ?? '' })
  const given: CoreNode = { spec: { taints: has.map(taint) }, status: { conditions: [{ type: 'Ready', status }] } }
  expect(taintsFor(given, { at: 'now', drivesOff: 'not yet' })?.map(({ key, effect }) => `${key}:${effect}`)).toEqual(
    wants,
  )
})

it('says of a node that never spoke that it never did, and says it once', () => {
  const conditions = silentConditions(
    { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } },
    '2026-01-01T00:01:00Z',
  )
  expect(conditions?.map(({ type, reason }) => `${type} ${reason}`)).toContain('Ready NodeStatusNeverUpdated')
  expect(silentConditions({ status: { conditions: conditions ?? [] } }, 'later')).toBeUndefined()
})

it('says of a node that it is silent in the place of what it said, and nothing more where it has said so', () => {
  const said = (type: string, status: string) => ({ type, status, reason: 'Said', message: 'so' })
  const before = [said('PIDPressure', 'False'), said('NetworkUnavailable', 'False'), said('Ready', 'True')]
  const status = { conditions: [...before, said('MemoryPressure', 'Unknown')] }
  expect(silentConditions({ status }, 'now')?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'PIDPressure NodeStatusUnknown',
    'NetworkUnavailable Said',
    'Ready NodeStatusUnknown',
    'MemoryPressure Said',
    'DiskPressure NodeStatusNeverUpdated',
  ])
  const conditions = [said('Ready', 'Unknown'), said('MemoryPressure', 'False')]
  expect(silentConditions({ status: { conditions } }, 'now')).toBeUndefined()
})

// In the manner of upstream's TestProcessPodMarkPodNotReady.
it.each([
  ['True', true],
  ['False', false],
])('leaves a pod ready that comes to a node whose readiness is %s: %s', async (ready, stays) => {
  await addNode('node-1')
  loops.kubelets.on = false
  await loops.run(['node-lifecycle', 'serviceaccount'])
  const merge = 'application/strategic-merge-patch+json'
  const say = (kind: typeof Node | typeof Pod, place: { name: string }, value: string) =>
    insist(() =>
      loops.client
        .of(kind as typeof Pod)
        .patch(place, merge, { status: { conditions: [{ type: 'Ready', status: value }] } }, { subresource: 'status' }),
    )
  await say(Node, { name: 'node-1' }, ready)
  await loops.until('seen', () =>
    loops.reconciles('node-lifecycle').some(({ seen }) => seen.includes(`Ready ${ready}`)),
  )
  const place = { namespace: 'default', name: 'p' }
  await loops.client.of(Pod).create({ metadata: place, spec: { containers: [{ name: 'c', image: 'i' }] } })
  await say(Pod, place, 'True')
  await loops.client.transport.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/pods/p/binding',
    body: { metadata: place, target: { kind: 'Node', name: 'node-1' } },
  })
  const isStillReady = async () => isReady(await loops.client.of(Pod).get(place))
  if (stays) await loops.clock.advance(10_000)
  else await loops.until('marked', async () => !(await isStillReady()))
  expect(await isStillReady()).toBe(stays)
})

const [os, arch] = ['kubernetes.io/os', 'kubernetes.io/arch']
it.each<{ name: string; labels?: Record<string, string>; told: Record<string, string> | undefined }>([
  { name: 'nothing of a node without labels', told: undefined },
  {
    name: 'nothing where none of them is',
    labels: { 'topology.kubernetes.io/region': 'region1' },
    told: undefined,
  },
  {
    name: 'the old ones where they are missing',
    labels: { [os]: 'linux', [arch]: 'amd64' },
    told: { [`beta.${os}`]: 'linux', [`beta.${arch}`]: 'amd64' },
  },
  {
    name: 'the old ones where they say otherwise',
    labels: { [`beta.${os}`]: 'windows', [`beta.${arch}`]: 'arm', [os]: 'linux', [arch]: 'amd64' },
    told: { [`beta.${os}`]: 'linux', [`beta.${arch}`]: 'amd64' },
  },
  { name: 'nothing of an old one alone', labels: { [`beta.${os}`]: 'windows' }, told: undefined },
  {
    name: 'nothing where both agree',
    labels: { [`beta.${os}`]: 'linux', [os]: 'linux' },
    told: undefined,
  },
])('labels a node anew: $name', ({ labels, told }) => {
  expect(labelsFor({ metadata: labels ? { labels } : {} })).toEqual(told)
})

it('gives a node back the label that somebody took', async () => {
  await addNode('node-1')
  await loops.run(['node-lifecycle'])
  const label = (labels: Record<string, string | null>) =>
    insist(() =>
      loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', { metadata: { labels } }),
    )
  const said = async () => (await node('node-1')).metadata?.labels?.[`beta.${os}`]
  await label({ [os]: 'linux' })
  await loops.until('labelled', async () => (await said()) === 'linux')
  await label({ [`beta.${os}`]: null })
  await loops.until('labelled again', async () => (await said()) === 'linux')
})

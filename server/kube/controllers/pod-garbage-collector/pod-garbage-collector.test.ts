import { afterEach, beforeEach, expect, it } from 'vitest'
import { forbidden } from '../../apimachinery/status-error.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { insist, startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
  loops.kubelets.on = false
  await loops.addNode('node-1')
})
afterEach(() => loops[Symbol.asyncDispose]())

const create = (name: string, nodeName?: string) =>
  loops.client.of(Pod).create({
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'web:1' }], ...(nodeName ? { nodeName } : {}) },
  })
const finish = (name: string, status: object = { phase: 'Succeeded' }) =>
  insist(() =>
    loops.client
      .of(Pod)
      .patch({ namespace: 'default', name }, 'application/merge-patch+json', { status }, { subresource: 'status' }),
  )
const declareOut = async () => {
  const status = { conditions: [{ type: 'Ready', status: 'Unknown' }] }
  const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }]
  for (const [what, how] of [
    [{ status }, { subresource: 'status' }],
    [{ spec: { taints } }, {}],
  ] as const) {
    await insist(() => loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', what, how))
  }
}
const names = async () => (await loops.pods()).map(({ metadata }) => metadata?.name).sort()

it('removes the pods of a node that is gone, after a while, and leaves the others', async () => {
  await loops.run(['pod-garbage-collector', 'serviceaccount'])
  await create('stays', 'node-1')
  await create('goes', 'node-2')
  await loops.clock.advance(30_000)
  expect(await names()).toEqual(['goes', 'stays'])
  await loops.until('gone', async () => (await names()).length === 1)
  expect(await names()).toEqual(['stays'])
  expect(loops.clock.now() - Date.UTC(2026, 0, 1)).toBeGreaterThanOrEqual(40_000)
})

it('removes others though one may not be removed', async () => {
  await loops.run(['pod-garbage-collector', 'serviceaccount'])
  await create('kept', 'node-2')
  await create('goes', 'node-2')
  const refused = forbidden({ group: '', resource: 'pods' }, 'kept', 'no')
  loops.servers.set('/api/v1/namespaces/default/pods/kept', () => {
    throw refused
  })
  await loops.until('gone', async () => (await names()).length === 1)
  expect(await names()).toEqual(['kept'])
})

it('removes the oldest of too many finished pods', async () => {
  await loops.run(['serviceaccount'])
  for (const name of ['a', 'b', 'c', 'd']) {
    await create(name, 'node-1')
    await loops.clock.advance(2000)
  }
  for (const name of ['a', 'b']) await finish(name)
  await loops.run(['pod-garbage-collector'], { terminatedPodThreshold: 1 })
  await loops.until('one goes', async () => (await names()).length === 3)
  await finish('d')
  await loops.until('two left', async () => (await names()).length === 2)
  expect(await names()).toEqual(['c', 'd'])
  await finish('c', { phase: 'Succeeded' })
  await loops.until('one left', async () => (await names()).length === 1)
  expect(await names()).toEqual(['d'])
  await create('evicted', 'node-1')
  await finish('evicted', { phase: 'Failed', reason: 'Evicted' })
  await loops.until('the evicted one goes before older ones', async () => (await names()).length === 1)
  expect(await names()).toEqual(['d'])
})

it('says that a pod has failed which goes before it had a node, also while somebody holds it', async () => {
  await loops.run(['pod-garbage-collector', 'serviceaccount'])
  const held = { namespace: 'default', name: 'held' }
  await loops.client.of(Pod).create({
    metadata: { ...held, finalizers: ['example.com/hold'] },
    spec: { containers: [{ name: 'c', image: 'web:1' }] },
  })
  await loops.client.of(Pod).delete(held)
  await loops.until('failed', async () => (await loops.client.of(Pod).get(held)).status?.phase === 'Failed')
  expect((await loops.client.of(Pod).get(held)).status?.conditions ?? []).not.toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget' }),
  )
})

it('removes a terminating pod when its node has been declared out of service', async () => {
  await loops.run(['pod-garbage-collector', 'serviceaccount'])
  await create('web', 'node-1')
  await loops.client.of(Pod).delete({ namespace: 'default', name: 'web' })
  await loops.clock.advance(60_000)
  expect(await names()).toEqual(['web'])
  await declareOut()
  await loops.until('gone', async () => (await names()).length === 0) // And one that is deleted afterwards.
  await create('late', 'node-1')
  await loops.client.of(Pod).delete({ namespace: 'default', name: 'late' })
  await loops.until('gone as well', async () => (await names()).length === 0)
})

it('counts what it removes, and what it could not', async () => {
  await loops.run(['pod-garbage-collector', 'serviceaccount'])
  await create('kept', 'node-2')
  await create('goes', 'node-2')
  loops.servers.set('/api/v1/namespaces/default/pods/kept', () => {
    throw forbidden({ group: '', resource: 'pods' }, 'kept', 'no')
  })
  await loops.until('gone', async () => (await names()).length === 1)
  const lines = loops.metrics.text().split('\n')
  const told = lines.filter((line) => line.startsWith('pod_gc_collector'))
  expect(told).toEqual([
    expect.stringMatching(/^pod_gc_collector_force_delete_pods_total{namespace="default",reason="orphaned"} [2-9]/),
    expect.stringMatching(
      /^pod_gc_collector_force_delete_pod_errors_total{namespace="default",reason="orphaned"} [1-9]/,
    ),
  ])
})

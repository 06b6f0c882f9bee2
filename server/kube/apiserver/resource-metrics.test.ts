// metrics.k8s.io: what `kubectl top` and autoscalers read.

import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { Transport } from '../client/transport.ts'
import { APIService } from '../kinds/api-service.ts'
import { ClusterRole, Namespace, Node, Pod, ServiceAccount } from '../kinds/index.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const METRICS = '/apis/metrics.k8s.io/v1beta1'
let clock: FakeClock
let test: TestServer
/** What each kubelet says; nothing of those that do not answer. */
let texts: Record<string, () => string>
let looks: number

beforeEach(async () => {
  clock = new FakeClock()
  texts = {}
  looks = 0
  test = await startTestServer({
    clock,
    options: {
      usageOfHollowNode: async (node) => {
        looks++
        const text = texts[node]
        if (!text) throw new Error('connection refused')
        return text()
      },
    },
  })
  for (const name of ['node-1', 'node-2']) {
    await test.client.of(Node).create({ metadata: { name, labels: { disk: name === 'node-1' ? 'ssd' : 'hdd' } } })
  }
  await test.client.of(Namespace).create({ metadata: { name: 'shop' } })
  for (const [namespace, name] of [
    ['default', 'web'],
    ['shop', 'api'],
  ] as const) {
    // Admission waits for it, on a clock that nobody moves meanwhile.
    await test.client.of(ServiceAccount).create({ metadata: { namespace, name: 'default' } })
    const containers = ['app', 'side'].map((container) => ({ name: container, image: 'app' }))
    await test.client.of(Pod).create({
      metadata: { namespace, name, labels: { app: name } },
      spec: { containers, automountServiceAccountToken: false },
    })
  }
})
afterEach(() => test[Symbol.asyncDispose]())

/** Of a node with a container in each pod named, at so many cores. */
const usage = (cores: Record<string, number>, node = 1.5) => {
  const at = clock.now()
  const seconds = clock.monotonic() / 1000
  const lines = [
    `node_cpu_usage_seconds_total ${seconds * node} ${at}`,
    `node_memory_working_set_bytes 1073741824 ${at}`,
  ]
  for (const [key, rate] of Object.entries(cores)) {
    const [namespace, pod, container] = key.split('/')
    const labels = `{container="${container}",namespace="${namespace}",pod="${pod}"}`
    lines.push(`container_cpu_usage_seconds_total${labels} ${seconds * rate} ${at}`)
    lines.push(`container_memory_working_set_bytes${labels} 5242880 ${at}`)
  }
  return `${lines.join('\n')}\n`
}

/** The clock goes on until the answer is there: who asks first waits for the second look. */
async function ask<T = { items: Record<string, unknown>[] }>(
  path: string,
  who: Transport = test.transport,
): Promise<T> {
  let settled = false
  const answer = who
    .request({ method: 'GET', path: METRICS + path.split('?')[0], query: queryOf(path) })
    .finally(() => {
      settled = true
    })
  answer.catch(() => undefined)
  while (!settled) await clock.advance(100)
  return (await answer) as T
}
const queryOf = (path: string) => Object.fromEntries(new URLSearchParams(path.split('?')[1] ?? ''))

it('tells what nodes and containers use between two looks, and looks only when somebody asks', async () => {
  texts['node-1'] = () => usage({ 'default/web/app': 0.25, 'default/web/side': 0.001 })
  await clock.advance(3600_000)
  expect(looks).toBe(0)
  expect((await ask('/nodes')).items).toEqual([
    {
      kind: 'NodeMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: { name: 'node-1', creationTimestamp: expect.any(String), labels: { disk: 'ssd' } },
      timestamp: expect.stringMatching(/^2026-01-01T01:00:0\dZ$/),
      window: '1s',
      usage: { cpu: '1500m', memory: '1Gi' },
    },
  ])
  const { items } = await ask('/namespaces/default/pods')
  expect(items).toMatchObject([
    {
      metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
      containers: [
        { name: 'app', usage: { cpu: '250m', memory: '5Mi' } },
        { name: 'side', usage: { cpu: '1m', memory: '5Mi' } },
      ],
    },
  ])
  // Four kubelets were asked twice; the second question was answered from memory.
  expect(looks).toBe(4)
})

it('tells whoever asks again and again what went on since the time before', async () => {
  texts['node-1'] = () => usage({})
  await ask('/nodes')
  await clock.advance(15_000)
  expect((await ask('/nodes')).items[0]).toMatchObject({ window: expect.stringMatching(/^15(\.\d)?s$/) })
  expect(looks).toBe(6)
  await clock.advance(3600_000)
  expect((await ask('/nodes')).items[0]).toMatchObject({ window: '1s' })
})

it('says nothing of a pod of which a container was not there before, or was started again', async () => {
  let count = 0
  texts['node-1'] = () => {
    count++
    return count === 1
      ? usage({ 'default/web/app': 0.25, 'shop/api/app': 2 })
      : usage({ 'default/web/app': 0.25, 'default/web/side': 1, 'shop/api/app': 0.1 })
  }
  await clock.advance(60_000)
  expect((await ask('/pods')).items).toEqual([])
  await clock.advance(15_000)
  expect((await ask('/pods')).items.map(({ metadata }) => (metadata as { name: string }).name).sort()).toEqual([
    'api',
    'web',
  ])
})

it('picks by name, namespace, labels and fields, and says what is not there', async () => {
  texts['node-1'] = () => usage({ 'default/web/app': 0.25, 'shop/api/app': 0.5 })
  texts['node-2'] = () => usage({})
  await clock.advance(60_000)
  const names = async (path: string) =>
    (await ask(path)).items.map(({ metadata }) => (metadata as { name: string }).name).sort()
  expect(await names('/pods')).toEqual(['api', 'web'])
  expect(await names('/namespaces/shop/pods')).toEqual(['api'])
  expect(await names('/pods?labelSelector=app=web')).toEqual(['web'])
  expect(await names('/pods?fieldSelector=metadata.namespace!=shop')).toEqual(['web'])
  expect(await names('/nodes?labelSelector=disk=hdd')).toEqual(['node-2'])
  expect(await ask('/namespaces/default/pods/web')).toMatchObject({ kind: 'PodMetrics', metadata: { name: 'web' } })
  await expect(ask('/nodes/node-3')).rejects.toThrow('nodes.metrics.k8s.io "node-3" not found')
  delete texts['node-1']
  await clock.advance(60_000)
  await expect(ask('/namespaces/default/pods/web')).rejects.toThrow('podmetrics.metrics.k8s.io "default/web" not found')
  await expect(ask('/pods?fieldSelector=spec.nodeName=node-1')).rejects.toThrow(
    'field label not supported: spec.nodeName',
  )
  await expect(test.transport.request({ method: 'POST', path: `${METRICS}/nodes`, body: {} })).rejects.toMatchObject({
    reason: 'MethodNotAllowed',
  })
})

it('is shown as rows of resources, a pod as the sum of its containers', async () => {
  texts['node-1'] = () => usage({ 'default/web/app': 0.25, 'default/web/side': 0.5 })
  await clock.advance(60_000)
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  // What was measured just now is told again.
  await ask('/nodes')
  const table = async (path: string) => {
    const answer = await rawRequest({ port, caPem: test.pki.caPem, ...admin, path: METRICS + path, headers })
    const told = answer.json() as unknown as { columnDefinitions: { name: string }[]; rows: { cells: string[] }[] }
    return [told.columnDefinitions.map(({ name }) => name), ...told.rows.map(({ cells }) => cells)]
  }
  const columns = ['Name', 'cpu', 'memory', 'Window']
  expect(await table('/nodes')).toEqual([columns, ['node-1', '1500m', '1Gi', '1s']])
  expect(await table('/namespaces/default/pods')).toEqual([columns, ['web', '750m', '10Mi', '1s']])
  expect(await table('/namespaces/default/pods/web')).toEqual([columns, ['web', '750m', '10Mi', '1s']])
})

it('is in discovery, has an APIService of its own, and is for whoever may look at the namespace', async () => {
  const { resources } = (await test.transport.request({ method: 'GET', path: METRICS })) as {
    resources: { name: string; kind: string }[]
  }
  expect(resources.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['nodes NodeMetrics', 'pods PodMetrics'])
  const service = await test.client.of(APIService).get({ name: 'v1beta1.metrics.k8s.io' })
  expect(service.status?.conditions?.[0]).toMatchObject({ type: 'Available', status: 'True', reason: 'Local' })
  const readers = await test.client.of(ClusterRole).get({ name: 'system:aggregated-metrics-reader' })
  expect(readers.metadata?.labels).toHaveProperty(['rbac.authorization.k8s.io/aggregate-to-view'], 'true')
  const nobody = test.server.transportFor({ user: 'otter', groups: ['system:authenticated'], client: 'test' })
  await expect(ask('/namespaces/default/pods', nobody)).rejects.toThrow(
    'pods.metrics.k8s.io is forbidden: User "otter" cannot list resource "pods" in API group "metrics.k8s.io"',
  )
})

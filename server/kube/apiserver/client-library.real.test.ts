// The official client library as programs use it: typed calls, patches, what the server says when it refuses, and an
// informer that lists anew after its revision has been compacted.

import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeKubeconfig } from '../client/kubeconfig.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

let test: TestServer
let config: KubeConfig
let core: CoreV1Api
const namespace = 'default'

beforeAll(async () => {
  test = await startTestServer()
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('otter', ['system:masters'])
  config = new KubeConfig()
  config.loadFromString(
    writeKubeconfig({ server: `https://127.0.0.1:${port}`, caPem: test.pki.caPem, ...admin }, { cluster: 'test' }),
  )
  core = config.makeApiClient(CoreV1Api)
})
afterAll(() => test[Symbol.asyncDispose]())

it('creates, reads, patches in each way and deletes', async () => {
  const apps = config.makeApiClient(AppsV1Api)
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
  }
  const body = { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template } }
  const made = await apps.createNamespacedDeployment({ namespace, body })
  expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date)
  expect(made.spec?.strategy?.rollingUpdate?.maxSurge).toBe('25%')

  const patch = (strategy: string, change: unknown, more: object = {}) =>
    apps.patchNamespacedDeployment(
      { name: 'web', namespace, body: change, ...more },
      setHeaderOptions('Content-Type', strategy),
    )
  const containers = [{ name: 'side', image: 'busybox' }]
  const merged = await patch(PatchStrategy.StrategicMergePatch, { spec: { template: { spec: { containers } } } })
  expect(merged.spec?.template.spec?.containers.map(({ name }) => name)).toEqual(['side', 'web'])
  const ops = [{ op: 'replace', path: '/spec/replicas', value: 3 }]
  expect((await patch(PatchStrategy.JsonPatch, ops)).spec?.replicas).toBe(3)
  expect((await patch(PatchStrategy.MergePatch, { spec: { replicas: 4 } })).spec?.replicas).toBe(4)
  const applied = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 5 } }
  const owned = await patch(PatchStrategy.ServerSideApply, applied, { fieldManager: 'otter', force: true })
  expect(owned.metadata?.managedFields?.find(({ manager }) => manager === 'otter')?.operation).toBe('Apply')

  const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace })
  expect(scale.spec?.replicas).toBe(5)
  const gone = await apps.deleteNamespacedDeployment({ name: 'web', namespace })
  expect(gone.status).toBe('Success')
  await expect(apps.readNamespacedDeployment({ name: 'web', namespace })).rejects.toMatchObject({ code: 404 })
})

it('is told by a Status why something is refused', async () => {
  const body = { metadata: { name: 'Bad_Name' } }
  const refused = await core.createNamespacedConfigMap({ namespace, body }).catch((err) => err)
  expect(refused.code).toBe(422)
  expect(JSON.parse(refused.body)).toMatchObject({ kind: 'Status', reason: 'Invalid', details: { name: 'Bad_Name' } })
})

it('hears of every change by an informer, which lists anew when its revision is no longer there', async () => {
  const create = (name: string) => core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } })
  const heard: string[] = []
  const waiting: { word: string; resolve: () => void }[] = []
  const hears = (word: string) =>
    new Promise<void>((resolve) => {
      if (heard.includes(word)) resolve()
      else waiting.push({ word, resolve })
    })
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  let lists = 0
  const informer = makeInformer<V1ConfigMap>(config, path, () => {
    lists++
    return core.listNamespacedConfigMap({ namespace })
  })
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb, ({ metadata }) => {
      const word = `${verb} ${metadata?.name}`
      heard.push(word)
      for (const one of waiting) if (one.word === word) one.resolve()
    })
  }
  await create('before')
  await informer.start()
  await hears('add before')
  await create('during')
  await hears('add during')
  await core.patchNamespacedConfigMap(
    { name: 'during', namespace, body: { data: { a: 'b' } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  )
  await hears('update during')

  await informer.stop()
  await core.deleteNamespacedConfigMap({ name: 'before', namespace })
  await create('meanwhile')
  // More than the server remembers.
  const bodies = Array.from({ length: 3000 }, (_, at) => ({ metadata: { name: `many-${at}` } }))
  await Promise.all(bodies.map((body) => test.transport.request({ method: 'POST', path, body })))
  await test.store.compact(test.store.revision)
  await informer.start()
  await Promise.all([hears('delete before'), hears('add meanwhile')])
  await create('after')
  await hears('add after')
  await informer.stop()
  expect(lists).toBe(2)
})

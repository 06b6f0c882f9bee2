import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../kube/apiserver/testing/test-server.ts'
import type { ClusterHost } from '../kube/cluster/index.ts'
import { changeLog, stateAt } from '../kube/cluster/past.ts'
import { Node, Pod, Secret, ServiceAccount } from '../kube/kinds/index.ts'
import { historyOf, momentOf } from './past.ts'

let test: TestServer
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-past-'))
  test = await startTestServer({ directory })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const host = () =>
  ({
    stateAt: (_, query) => stateAt(test.store, query),
    changeLog: (_, most) => changeLog(test.store, most),
  }) satisfies Partial<ClusterHost> as unknown as ClusterHost
const moment = (revision: number) => momentOf(host(), 'any', revision)

it('shows machines, Pods and objects as they were', async () => {
  await test.client.of(Node).create({ metadata: { name: 'one' } })
  await test.client.of(ServiceAccount).create({ metadata: { namespace: 'default', name: 'default' } })
  const pod = { namespace: 'default', name: 'web' }
  const made = await test.client
    .of(Pod)
    .create({ metadata: { ...pod, labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'b' }] } })
  const then = Number(made.metadata?.resourceVersion)
  await test.client.of(Pod).patch(pod, 'application/merge-patch+json', { metadata: { labels: { app: 'other' } } })
  const { pods, nodes, objects } = await moment(then)
  expect(pods).toMatchObject([{ ...pod, status: 'Pending', ready: false }])
  expect(nodes).toMatchObject([{ name: 'one' }])
  expect(objects.find(({ kind }) => kind === 'Pod')).toMatchObject({ labels: { app: 'web' }, revision: then })
  expect((await moment(then - 1)).pods).toEqual([])
})

it('says that a moment is forgotten, instead of showing it empty', async () => {
  await test.client.of(Node).create({ metadata: { name: 'one' } })
  const now = test.store.revision
  await test.store.compact(now)
  expect(await moment(now - 1)).toMatchObject({ isForgotten: true, compactRevision: now, nodes: [] })
  expect(await moment(now)).toMatchObject({ isForgotten: false, nodes: [{ name: 'one' }] })
})

it('lets no content of a Secret out', async () => {
  await test.client
    .of(Secret)
    .create({ metadata: { namespace: 'default', name: 'a' }, stringData: { password: 'never shown' } })
  const told = JSON.stringify(await moment(test.store.revision))
  expect(told).toContain('"kind":"Secret"')
  expect(told).not.toContain(Buffer.from('never shown').toString('base64'))
})

it('names what changed up to now', async () => {
  await test.client.of(Node).create({ metadata: { name: 'one' } })
  const { changes, revision } = await historyOf(host(), 'any')
  expect(changes.at(-1)).toMatchObject({ revision, operation: 'create', resource: 'nodes', name: 'one' })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { storageKey } from '../apiserver/index.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap, ControllerRevision, Job } from '../kinds/index.ts'
import { objectVersions } from './object-versions.ts'

let test: TestServer
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-versions-'))
  test = await startTestServer({ directory })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const query = { group: '', resource: 'configmaps', namespace: 'default', name: 'a', limit: 10 }
const put = (value: string) =>
  test.client
    .of(ConfigMap)
    .patch({ namespace: 'default', name: 'a' }, 'application/merge-patch+json', { data: { value } })
const written = (object: object) => (object as { data: { value: string } }).data.value

async function threeVersions(): Promise<number[]> {
  const made = await test.client
    .of(ConfigMap)
    .create({ metadata: { name: 'a', namespace: 'default' }, data: { value: 'one' } })
  return [made, await put('two'), await put('three')].map(({ metadata }) => Number(metadata?.resourceVersion))
}

it('tells every state with the revision that made it, newest first', async () => {
  const revisions = await threeVersions()
  const { versions, isWhole } = await objectVersions(test.store, query)
  expect(versions.map(({ object }) => written(object))).toEqual(['three', 'two', 'one'])
  expect(versions.map(({ revision }) => revision)).toEqual(revisions.toReversed())
  expect(versions[1]?.object.metadata?.resourceVersion).toBe(String(revisions[1]))
  expect(isWhole).toBe(true)
})

it('ends where the store was compacted, and says so', async () => {
  const [, two] = await threeVersions()
  await test.store.compact(two!)
  const { versions, isWhole, compactRevision } = await objectVersions(test.store, query)
  expect(versions.map(({ object }) => written(object))).toEqual(['three', 'two'])
  expect([isWhole, compactRevision]).toEqual([false, two])
})

it('knows what was removed, asked for the time before', async () => {
  const revisions = await threeVersions()
  await test.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
  expect((await objectVersions(test.store, query)).versions).toEqual([])
  const { versions } = await objectVersions(test.store, { ...query, upTo: test.store.revision - 1, limit: 1 })
  expect(versions.map(({ revision }) => revision)).toEqual([revisions[2]])
})

it('does not take an earlier object of the same name for the same one', async () => {
  await threeVersions()
  await test.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
  await test.client.of(ConfigMap).create({ metadata: { name: 'a', namespace: 'default' }, data: { value: 'new' } })
  const { versions, isWhole } = await objectVersions(test.store, query)
  expect([versions.map(({ object }) => written(object)), isWhole]).toEqual([['new'], true])
})

it('names a resource that nobody knows', async () => {
  await expect(objectVersions(test.store, { ...query, group: 'apps' })).rejects.toThrow(
    'this cluster has no resource configmaps.apps',
  )
})

it('tells of long numbers by their digits: JavaScript at the other end would round them', async () => {
  const spec = { selector: {}, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } } }
  const deadline = 2n ** 63n - 1n
  await test.client.of(Job).create({
    metadata: { name: 'a', namespace: 'default' },
    spec: { ...spec, activeDeadlineSeconds: deadline as never },
  } as never)
  const { versions } = await objectVersions(test.store, { ...query, group: 'batch', resource: 'jobs' })
  expect(versions[0]?.object).toMatchObject({ spec: { activeDeadlineSeconds: String(deadline) } })
})

it('ends at a state that is too deep for a usual stack', async () => {
  const client = test.client.of(ControllerRevision)
  const at = { name: 'a', namespace: 'default' }
  const data = JSON.parse(`${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`)
  const { metadata } = await client.create({ metadata: at, revision: 1, data })
  const key = storageKey(ControllerRevision, 'default', 'a')
  const { kvs } = await test.store.range({ key })
  const shallow = { ...JSON.parse(String(kvs[0]!.value)), data: 'shallow' }
  await test.store.txn({
    compare: [],
    success: [{ type: 'put', key, value: Buffer.from(JSON.stringify(shallow)) }],
    failure: [],
  })
  const told = { ...query, group: 'apps', resource: 'controllerrevisions' }
  const { versions, isWhole } = await objectVersions(test.store, told)
  expect([versions.map(({ object }) => object), isWhole]).toEqual([
    [expect.objectContaining({ data: 'shallow' })],
    false,
  ])
  const upTo = Number(metadata?.resourceVersion)
  expect(await objectVersions(test.store, { ...told, upTo })).toMatchObject({ versions: [], isWhole: false })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap, Secret } from '../kinds/index.ts'
import { changeLog, stateAt } from './past.ts'

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

/** The server keeps one in kube-system. */
const isOurs = ({ metadata }: KubeObject) => metadata?.namespace === 'default'
const maps = { group: '', resource: 'configmaps', isWhole: true }
const named = { namespace: 'default', name: 'a' }
const put = (value: string) =>
  test.client.of(ConfigMap).patch(named, 'application/merge-patch+json', { data: { value } })
const revisionIn = ({ metadata }: { metadata?: { resourceVersion?: string } }) => Number(metadata?.resourceVersion)

/** Made, changed, removed. */
async function threeRevisions(): Promise<[number, number, number]> {
  const made = await test.client.of(ConfigMap).create({ metadata: { ...named }, data: { value: 'one' } })
  const changed = await put('two')
  await test.client.of(ConfigMap).delete(named)
  return [revisionIn(made), revisionIn(changed), test.store.revision]
}

it('tells what there was at every revision, also of what is gone', async () => {
  const [made, changed, removed] = await threeRevisions()
  const at = async (revision: number) => {
    const { objects } = await stateAt(test.store, { revision, kinds: [maps] })
    return objects?.[0]
      ?.filter(isOurs)
      .map((object) => [(object as { data?: { value: string } }).data?.value, revisionIn(object)])
  }
  expect(await at(made - 1)).toEqual([])
  expect(await at(made)).toEqual([['one', made]])
  expect(await at(changed)).toEqual([['two', changed]])
  expect(await at(removed)).toEqual([])
})

it('tells only the metadata of what is not wanted whole', async () => {
  await test.client.of(Secret).create({ metadata: { ...named }, stringData: { password: 'hidden' } })
  const kinds = [{ group: '', resource: 'secrets', isWhole: false }]
  const { objects } = await stateAt(test.store, { revision: test.store.revision, kinds })
  expect(objects?.[0]?.[0]).toMatchObject({ kind: 'Secret', metadata: { name: 'a' } })
  expect(Object.keys(objects?.[0]?.[0] ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata'])
  expect(objects?.[0]?.[0]?.metadata).not.toHaveProperty('managedFields')
})

it('says that a revision is compacted, and where what is kept begins', async () => {
  const [made, changed] = await threeRevisions()
  await test.store.compact(changed)
  const kinds = [maps]
  expect(await stateAt(test.store, { revision: made, kinds })).toMatchObject({
    objects: undefined,
    compactRevision: changed,
  })
  expect((await stateAt(test.store, { revision: changed, kinds })).objects?.[0]?.filter(isOurs)).toHaveLength(1)
})

it('never looks beyond the newest revision', async () => {
  const [, , removed] = await threeRevisions()
  expect((await stateAt(test.store, { revision: removed + 100, kinds: [maps] })).revision).toBe(removed)
})

describe('the log', () => {
  it('names what each revision changed, oldest first and without a hole', async () => {
    const [made, changed, removed] = await threeRevisions()
    const { changes, revision } = await changeLog(test.store, 1000)
    const object = { group: '', resource: 'configmaps', namespace: 'default', name: 'a' }
    expect(changes.slice(-3)).toEqual([
      { ...object, revision: made, operation: 'create' },
      { ...object, revision: changed, operation: 'update' },
      { ...object, revision: removed, operation: 'delete' },
    ])
    expect(revision).toBe(removed)
    // A transaction changes several keys in one revision.
    const revisions = [...new Set(changes.map((change) => change.revision))]
    expect(revisions).toEqual(revisions.map((_, nth) => revisions[0]! + nth))
  })

  it('begins after what is compacted, and is no longer than asked for', async () => {
    const [made, changed, removed] = await threeRevisions()
    expect((await changeLog(test.store, 2)).changes.map(({ revision }) => revision)).toEqual([changed, removed])
    await test.store.compact(made)
    expect((await changeLog(test.store, 1000)).changes.map(({ revision }) => revision)).toEqual([changed, removed])
    await test.store.compact(removed)
    expect((await changeLog(test.store, 1000)).changes).toEqual([])
  })

  it('keeps keys that are no objects', async () => {
    await test.store.txn({
      compare: [],
      success: [{ type: 'put', key: 'mine', value: Buffer.from('x') }],
      failure: [],
    })
    expect((await changeLog(test.store, 1)).changes).toMatchObject([{ resource: '', name: 'mine' }])
  })
})

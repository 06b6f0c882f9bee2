import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import type { KubeList } from '../apimachinery/object-meta.ts'
import { ConfigMap } from '../kinds/index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

const PATH = '/api/v1/namespaces/default/configmaps'

describe('lists and watches', () => {
  let clock: FakeClock
  let test: TestServer
  beforeEach(async () => {
    clock = new FakeClock()
    test = await startTestServer({ clock })
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const make = (name: string, labels: Record<string, string> = {}) =>
    test.client.of(ConfigMap).create({ metadata: { namespace: 'default', name, labels } })
  const list = async (query: Record<string, string>) =>
    (await test.transport.request({ method: 'GET', path: PATH, query })) as KubeList
  const names = (of: KubeList) => of.items.map((item) => item.metadata?.name)

  it('shows one revision on all pages, whatever happens between them', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await make(name)
    const first = await list({ limit: '2' })
    expect(names(first)).toEqual(['a', 'b'])
    expect(first.metadata.remainingItemCount).toBe(3)
    await make('aa')
    await test.client.of(ConfigMap).delete({ namespace: 'default', name: 'd' })
    const second = await list({ limit: '2', continue: first.metadata.continue ?? '' })
    expect(names(second)).toEqual(['c', 'd'])
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    const third = await list({ limit: '2', continue: second.metadata.continue ?? '' })
    expect(names(third)).toEqual(['e'])
    expect(third.metadata.continue).toBeUndefined()
  })

  it('answers 410 when the history a page needs is compacted', async () => {
    for (const name of ['a', 'b', 'c']) await make(name)
    const first = await list({ limit: '1' })
    await make('d')
    await test.store.compact(test.store.revision)
    await expect(list({ limit: '1', continue: first.metadata.continue ?? '' })).rejects.toMatchObject({
      code: 410,
      reason: 'Expired',
      message: expect.stringContaining('The provided continue parameter is too old'),
    })
  })

  it.each([
    { name: 'garbage', query: { continue: 'x!' }, message: /continue key is not valid/ },
    { name: 'a limit that is no number', query: { limit: 'two' }, message: /strconv.ParseInt: parsing "two"/ },
    { name: 'a revision that is no number', query: { resourceVersion: 'abc' }, message: /strconv.ParseUint/ },
    {
      name: 'an unknown field',
      query: { fieldSelector: 'spec.nope=1' },
      message: /field label not supported: spec.nope/,
    },
    { name: 'a broken selector', query: { labelSelector: 'a in b' }, message: /unable to parse requirement/ },
    { name: 'a match without revision', query: { resourceVersionMatch: 'Exact' }, message: /forbidden unless/ },
  ])('refuses $name', async ({ query, message }) => {
    await expect(list({ ...query } as unknown as Record<string, string>)).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(message),
    })
  })

  it('lists an exact revision of the past', async () => {
    const a = await make('a')
    await make('b')
    const past = await list({ resourceVersion: a.metadata?.resourceVersion ?? '', resourceVersionMatch: 'Exact' })
    expect(names(past)).toEqual(['a'])
  })

  it('selects by labels and by name', async () => {
    await make('a', { tier: 'front' })
    await make('b', { tier: 'back' })
    await make('c')
    expect(names(await list({ labelSelector: 'tier in (front, back)' }))).toEqual(['a', 'b'])
    expect(names(await list({ labelSelector: 'tier!=front' }))).toEqual(['b', 'c'])
    expect(names(await list({ labelSelector: '!tier' }))).toEqual(['c'])
    expect(names(await list({ fieldSelector: 'metadata.name=b' }))).toEqual(['b'])
  })

  it('replays what came after a revision, then goes on', async () => {
    const a = await make('a')
    await make('b')
    using log = await watchLog(test.transport, PATH, { resourceVersion: a.metadata?.resourceVersion ?? '' })
    await log.length(1)
    await make('c')
    await log.length(2)
    expect(log.words).toEqual(['ADDED b', 'ADDED c'])
  })

  it('begins with all there is when no revision is named', async () => {
    await make('a')
    using log = await watchLog(test.transport, PATH)
    await log.length(1)
    await make('b')
    await log.length(2)
    expect(log.words).toEqual(['ADDED a', 'ADDED b'])
  })

  it('shows an object that leaves the selection as DELETED and one that enters as ADDED', async () => {
    const { resourceVersion } = (await list({})).metadata
    using log = await watchLog(test.transport, PATH, {
      resourceVersion: resourceVersion ?? '',
      labelSelector: 'tier=front',
    })
    const a = await make('a', { tier: 'back' })
    const entered = await test.client
      .of(ConfigMap)
      .update({ ...a, metadata: { ...a.metadata, labels: { tier: 'front' } } })
    const left = await test.client.of(ConfigMap).update({ ...entered, metadata: { ...entered.metadata, labels: {} } })
    await test.client.of(ConfigMap).delete({ namespace: 'default', name: 'a' })
    await make('b', { tier: 'front' })
    await log.length(3)
    expect(log.words).toEqual(['ADDED a', 'DELETED a', 'ADDED b'])
    expect(log.events[1]?.object.metadata).toMatchObject({
      labels: { tier: 'front' },
      resourceVersion: left.metadata?.resourceVersion,
    })
  })

  it('ends the initial events with a bookmark that says so', async () => {
    await make('a')
    using log = await watchLog(test.transport, PATH, {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    })
    await log.length(2)
    expect(log.words).toEqual(['ADDED a', 'BOOKMARK'])
    expect(log.events[1]?.object.metadata?.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
  })

  it('sends a bookmark each minute, one before it ends, and ends in time', async () => {
    using log = await watchLog(test.transport, PATH, {
      allowWatchBookmarks: 'true',
      timeoutSeconds: '90',
      resourceVersion: '0',
    })
    await clock.advance(60_000)
    expect(log.words).toEqual(['BOOKMARK'])
    expect(log.events[0]?.object.metadata?.resourceVersion).toBe(String(test.store.revision))
    await clock.advance(28_000)
    expect(log.words).toEqual(['BOOKMARK', 'BOOKMARK'])
    await clock.advance(2_000)
    expect(await log.ended).toBeUndefined()
  })

  it('does not wait for a revision that nobody has written', async () => {
    const future = String(test.store.revision + 1000)
    const refused = { code: 504, message: `Too large resource version: ${future}, current: ${test.store.revision}` }
    await expect(list({ resourceVersion: future })).rejects.toMatchObject(refused)
    await expect(watchLog(test.transport, PATH, { resourceVersion: future })).rejects.toMatchObject(refused)
  })

  it('answers nothing any more once it is closed', async () => {
    await test.server.close()
    await expect(list({})).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
  })

  it('refuses at once when its store is gone', async () => {
    const log = await watchLog(test.transport, PATH)
    await test.store.close()
    await log.ended
    await expect(list({})).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
    await expect(make('late')).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
  })

  it('answers 410 to a watch from before it was started', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'podium-restart-'))
    try {
      await using first = await startTestServer({ directory, clock })
      await first.client.of(ConfigMap).create({ metadata: { namespace: 'default', name: 'a' } })
      await first[Symbol.asyncDispose]()
      await using second = await startTestServer({ directory, clock })
      expect((await second.client.of(ConfigMap).list()).items).toHaveLength(1)
      await expect(watchLog(second.transport, PATH, { resourceVersion: '1' })).rejects.toMatchObject({
        code: 410,
        message: `too old resource version: 1 (${second.store.revision})`,
      })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('leaves no timers behind when watches are given up', async () => {
    const before = clock.pending
    const log = await watchLog(test.transport, PATH, { allowWatchBookmarks: 'true' })
    expect(clock.pending).toBe(before + 1)
    log[Symbol.dispose]()
    await log.ended
    await settlePromises()
    expect(clock.pending).toBe(before)
  })
})

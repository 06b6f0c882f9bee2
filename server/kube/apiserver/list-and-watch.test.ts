import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import type { KubeList } from '../apimachinery/object-meta.ts'
import { ConfigMap, Namespace, Node } from '../kinds/index.ts'
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

  it('says that there may be more where a selected page ends before the last object, and looks for none', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await make(name, { odd: String(name === 'a' || name === 'd') })
    const labelSelector = 'odd=true'
    const first = await list({ labelSelector, limit: '1' })
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['a'], undefined])
    const second = await list({ labelSelector, limit: '1', continue: first.metadata.continue ?? '' })
    expect([names(second), second.metadata.continue]).toEqual([['d'], undefined])
    const even = await list({ labelSelector: 'odd=false', limit: '2' })
    expect(names(even)).toEqual(['b', 'c'])
    const rest = await list({ labelSelector: 'odd=false', limit: '2', continue: even.metadata.continue ?? '' })
    expect([names(rest), rest.metadata.continue]).toEqual([[], undefined])
    expect((await list({ labelSelector: 'odd=false', limit: '3' })).metadata.continue).toBeUndefined()
  })

  it('reads one object by its name, whatever is said of watching, and exports none', async () => {
    await make('a')
    const get = (query: Record<string, string>) => test.transport.request({ method: 'GET', path: `${PATH}/a`, query })
    expect(await get({ watch: '1' })).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a' } })
    await expect(get({ export: 'true' })).rejects.toMatchObject({
      code: 400,
      message: 'the export parameter, deprecated since v1.14, is no longer supported',
    })
  })

  it('opens no more watches than can be looked at in each change, and others again when some have ended', async () => {
    const selector = (at: number) => `a in (${Array.from({ length: 100_000 }, (_, of) => `v${at}-${of}`).join()})`
    const open = (at: number) => watchLog(test.transport, PATH, { labelSelector: selector(at) })
    {
      await using stack = new AsyncDisposableStack()
      for (let at = 0; at < 4; at++) stack.use(await open(at))
      const refused = { code: 429, message: 'the server has too many watches open and has asked us to try again later' }
      await expect(open(4)).rejects.toMatchObject(refused)
      // Of a few words there is always room, also when there is none any more.
      const rest = Array.from({ length: 99_980 }, (_, of) => `w${of}`).join()
      stack.use(await watchLog(test.transport, PATH, { labelSelector: `a in (${rest})` }))
      for (let count = 0; count < 20; count++) stack.use(await watchLog(test.transport, PATH, { labelSelector: 'c=d' }))
      stack.use(await watchLog(test.transport, PATH, { labelSelector: 'a=b' }))
    }
    await using _again = await open(4)
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

  it('offers the rest as it is now when the history is compacted', async () => {
    for (const name of ['a', 'b', 'c']) await make(name)
    const first = await list({ limit: '1' })
    await make('d')
    await test.client.of(ConfigMap).delete({ namespace: 'default', name: 'b' })
    await test.store.compact(test.store.revision)
    const refused = await list({ limit: '1', continue: first.metadata.continue ?? '' }).catch((err) => err.toStatus())
    const second = await list({ limit: '1', continue: refused.metadata.continue })
    expect(names(second)).toEqual(['c'])
    expect(second.metadata.resourceVersion).toBe(String(test.store.revision))
    await make('e')
    expect(names(await list({ continue: second.metadata.continue ?? '' })), 'one revision again').toEqual(['d'])
  })

  it('answers 410 when the revision that is asked for exactly is compacted', async () => {
    const { metadata } = await make('a')
    await make('b')
    await test.store.compact(test.store.revision)
    const query = { resourceVersion: metadata?.resourceVersion ?? '', resourceVersionMatch: 'Exact' }
    await expect(list(query)).rejects.toMatchObject({
      code: 410,
      message: 'The resourceVersion for the provided list is too old.',
    })
  })

  describe('which revision a list shows', () => {
    it.each([
      { query: {}, shows: 'a b c' },
      { query: { limit: '1' }, shows: 'a' },
      { query: { resourceVersion: '0' }, shows: 'a b c' },
      { query: { resourceVersion: '0', limit: '1' }, shows: 'a b c' },
      { query: { resourceVersion: '0', resourceVersionMatch: 'NotOlderThan' }, shows: 'a b c' },
      { query: { resourceVersion: 'AT_A' }, shows: 'a b c' },
      { query: { resourceVersion: 'AT_B', limit: '1' }, shows: 'a', at: 'AT_B' },
      { query: { resourceVersion: 'AT_B', limit: '5' }, shows: 'a b', at: 'AT_B' },
      { query: { resourceVersion: 'AT_A', resourceVersionMatch: 'NotOlderThan', limit: '5' }, shows: 'a b c' },
      { query: { resourceVersion: 'AT_B', resourceVersionMatch: 'Exact' }, shows: 'a b', at: 'AT_B' },
    ])('$query', async ({ query, shows, at }) => {
      const revisions: Record<string, string> = {}
      for (const name of ['a', 'b', 'c']) {
        revisions[`AT_${name.toUpperCase()}`] = (await make(name)).metadata?.resourceVersion ?? ''
      }
      const asked = Object.entries(query).map(([name, value]) => [name, revisions[value] ?? value])
      const shown = await list(Object.fromEntries(asked))
      expect(names(shown).join(' ')).toBe(shows)
      expect(shown.metadata.resourceVersion).toBe(at ? revisions[at] : String(test.store.revision))
    })
  })

  it('reads one object not older than a revision, and not of the future', async () => {
    const { metadata } = await make('a')
    const get = (resourceVersion: string) =>
      test.transport.request({ method: 'GET', path: `${PATH}/a`, query: { resourceVersion } })
    expect(await get(metadata?.resourceVersion ?? '')).toMatchObject({ metadata: { name: 'a' } })
    await expect(get(String(test.store.revision + 5))).rejects.toMatchObject({ code: 504, reason: 'Timeout' })
    await expect(get('x')).rejects.toMatchObject({ code: 400 })
  })

  const exact = { resourceVersion: '0', resourceVersionMatch: 'Exact' }
  const initial = { watch: 'true', sendInitialEvents: 'true' }
  it.each([
    {
      query: { resourceVersionMatch: 'Exact' },
      why: 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    },
    { query: { ...exact }, why: 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"' },
    {
      query: { resourceVersion: '1', resourceVersionMatch: 'Near' },
      why: 'Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""',
    },
    {
      query: { resourceVersion: '1', resourceVersionMatch: 'Exact', continue: 'x' },
      why: 'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    },
    { query: { sendInitialEvents: 'true' }, why: 'Forbidden: sendInitialEvents is forbidden for list' },
    {
      query: { ...initial },
      why: 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    },
    {
      query: { watch: 'true', resourceVersionMatch: 'NotOlderThan' },
      why: 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    },
  ])('refuses options that do not go together: $query', async ({ query, why }) => {
    await expect(list({ ...query } as unknown as Record<string, string>)).rejects.toMatchObject({
      code: 422,
      message: expect.stringMatching(/^ListOptions.meta.k8s.io "" is invalid: /),
      details: { causes: expect.arrayContaining([expect.objectContaining({ message: why })]) },
    })
  })

  it.each(['x!', 'e30', Buffer.from('{"v":"meta.k8s.io/v1","rv":1,"start":"../secrets/"}').toString('base64url')])(
    'refuses the continue token %s',
    async (token) => {
      await expect(list({ continue: token })).rejects.toMatchObject({
        code: 400,
        message: expect.stringMatching(/^invalid continue token: continue key is not valid: /),
      })
    },
  )

  it.each([1, -1])('goes on below its own namespace, wherever a token says (revision %s)', async (sign) => {
    const maps = test.client.of(ConfigMap)
    for (const namespace of ['alpha', 'middle', 'omega']) {
      await test.client.of(Namespace).create({ metadata: { name: namespace } })
      for (const name of ['a', 'b']) await maps.create({ metadata: { namespace, name } })
    }
    const path = '/api/v1/namespaces/omega/configmaps'
    const page = async (told: string) =>
      (await test.transport.request({ method: 'GET', path, query: { continue: told } })) as KubeList
    const told = (start: string) => {
      const token = { v: 'meta.k8s.io/v1', rv: sign * test.store.revision, start }
      return Buffer.from(JSON.stringify(token)).toString('base64url')
    }
    for (const start of ['/', 'a', '/a', 'alpha/a', 'configmaps/a', 'middle/b\0']) {
      const { items } = await page(told(start))
      expect(
        items.every(({ metadata }) => metadata?.namespace === 'omega'),
        start,
      ).toBe(true)
    }
    const first = (await test.transport.request({ method: 'GET', path, query: { limit: '1' } })) as KubeList
    const token = Buffer.from(first.metadata.continue ?? '', 'base64url').toString()
    expect(JSON.parse(token), 'as upstream writes it').toMatchObject({ start: 'a\0' })
    expect(names(await page(first.metadata.continue ?? ''))).toEqual(['b'])
    const all = (await test.transport.request({
      method: 'GET',
      path: '/api/v1/configmaps',
      query: { continue: told('middle/b') },
    })) as KubeList
    expect(all.items.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`)).toEqual([
      'middle/b',
      'omega/a',
      'omega/b',
    ])
  })

  it('says in Go’s words what is wrong with a continue token', async () => {
    const message =
      "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value"
    await expect(list({ continue: 'abc' })).rejects.toMatchObject({ message })
  })

  it('wants no revision beside a continue token', async () => {
    for (const name of ['a', 'b']) await make(name)
    const { metadata } = await list({ limit: '1' })
    await expect(list({ continue: metadata.continue ?? '', resourceVersion: '1' })).rejects.toMatchObject({
      code: 400,
      message: 'specifying resource version is not allowed when using continue',
    })
  })

  it.each([
    { name: 'a limit that is no number', query: { limit: 'two' }, message: /strconv.ParseInt: parsing "two"/ },
    { name: 'a revision that is no number', query: { resourceVersion: 'abc' }, message: /strconv.ParseUint/ },
    {
      name: 'an unknown field',
      query: { fieldSelector: 'spec.nope=1' },
      message: /^"spec.nope" is not a known field selector: only "metadata.name", "metadata.namespace"$/,
    },
    { name: 'a broken selector', query: { labelSelector: 'a in b' }, message: /unable to parse requirement/ },
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

  it('tells a watch by a field of what comes to have its value, changes, and has another then', async () => {
    const nodes = test.client.of(Node)
    await Promise.all(['a', 'b', 'c'].map((name) => nodes.create({ metadata: { name } })))
    const path = '/api/v1/nodes'
    const resourceVersion = String(test.store.revision)
    using cordoned = await watchLog(test.transport, path, { fieldSelector: 'spec.unschedulable=true', resourceVersion })
    using named = await watchLog(test.transport, path, { fieldSelector: 'metadata.name=b', resourceVersion })
    using others = await watchLog(test.transport, path, { fieldSelector: 'metadata.name!=b', resourceVersion })
    const patch = (name: string, body: object) => nodes.patch({ name }, 'application/merge-patch+json', body)
    for (const name of ['a', 'b']) {
      await patch(name, { spec: { unschedulable: true } })
      await patch(name, { metadata: { labels: { seen: 'yes' } } })
      await patch(name, { spec: { unschedulable: false } })
    }
    await nodes.delete({ name: 'b' })
    await nodes.delete({ name: 'c' })
    await Promise.all([cordoned.length(6), named.length(4), others.length(4)])
    expect(cordoned.words).toEqual(
      ['a', 'b'].flatMap((name) => [`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]),
    )
    expect(named.words).toEqual([...Array(3).fill('MODIFIED b'), 'DELETED b'])
    expect(others.words).toEqual([...Array(3).fill('MODIFIED a'), 'DELETED c'])
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
      expect((await second.client.of(ConfigMap).list({ namespace: 'default' })).items).toHaveLength(1)
      // Inside of the watch, as upstream: whoever may watch is answered 200 first.
      const log = await watchLog(second.transport, PATH, { resourceVersion: '1' })
      expect(await log.ended).toMatchObject({
        code: 410,
        message: `too old resource version: 1 (${second.store.revision})`,
      })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('says with which fields of a kind one may select', async () => {
    const path = '/api/v1/pods'
    const query = { fieldSelector: 'spec.nope=1' }
    await expect(test.transport.request({ method: 'GET', path, query })).rejects.toMatchObject({
      code: 400,
      message: 'field label not supported: spec.nope',
    })
  })

  it('keeps a watch open that is asked to last longer than a timer can', async () => {
    using log = await watchLog(test.transport, PATH, { resourceVersion: '0', timeoutSeconds: '99999999999' })
    await clock.advance(2 * 3600_000)
    await make('late')
    await log.length(1)
  })

  it('leaves no timers behind when watches are given up', async () => {
    // By the time that this is written, the server's own watches are open.
    await make('first')
    const before = clock.pending
    const log = await watchLog(test.transport, PATH, { allowWatchBookmarks: 'true' })
    expect(clock.pending).toBe(before + 1)
    log[Symbol.dispose]()
    await log.ended
    await settlePromises()
    expect(clock.pending).toBe(before)
  })
})

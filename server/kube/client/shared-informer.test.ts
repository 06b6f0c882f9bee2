import type { ConfigMap as CoreConfigMap } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { expired, StatusError } from '../apimachinery/status-error.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { createClient } from './client.ts'
import { type Change, SharedInformer } from './shared-informer.ts'
import { ScriptedTransport } from './testing/scripted-transport.ts'

const map = (name: string, revision: number, data = ''): CoreConfigMap => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: String(revision) },
  data: { data },
})
const list =
  (revision: number, ...items: CoreConfigMap[]) =>
  () => ({ metadata: { resourceVersion: String(revision) }, items })
const inWords = (change: Change<CoreConfigMap>) =>
  `${change.type} ${change.object.metadata?.name}@${change.object.metadata?.resourceVersion}`

function start() {
  const clock = new FakeClock()
  const transport = new ScriptedTransport()
  const heard: string[] = []
  const stop = new AbortController()
  const informer = new SharedInformer({
    client: createClient(transport),
    kind: ConfigMap,
    clock,
    random: () => 0,
    logger: noLogger,
  })
  informer.addHandler((change) => void heard.push(inWords(change)))
  const run = () => informer.start(stop.signal)
  return { clock, transport, heard, informer, stop, run }
}

it('tells of the list, then of every change, with the cache already changed', async () => {
  const { transport, heard, informer, run } = start()
  const cached: (string | undefined)[] = []
  informer.addHandler(
    ({ object }) => void cached.push(informer.cache.get(`default/${object.metadata?.name}`)?.metadata?.resourceVersion),
  )
  transport.answers.push(list(5, map('a', 3)))
  void run()
  await informer.synced
  await settlePromises()
  expect(informer.revision).toBe(5)
  const [watch] = transport.watches
  expect(watch?.request.query).toMatchObject({ watch: 'true', resourceVersion: '5', allowWatchBookmarks: 'true' })
  watch?.feed(
    { type: 'ADDED', object: map('b', 6) },
    { type: 'MODIFIED', object: map('a', 7) },
    { type: 'DELETED', object: map('b', 8) },
    { type: 'BOOKMARK', object: { metadata: { resourceVersion: '20' } } },
  )
  await settlePromises()
  expect(heard).toEqual(['added a@3', 'added b@6', 'updated a@7', 'deleted b@8'])
  expect(cached).toEqual(['3', '6', '7', undefined])
  expect(informer.revision).toBe(20)
})

it('goes on from the last revision heard when a watch ends, without listing again', async () => {
  const { transport, informer, run, clock } = start()
  transport.answers.push(list(5))
  void run()
  await informer.synced
  await settlePromises()
  transport.watches[0]?.feed({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } }, { type: 'end' })
  await clock.advance(1)
  expect(transport.watches[1]?.request.query?.resourceVersion).toBe('9')
  expect(transport.requests).toHaveLength(1)
})

it('lists again when the server has forgotten its revision, and tells what was lost meanwhile', async () => {
  const { transport, heard, informer, run } = start()
  transport.answers.push(list(5, map('kept', 2), map('lost', 3)))
  void run()
  await informer.synced
  await settlePromises()
  transport.answers.push(list(90, map('kept', 2), map('new', 80)))
  transport.watches[0]?.feed({ type: 'fail', error: expired('too old resource version: 5 (60)') })
  await settlePromises()
  expect(heard.slice(2)).toEqual(['updated kept@2', 'added new@80', 'deleted lost@3'])
  // The newest state was asked for, not one at least as new as that which is forgotten.
  expect(transport.requests[1]?.query).not.toHaveProperty('resourceVersion')
  expect(transport.watches[1]?.request.query?.resourceVersion).toBe('90')
})

it('lists again when the server has never heard of its revision: the store was put back to an earlier one', async () => {
  const { transport, heard, run, informer } = start()
  const tooLarge = new StatusError('Timeout', 'Too large resource version: 5, current: 3', {
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
  })
  transport.answers.push(list(5, map('a', 2), map('late', 4)), list(3, map('a', 2)))
  transport.refusals.push(tooLarge)
  void run()
  await informer.synced
  await settlePromises()
  expect(heard.slice(2)).toEqual(['updated a@2', 'deleted late@4'])
  expect(transport.requests.at(-1)?.query).not.toHaveProperty('resourceVersion')
  expect(transport.watches[0]?.request.query?.resourceVersion).toBe('3')
})

it('tells of two objects when one was deleted and made again under its name while nobody looked', async () => {
  const { transport, heard, informer, run } = start()
  const uids: (string | undefined)[] = []
  informer.addHandler(({ object }) => void uids.push(object.metadata?.uid))
  transport.answers.push(list(5, map('a', 3)))
  void run()
  await informer.synced
  await settlePromises()
  const anew = map('a', 80)
  transport.answers.push(list(90, { ...anew, metadata: { ...anew.metadata, uid: 'uid-other' } }))
  transport.watches[0]?.feed({ type: 'fail', error: expired('too old resource version: 5 (60)') })
  await settlePromises()
  expect(heard).toEqual(['added a@3', 'deleted a@3', 'added a@80'])
  expect(uids).toEqual(['uid-a', 'uid-a', 'uid-other'])
})

it('reads a long list page by page, all from the same snapshot', async () => {
  const { transport, informer, run } = start()
  transport.answers.push(
    () => ({ metadata: { resourceVersion: '7', continue: 'page-2' }, items: [map('a', 1)] }),
    list(7, map('b', 2)),
  )
  void run()
  await informer.synced
  await settlePromises()
  expect(informer.cache.size).toBe(2)
  expect(transport.requests.map(({ query }) => query)).toEqual([
    { limit: '500', resourceVersion: '0' },
    { limit: '500', continue: 'page-2' },
  ])
})

it('asks ever more rarely while the server cannot be reached', async () => {
  const { transport, clock, run, informer } = start()
  const at: number[] = []
  const refuse = () => {
    at.push(clock.monotonic())
    throw new Error('connect ECONNREFUSED')
  }
  transport.answers.push(refuse, refuse, refuse, list(1))
  void run()
  await clock.advance(10_000)
  await informer.synced
  await settlePromises()
  expect(at).toEqual([0, 800, 2400])
})

it('waits, and does not list, when a watch is refused for the time being', async () => {
  const { transport, clock, run, informer } = start()
  transport.answers.push(list(5))
  transport.refusals.push(new StatusError('TooManyRequests', 'too many requests'))
  void run()
  await informer.synced
  await settlePromises()
  await clock.advance(799)
  expect(transport.watches).toHaveLength(0)
  await clock.advance(1)
  expect(transport.watches).toHaveLength(1)
  expect(transport.requests.filter(({ query }) => !query?.watch)).toHaveLength(1)
})

it('gives handlers frozen objects, tells late ones everything, and survives one that throws', async () => {
  const { transport, informer, run, heard } = start()
  informer.addHandler(() => {
    throw new Error('a mistake')
  })
  transport.answers.push(list(5, map('a', 3)))
  void run()
  await informer.synced
  await settlePromises()
  const late: string[] = []
  informer.addHandler((change) => void late.push(inWords(change)))
  expect(late).toEqual(['added a@3'])
  transport.watches[0]?.feed({ type: 'ADDED', object: map('b', 6) })
  await settlePromises()
  expect(heard).toEqual(late)
  const cached = informer.cache.get('default/a')
  expect(() => Object.assign(cached?.data ?? {}, { data: 'changed' })).toThrow(TypeError)
})

it('leaves no timer and no loop behind when it is stopped', async () => {
  const { transport, informer, run, stop, clock } = start()
  transport.answers.push(list(5))
  const ended = run()
  await informer.synced
  await settlePromises()
  stop.abort()
  await ended
  expect(clock.pending).toBe(0)
})

import { expect, it } from 'vitest'
import { noLogger } from '../../../base/logger.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { Pod } from '../../kinds/index.ts'
import type { Registry } from '../registry/registry.ts'
import type { OutgoingEvent, WatchSink } from '../request-path/answer.ts'
import type { Entry } from '../watch-cache/entry.ts'
import { ResourceCache } from '../watch-cache/resource-cache.ts'
import type { CacheEvent, FixedField } from '../watch-cache/watcher.ts'
import { type Member, type Seen, WatchViews } from './watch-view.ts'

const state = (revision: number, app = 'web'): Entry => ({
  key: '/registry/pods/default/a',
  revision,
  object: { metadata: { name: 'a', labels: { app } } },
  value: Buffer.alloc(0),
})
const change = (type: CacheEvent['type'], entry: Entry, previous?: Entry): CacheEvent => ({
  type,
  revision: entry.revision,
  entry,
  previous,
  cause: '',
})

const nodeOf = (object: KubeObject) => (object as { spec?: { nodeName?: string } }).spec?.nodeName ?? ''

/** Watches of pods with `app=web`; `shown` stands for a webhook that converts. */
function scope(shown: Registry['shown'] = (entries) => entries, fixed?: FixedField) {
  const cache = new ResourceCache(Pod, '/registry/pods/', noLogger)
  let looked = 0
  return {
    registry: { shown, cache } as unknown as Registry,
    isIn: (entry: Entry) => {
      looked++
      return entry.object.metadata?.labels?.app === 'web'
    },
    fixed,
    shownEntry: (entry: Entry) => entry,
    tellsEach: (size: number) => size <= 5,
    looked: () => looked,
    put: (revision: number, app?: string) => cache.put(state(revision, app), ''),
    cache,
  }
}

/** One that hears alone, and says what. */
function member() {
  const heard: string[] = []
  const word = ({ type, entry }: OutgoingEvent) => `${type}@${entry?.revision}`
  const asMember: Member = {
    tell: (seen: Seen | Promise<Seen>) =>
      void (seen instanceof Promise
        ? seen.then((event) => event && heard.push(word(event)))
        : seen && heard.push(word(seen))),
    told: (event) => heard.push(`${word(event)} with others`),
    close: (error) => heard.push(`closed: ${error?.reason ?? ''}`),
  }
  return { ...asMember, heard }
}

/** What those who share hear, once for all. */
function sharing() {
  const heard: string[] = []
  const shared = { event: ({ type, entry }: OutgoingEvent) => void heard.push(`${type}@${entry?.revision}`) }
  return { sink: { shared: () => shared } as unknown as WatchSink, heard }
}

it('looks at a change once and tells it once, however many watch the same', () => {
  const views = new WatchViews()
  const asked = scope()
  const { sink, heard } = sharing()
  const members = Array.from({ length: 5 }, member)
  const alone = member()
  for (const one of members) views.open('app=web', asked).view.join(one, sink)
  views.open('app=web', asked).view.join(alone, undefined)
  asked.put(1)
  expect(asked.looked()).toBe(1)
  expect(heard).toEqual(['ADDED@1'])
  expect(members.map((one) => one.heard)).toEqual(members.map(() => ['ADDED@1 with others']))
  expect(alone.heard).toEqual(['ADDED@1'])
  expect(asked.cache.watchers).toBe(6)
})

it('tells the trace nothing of each delivery where they are too many for that', () => {
  const asked = scope()
  const { view } = new WatchViews().open('app=web', asked)
  const { sink, heard } = sharing()
  const members = Array.from({ length: 6 }, member)
  const memberships = members.map((one) => view.join(one, sink))
  asked.put(1)
  memberships[0]?.[Symbol.dispose]()
  asked.put(2)
  expect(heard).toEqual(['ADDED@1', 'MODIFIED@2'])
  expect(members[1]?.heard).toEqual(['MODIFIED@2 with others'])
})

it('is shown only what may concern those who watch one value of a field', () => {
  const nodeName = (value: string) => ({ field: 'spec.nodeName', value, read: nodeOf })
  const asked = ['a', 'b', 'a'].map((node) => scope((entries) => entries, nodeName(node)))
  const { cache } = asked[0]!
  const views = asked.map((one) => new WatchViews().open('', { ...one, registry: asked[0]!.registry }))
  const looks = () => asked.map(({ looked }) => looked())
  const put = (revision: number, nodeName: string) =>
    cache.put({ ...state(revision), object: { ...state(revision).object, spec: { nodeName } } as KubeObject }, '')
  put(1, 'a')
  expect(looks()).toEqual([1, 0, 1])
  // Both of them have to hear of it: one of what is gone, one of what has come.
  put(2, 'b')
  expect(looks()).toEqual([3, 2, 3])
  put(3, 'c')
  expect(looks()).toEqual([3, 4, 3])
  views[0]!.leave()
  put(4, 'a')
  expect(looks()).toEqual([3, 4, 5])
})

it('tells nobody who has left, and starts anew when nobody has been watching', () => {
  const views = new WatchViews()
  const asked = scope()
  const { sink, heard } = sharing()
  const [one, other] = [views.open('app=web', asked), views.open('app=web', asked)]
  const memberships = [one.view.join(member(), sink), other.view.join(member(), undefined)]
  one.leave()
  expect(views.open('app=web', asked).view).toBe(other.view)
  for (const membership of memberships) membership[Symbol.dispose]()
  asked.put(1)
  expect(heard).toEqual([])
  other.leave()
  one.leave()
  expect(views.open('app=web', asked).view).not.toBe(other.view)
  expect(asked.cache.watchers).toBe(0)
})

it('keeps the order where a webhook converts, also for those who come while it is asked', async () => {
  const answers: (() => void)[] = []
  const asked = scope((entries) => new Promise((resolve) => answers.push(() => resolve(entries as Entry[]))))
  const { view } = new WatchViews().open('', asked)
  const { sink, heard } = sharing()
  const [early, late] = [member(), member()]
  view.join(early, sink)
  asked.put(1)
  view.join(late, sink)
  asked.put(2)
  for (const answer of answers.reverse()) answer()
  await expect.poll(() => early.heard).toEqual(['ADDED@1 with others', 'MODIFIED@2 with others'])
  expect(heard).toEqual(['ADDED@1', 'MODIFIED@2'])
  expect(late.heard).toEqual(['MODIFIED@2'])
})

it('ends those alone who cannot be told, and the others with the cache', () => {
  const asked = scope()
  const { view } = new WatchViews().open('', asked)
  const broken = {
    ...member(),
    tell: () => {
      throw new Error('no')
    },
  }
  const [alone, together] = [member(), member()]
  const { sink } = sharing()
  view.join(broken, undefined)
  view.join(alone, undefined)
  view.join(together, sink)
  asked.put(1)
  asked.cache.endWatchers(new StatusError('Expired', 'too old'))
  expect(broken.heard[0]).toBe('closed: InternalError')
  expect(alone.heard).toEqual(['ADDED@1', 'closed: Expired'])
  expect(together.heard).toEqual(['ADDED@1 with others', 'closed: Expired'])
})

it.each([
  ['what has begun to match is added', change('MODIFIED', state(2), state(1, 'db')), 'ADDED', 2],
  ['what goes on to match is modified', change('MODIFIED', state(2), state(1)), 'MODIFIED', 2],
  ['what has ceased to match is deleted', change('MODIFIED', state(2, 'db'), state(1)), 'DELETED', 2],
  ['what is gone and matched is deleted', change('DELETED', state(2), state(1)), 'DELETED', 2],
  [
    'what is gone and did not match is nothing',
    change('DELETED', state(2, 'db'), state(1, 'db')),
    undefined,
    undefined,
  ],
])('%s', async (_fact, event, type, revision) => {
  const seen = await new WatchViews().open('', scope()).view.look(event)
  expect([seen?.type, seen?.entry?.revision]).toEqual([type, revision])
})

import { expect, it } from 'vitest'
import type { Registry } from '../registry/registry.ts'
import type { Entry } from '../watch-cache/entry.ts'
import type { CacheEvent } from '../watch-cache/resource-cache.ts'
import { WatchViews } from './watch-view.ts'

const state = (revision: number, app: string): Entry => ({
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

function scope() {
  let looked = 0
  return {
    registry: { shown: (entries: readonly Entry[]) => entries } as Registry,
    isIn: (entry: Entry) => {
      looked++
      return entry.object.metadata?.labels?.app === 'web'
    },
    shownEntry: (entry: Entry) => entry,
    looked: () => looked,
  }
}

it('looks at a change once, however many watch the same', () => {
  const views = new WatchViews()
  const asked = scope()
  const watchers = Array.from({ length: 5 }, () => views.join('app=web', asked))
  for (const [index, event] of [change('ADDED', state(1, 'web')), change('ADDED', state(2, 'web'))].entries()) {
    const heard = new Set(watchers.map(({ view }) => view.of(event)))
    expect([...heard]).toEqual([{ type: 'ADDED', object: event.entry.object, entry: event.entry }])
    expect(asked.looked()).toBe(index + 1)
  }
})

it('starts anew when nobody has been watching', () => {
  const views = new WatchViews()
  const [one, other] = [views.join('app=web', scope()), views.join('app=web', scope())]
  one.leave()
  expect(views.join('app=web', scope()).view).toBe(other.view)
  other.leave()
  expect(views.join('app=db', scope()).view).not.toBe(other.view)
})

it.each([
  ['what has begun to match is added', change('MODIFIED', state(2, 'web'), state(1, 'db')), 'ADDED', 2],
  ['what goes on to match is modified', change('MODIFIED', state(2, 'web'), state(1, 'web')), 'MODIFIED', 2],
  ['what has ceased to match is deleted', change('MODIFIED', state(2, 'db'), state(1, 'web')), 'DELETED', 2],
  ['what is gone and matched is deleted', change('DELETED', state(2, 'web'), state(1, 'web')), 'DELETED', 2],
  [
    'what is gone and did not match is nothing',
    change('DELETED', state(2, 'db'), state(1, 'db')),
    undefined,
    undefined,
  ],
])('%s', async (_fact, event, type, revision) => {
  const seen = await new WatchViews().join('', scope()).view.of(event)
  expect([seen?.type, seen?.entry?.revision]).toEqual([type, revision])
})

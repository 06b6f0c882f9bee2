import { describe } from 'vitest'
import type { Check } from '../check.ts'
import type { ClusterView, ConfigMap, Memory } from '../cluster-view.ts'
import { configMapMadeAgain, configMapWrittenOnce } from './config-map-checks.ts'
import { judge } from './testing/judged.ts'
import { view } from './testing/objects.ts'

const map = (uid: string, resourceVersion: number): ConfigMap => ({
  metadata: { name: 'note', namespace: 'default', uid, resourceVersion: String(resourceVersion) },
})

/** What a check that saw all of these, one after the other, remembers at the last; undefined: there was none. */
function seenAll(check: Check, ...seen: (ConfigMap | undefined)[]): ClusterView {
  const views = (seen.length > 0 ? seen : [undefined]).map((each) => view({ configMaps: each ? [each] : [] }))
  let memory: Memory | undefined
  for (const each of views) memory = check.remembers?.(each, memory)
  return { ...views.at(-1)!, before: { pods: [], seen: memory ? { [check.id]: memory } : {} } }
}

const again = configMapMadeAgain('note')
const once = configMapWrittenOnce('note')

describe('a ConfigMap that is made again', () => {
  judge([
    {
      name: 'is another object',
      check: again,
      cluster: seenAll(again, map('a', 1), undefined, map('b', 3)),
      state: 'ok',
    },
    {
      name: 'is none while it is only changed',
      check: again,
      cluster: seenAll(again, map('a', 1), map('a', 2)),
      state: 'waiting',
      says: 'is still the first one of that name',
    },
    {
      name: 'is not there yet',
      check: again,
      cluster: seenAll(again, map('a', 1), undefined),
      state: 'waiting',
      says: 'at the moment',
    },
  ])
})

describe('a ConfigMap written once', () => {
  judge([
    { name: 'as it was made', check: once, cluster: seenAll(once, map('a', 7)), state: 'ok' },
    {
      name: 'and then once more',
      check: once,
      cluster: seenAll(once, map('a', 7), map('a', 9)),
      state: 'failed',
      says: 'was made at revision `7`, and written again at `9`',
    },
    {
      name: 'after another was',
      check: once,
      cluster: seenAll(once, map('a', 7), map('a', 9), map('b', 12)),
      state: 'ok',
    },
    { name: 'not at all', check: once, cluster: seenAll(once), state: 'waiting', says: 'There is no ConfigMap' },
  ])
})

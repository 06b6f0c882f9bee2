import { describe } from 'vitest'
import { everyPodHas, onlyTheseHave, selectsExactly } from './label-checks.ts'
import { judge } from './testing/judged.ts'
import { pod, view } from './testing/objects.ts'

const canary = selectsExactly({ release: 'canary' }, ['a', 'b'])
const labelled = (name: string, labels: Record<string, string> = {}) => pod(name, { labels })
const yes = { release: 'canary' }

describe('who is selected', () => {
  judge([
    {
      name: 'exactly those',
      check: canary,
      cluster: view({ pods: [labelled('a', yes), labelled('b', yes), labelled('c')] }),
      state: 'ok',
    },
    {
      name: 'one is missing',
      check: canary,
      cluster: view({ pods: [labelled('a', yes), labelled('b', { release: 'cannary' })] }),
      state: 'waiting',
      says: 'does not select `b` yet: `b` has `release=cannary`.',
    },
    {
      name: 'one too many',
      check: canary,
      cluster: view({ pods: [labelled('a', yes), labelled('b', yes), labelled('c', yes)] }),
      state: 'failed',
      says: 'also selects `c`: `c` has `release=canary`.',
    },
    {
      name: 'one was deleted',
      check: canary,
      cluster: view({ pods: [labelled('a', yes)] }),
      state: 'failed',
      says: 'Pod `b` is gone',
    },
    {
      name: 'one on its way out does not count',
      check: canary,
      cluster: view({ pods: [labelled('a', yes), labelled('b', yes), pod('c', { labels: yes, deleted: true })] }),
      state: 'ok',
    },
    {
      name: 'nobody else carries it',
      check: onlyTheseHave('release', ['a']),
      cluster: view({ pods: [labelled('a', yes), labelled('c')] }),
      state: 'ok',
    },
    {
      name: 'somebody else carries it, with another value',
      check: onlyTheseHave('release', ['a']),
      cluster: view({ pods: [labelled('a', yes), labelled('c', { release: 'none' })] }),
      state: 'failed',
      says: '`c` has `release=none`. To take it off: `kubectl label pod c release-`.',
    },
    {
      name: 'nobody is without',
      check: everyPodHas('app'),
      cluster: view({ pods: [labelled('a', { app: 'x' })] }),
      state: 'ok',
    },
    {
      name: 'somebody is without',
      check: everyPodHas('app'),
      cluster: view({ pods: [labelled('a', { app: 'x' }), labelled('odd')] }),
      state: 'waiting',
      says: 'Pod `odd` has no label `app` yet.',
    },
  ])
})

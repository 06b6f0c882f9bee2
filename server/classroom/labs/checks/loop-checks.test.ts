import { describe } from 'vitest'
import type { ReplicaSet } from '../cluster-view.ts'
import { LOOPS } from '../loops.ts'
import { loopHeld, loopReleased, replicaSetShort } from './loop-checks.ts'
import { judge } from './testing/judged.ts'
import { pod, view } from './testing/objects.ts'

const held = [LOOPS.replicaset.client]
const set: ReplicaSet = {
  metadata: { name: 'web', namespace: 'default', uid: 'rs' },
  spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
}
const owned = (name: string) => pod(name, { owner: 'rs' })

describe('a loop', () => {
  judge([
    { name: 'that is held', check: loopHeld('replicaset'), cluster: view({ held }), state: 'ok' },
    {
      name: 'that runs, and should be held',
      check: loopHeld('replicaset'),
      cluster: view({ held: [LOOPS.deployment.client] }),
      state: 'waiting',
      says: 'The ReplicaSet loop runs freely.',
    },
    { name: 'that was let go', check: loopReleased('replicaset'), cluster: view({}), state: 'ok' },
    {
      name: 'that is held, and should run',
      check: loopReleased('replicaset'),
      cluster: view({ held }),
      state: 'waiting',
      says: 'is still held',
    },
  ])
})

describe('a ReplicaSet whose loop is held', () => {
  const short = replicaSetShort('web', 2)
  judge([
    { name: 'and misses a Pod', check: short, cluster: view({ replicaSets: [set], pods: [owned('a')] }), state: 'ok' },
    {
      name: 'and has them all still',
      check: short,
      cluster: view({ held, replicaSets: [set], pods: [owned('a'), owned('b')] }),
      state: 'waiting',
      says: 'Delete one of them.',
    },
    {
      name: 'no longer',
      check: short,
      cluster: view({ replicaSets: [set], pods: [owned('a'), owned('b')] }),
      state: 'waiting',
      says: 'Hold it first.',
    },
    {
      name: 'and was told to want fewer',
      check: short,
      cluster: view({ replicaSets: [{ ...set, spec: { ...set.spec!, replicas: 1 } }], pods: [owned('a')] }),
      state: 'waiting',
      says: 'wants 1 Pod; this step wants 2',
    },
  ])
})

import { expect, it } from 'vitest'
import { type ClusterView, type Memory, type Pod, type ReplicaSet, rememberPods } from '../cluster-view.ts'
import { onePodWasDeleted } from './pod-deletion-check.ts'
import { pod, replicaSet, view } from './testing/objects.ts'

const check = onePodWasDeleted('web')
const wanting = (replicas: number, uid = 'rs'): ReplicaSet => ({
  ...replicaSet(uid, 'web', replicas),
  spec: { replicas, selector: {} },
})
const pods = (...names: string[]): Pod[] => names.map((name) => pod(name, { owner: 'rs' }))
const going = (name: string): Pod => pod(name, { owner: 'rs', deleted: true })
const at = (replicas: number, ...there: Pod[]): ClusterView => view({ replicaSets: [wanting(replicas)], pods: there })

/** What is said after these moments, one after the other. */
function after(...moments: ClusterView[]) {
  let memory: Memory | undefined
  for (const each of moments) memory = check.remembers?.(each, memory)
  const seen = memory && { [check.id]: memory }
  const before = { ...rememberPods(moments[0]?.pods ?? []), ...(seen ? { seen } : {}) }
  const { state, message } = check.judge({ ...(moments.at(-1) as ClusterView), before })
  return `${state}: ${message}`
}

const three = at(3, ...pods('a', 'b', 'c'))

it('is content with a Pod that somebody deleted, whatever its labels', () => {
  expect(after(three, at(3, going('a'), ...pods('b', 'c')), at(3, ...pods('b', 'c')))).toBe('ok: ')
  expect(after(three, at(3, ...pods('b', 'c', 'd')))).toBe('ok: ')
})

it('waits until the Pod has gone, and while nobody has deleted any', () => {
  expect(after(three, at(3, going('a'), ...pods('b', 'c')))).toContain('waiting: Pod `a` is going away')
  expect(after(three)).toBe('waiting: The same 3 Pods are still there: `a`, `b` and `c`.')
})

it('takes no Pod for a deleted one that the loop took away when it was told to want fewer', () => {
  const fewer = [at(2, ...pods('a', 'b', 'c')), at(2, ...pods('a', 'b'), going('c')), at(2, ...pods('a', 'b'))]
  expect(after(three, ...fewer, at(3, ...pods('a', 'b', 'd')))).toContain('waiting: 1 Pod went because `web` was told')
  expect(after(three, ...fewer, at(3, ...pods('a', 'b', 'd')), at(3, ...pods('b', 'd', 'e')))).toBe('ok: ')
  // Told twice before it did anything.
  expect(after(three, at(2, ...pods('a', 'b', 'c')), at(1, ...pods('a', 'b', 'c')), at(1, ...pods('a')))).toContain(
    'waiting: 2 Pods went',
  )
})

it('takes no Pod for a deleted one that a rollout replaced, or that went with its ReplicaSet', () => {
  const fresh = (name: string) => pod(name, { owner: 'new' })
  const rolled = [
    view({ replicaSets: [wanting(1), wanting(0, 'new')], pods: pods('a') }),
    view({ replicaSets: [wanting(1), wanting(1, 'new')], pods: [...pods('a'), fresh('b')] }),
    view({ replicaSets: [wanting(0), wanting(1, 'new')], pods: [...pods('a'), fresh('b')] }),
    view({ replicaSets: [wanting(0), wanting(1, 'new')], pods: [fresh('b')] }),
  ]
  expect(after(...rolled)).toContain('waiting: 1 Pod went')
  expect(after(three, view({ pods: pods('a', 'b', 'c') }), view({}))).not.toContain('ok')
})

it('takes no Pod for a deleted one that was let go by its label', () => {
  const aside = pod('a', { labels: { app: 'aside' } })
  expect(after(three, at(3, aside, ...pods('b', 'c')), at(3, aside, ...pods('b', 'c', 'd')))).not.toContain('ok')
})

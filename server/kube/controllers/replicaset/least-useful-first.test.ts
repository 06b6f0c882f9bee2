import type { ReplicaSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { leastUsefulFirst, siblingsOf } from './least-useful-first.ts'

const NOW = Date.UTC(2026, 0, 2)
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString()

interface Told {
  node?: string
  phase?: string
  readyFor?: number
  unreadyFor?: number
  cost?: string
  restarts?: number
  sidecarRestarts?: number
  age?: number
}

const restarted = (name: string, restartCount: number) => ({
  name,
  ready: true,
  restartCount,
  image: 'x',
  imageID: 'x',
})

function pod(
  name: string,
  {
    node = 'node-1',
    phase = 'Running',
    readyFor,
    unreadyFor,
    cost,
    restarts = 0,
    sidecarRestarts = 0,
    age = 600,
  }: Told = {},
): Pod {
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: ago(age),
      ...(cost ? { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } } : {}),
    },
    spec: {
      containers: [],
      initContainers: [{ name: 'once' }, { name: 'beside', restartPolicy: 'Always' }],
      ...(node ? { nodeName: node } : {}),
    },
    status: {
      phase,
      conditions: [
        ...(readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) }]),
        ...(unreadyFor === undefined ? [] : [{ type: 'Ready', status: 'False', lastTransitionTime: ago(unreadyFor) }]),
      ],
      containerStatuses: [restarted('c', restarts)],
      initContainerStatuses: [restarted('once', name === 'after' ? 9 : 0), restarted('beside', sidecarRestarts)],
    },
  }
}

const ready = { readyFor: 300 }

it.each<{ name: string; first: Told; after: Told }>([
  { name: 'without a node before with one', first: { node: '', phase: 'Pending' }, after: { phase: 'Pending' } },
  { name: 'pending before running', first: { phase: 'Pending' }, after: {} },
  { name: 'not ready before ready', first: {}, after: ready },
  { name: 'cheaper before dearer', first: { ...ready, cost: '-5' }, after: ready },
  { name: 'not ready before cheap', first: {}, after: { ...ready, cost: '-5' } },
  { name: 'ready for a shorter time before longer', first: { readyFor: 1 }, after: ready },
  { name: 'restarted more before less', first: { ...ready, restarts: 3 }, after: ready },
  {
    name: 'restarted beside the others more before less',
    first: { ...ready, sidecarRestarts: 3 },
    after: { ...ready, sidecarRestarts: 2 },
  },
  {
    name: 'restarted more, whatever happened beside',
    first: { ...ready, restarts: 1 },
    after: { ...ready, sidecarRestarts: 5 },
  },
  {
    name: 'restarted more, for however long neither has been ready',
    first: { restarts: 1, unreadyFor: 500 },
    after: { unreadyFor: 1 },
  },
  { name: 'younger before older', first: { ...ready, age: 301 }, after: { ...ready, age: 3000 } },
])('$name', ({ first, after }) => {
  const pods = [pod('after', after), pod('first', first)]
  expect(leastUsefulFirst(pods, [], NOW).map(({ metadata }) => metadata?.name)).toEqual(['first', 'after'])
  expect(leastUsefulFirst([...pods].reverse(), [], NOW)[0]?.metadata?.name).toBe('first')
})

it('prefers those that share their node with others of the same application', () => {
  const pods = [pod('lone', { ...ready, node: 'node-2' }), pod('a', ready), pod('b', ready)]
  expect(leastUsefulFirst(pods, pods, NOW).at(-1)?.metadata?.name).toBe('lone')
})

const set = (name: string, owner?: string): ReplicaSet => {
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', controller: true }
  return { metadata: { name, ...(owner ? { ownerReferences: [{ ...reference, uid: owner }] } : {}) } }
}
it.each([
  { name: 'itself alone', of: set('rs1', '123'), sets: [set('rs1', '123'), set('rs3', '456')], names: ['rs1'] },
  {
    name: 'all of its Deployment and no others',
    of: set('rs1', '123'),
    sets: [set('rs1', '123'), set('rs2', '123'), set('rs3', '456')],
    names: ['rs1', 'rs2'],
  },
  { name: 'nobody’s, not even its own, without a Deployment', of: set('rs1'), sets: [set('rs1')], names: [] },
])('looks at pods on shared nodes of $name', ({ of, sets, names }) => {
  const owned = (uid?: string) => sets.filter(({ metadata }) => metadata?.ownerReferences?.[0]?.uid === uid)
  expect(siblingsOf(of, owned).map(({ metadata }) => metadata?.name)).toEqual(names)
})

it('does not tell apart ages that are about the same', () => {
  const pods = [pod('a', { ...ready, age: 1000 }), pod('b', { ...ready, age: 999 })]
  expect(leastUsefulFirst(pods, [], NOW).map(({ metadata }) => metadata?.name)).toEqual(['a', 'b'])
})

it('does not look at restarts of those that became ready at about the same time', () => {
  const pods = [pod('b', { readyFor: 300, restarts: 5 }), pod('a', { readyFor: 301 })]
  expect(leastUsefulFirst(pods, [], NOW).map(({ metadata }) => metadata?.name)).toEqual(['a', 'b'])
})

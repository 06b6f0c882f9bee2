import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { IndexedCache } from './indexed-cache.ts'

const pod = (name: string, node: string, owner?: string): Pod => ({
  metadata: {
    name,
    namespace: 'default',
    ...(owner
      ? { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] }
      : {}),
  },
  spec: { nodeName: node, containers: [] },
})
const names = (pods: Pod[]) => pods.map(({ metadata }) => metadata?.name)

it('files what is added, moved and deleted under every index, old entries first', () => {
  const cache = new IndexedCache<Pod>()
  cache.put(pod('a', 'node-1', 'rs'))
  cache.addIndex('node', ({ spec }) => [spec?.nodeName ?? ''])
  cache.put(pod('b', 'node-1'))
  expect(names(cache.byIndex('node', 'node-1'))).toEqual(['a', 'b'])
  cache.put(pod('a', 'node-2', 'rs'))
  expect(names(cache.byIndex('node', 'node-1'))).toEqual(['b'])
  expect(names(cache.byIndex('node', 'node-2'))).toEqual(['a'])
  expect(names(cache.controlledBy('rs'))).toEqual(['a'])
  cache.put(pod('a', 'node-2'))
  expect(cache.controlledBy('rs')).toEqual([])
  cache.delete('default/a')
  expect(cache.byIndex('node', 'node-2')).toEqual([])
  expect(names(cache.inNamespace('default'))).toEqual(['b'])
})

it('goes by the part of an object that an index names', () => {
  const cache = new IndexedCache<Pod>()
  const asked: (string | undefined)[] = []
  const nodeOf = (one: Pod) => {
    asked.push(one.metadata?.name)
    return [one.spec?.nodeName ?? '']
  }
  cache.addIndex('node', nodeOf, ({ spec }) => spec?.nodeName)
  cache.put(pod('a', 'node-1'))
  cache.put(pod('a', 'node-1', 'rs'))
  expect(asked).toHaveLength(1)
  cache.put(pod('a', 'node-2', 'rs'))
  expect(names(cache.byIndex('node', 'node-2'))).toEqual(['a'])
  expect(cache.byIndex('node', 'node-1')).toEqual([])
})

it('answers with the newest object, also where its index entry has not moved', () => {
  const cache = new IndexedCache<Pod>()
  cache.put(pod('a', 'node-1', 'rs'))
  const next = pod('a', 'node-9', 'rs')
  cache.put(next)
  expect(cache.controlledBy('rs')).toEqual([next])
})

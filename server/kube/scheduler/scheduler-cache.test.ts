import type { Node, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { selectorOfMap } from '../apimachinery/label-selector.ts'
import { SchedulerCache } from './scheduler-cache.ts'

const node = (name: string, images: string[] = []): Node => ({
  metadata: { name },
  status: { allocatable: { cpu: '4', pods: '10' }, images: images.map((image) => ({ names: [image], sizeBytes: 1 })) },
})
const loner: Pod = {
  metadata: { name: 'loner', namespace: 'default', uid: '1' },
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: {} }] },
    },
  },
}
const on = (name: string): Pod => ({ ...loner, spec: { ...loner.spec!, nodeName: name } })
const start = () => {
  const cache = new SchedulerCache()
  for (const name of ['a', 'b']) cache.setNode(node(name))
  const nodes = cache.nodes()
  return { cache, nodes, caring: () => Array.from(nodes.withAffinity, ({ name }) => name) }
}

it('keeps what is known of all nodes in step with the pods that come, move and go, without listing nodes anew', () => {
  const { cache, nodes, caring } = start()
  cache.assume(loner, 'a')
  expect(caring()).toEqual(['a'])
  cache.confirm(on('b'))
  expect(caring()).toEqual(['b'])
  cache.remove(on('b'))
  expect(caring()).toEqual([])
  expect(cache.nodes()).toBe(nodes)
})

it('keeps count of images, and of what is free, when a node tells anew', () => {
  const { cache, nodes } = start()
  expect(nodes.imageCount('web:1')).toBe(0)
  cache.setNode(node('a', ['web:1']))
  expect(nodes.imageCount('web:1')).toBe(1)
  cache.setNode(node('b', ['web:1', 'db:1']))
  cache.setNode(node('b', ['web:1', 'db:1']))
  expect([nodes.imageCount('web:1'), nodes.imageCount('db:1')]).toEqual([2, 1])
  cache.setNode(node('b'))
  expect([nodes.imageCount('web:1'), nodes.imageCount('db:1')]).toEqual([1, 0])
  cache.assume(loner, 'a')
  expect(nodes.get('a')?.free.get('cpu')).toBe(3000)
  const larger = node('a')
  larger.status!.allocatable!.cpu = '8'
  cache.setNode(larger)
  expect(nodes.get('a')?.free.get('cpu')).toBe(7000)
  expect(nodes.imageCount('web:1')).toBe(0)
  cache.forget(loner)
  expect(nodes.get('a')?.free.get('cpu')).toBe(8000)
})

it('counts pods of a node that it has not heard of yet', () => {
  const { cache } = start()
  cache.confirm(on('late'))
  expect(cache.nodes().get('late')).toBeUndefined()
  cache.setNode(node('late'))
  const late = cache.nodes().get('late')
  expect([late?.free.get('cpu'), late?.freePods]).toEqual([3000, 9])
  expect(Array.from(cache.nodes().withAffinity, ({ name }) => name)).toEqual(['late'])
})

it('counts the pods that are selected anew when one comes, changes or goes, and for each who asks', () => {
  const { cache, nodes } = start()
  const of = (app: string) => ({ namespace: 'default', selector: selectorOfMap({ app }) })
  const [web, db] = [of('web'), of('db')]
  const pod = (name: string, app: string, more: object = {}): Pod => ({
    metadata: { name, namespace: 'default', labels: { app }, ...more },
    spec: { nodeName: 'a', containers: [] },
  })
  const a = nodes.get('a')!
  const counted = () => [a.countPods(web), a.countPods(web), a.countPods(db)]
  expect(counted()).toEqual([0, 0, 0])
  cache.confirm(pod('one', 'web'))
  cache.assume(pod('two', 'web'), 'a')
  cache.confirm(pod('elsewhere', 'web', { namespace: 'other' }))
  expect(counted()).toEqual([2, 2, 0])
  cache.confirm(pod('two', 'db'))
  expect(counted()).toEqual([1, 1, 1])
  cache.confirm(pod('one', 'web', { deletionTimestamp: '2026-01-01T00:00:00Z' }))
  expect(counted()).toEqual([0, 0, 1])
  cache.remove(pod('two', 'db'))
  expect(counted()).toEqual([0, 0, 0])
})

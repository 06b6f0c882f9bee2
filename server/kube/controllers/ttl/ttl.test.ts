import { expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Node } from '../../kinds/index.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops } from '../testing/test-loops.ts'
import { stepFor, TTL } from './index.ts'

it.each([
  [1, 0, 0],
  [100, 0, 0],
  [101, 0, 1],
  [90, 1, 1],
  [89, 1, 0],
  [500, 1, 1],
  [501, 1, 2],
  [449, 2, 1],
  [5000, 0, 4],
  [1800, 4, 4],
  [1799, 4, 3],
  [0, 4, 0],
])('with %i nodes goes from size %i to %i', (nodes, step, next) => {
  expect(stepFor(nodes, step)).toBe(next)
})

it('tells every node, again when somebody else wrote it, and all of them when the cluster has grown', async () => {
  await using loops = await startTestLoops({ startTestServer, runScheduler })
  const nodes = loops.client.of(Node)
  const all = async () => (await nodes.list()).items.map(({ metadata }) => metadata?.annotations?.[TTL])
  await nodes.create({ metadata: { name: 'n' } })
  await nodes.create({ metadata: { name: 'odd', annotations: { [TTL]: 'long' } } })
  await loops.run(['ttl'])
  await loops.until('both are told', async () => (await all()).every((ttl) => ttl === '0'))
  await nodes.patch({ name: 'n' }, 'application/merge-patch+json', { metadata: { annotations: { [TTL]: '7' } } })
  await loops.until('it is told again', async () => (await all()).every((ttl) => ttl === '0'))
  for (let n = 3; n <= 101; n++) await nodes.create({ metadata: { name: `n${n}` } })
  await loops.until('all are told', async () => (await all()).every((ttl) => ttl === '15'))
  expect(await all()).toHaveLength(101)
})

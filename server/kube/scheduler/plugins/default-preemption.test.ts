import type { Pod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'
import { expect, it } from 'vitest'
import { asking, node, pod, run } from '../testing/pods-and-nodes.ts'

/** A pod of so many processors and such a priority, that has run since the given minute. */
function of(name: string, priority: number, cpu = '1', { minute = 0, app = name } = {}): Pod {
  const startTime = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
  const made = asking(cpu, '0', { priority })
  return { ...made, metadata: { ...made.metadata, name, uid: name, labels: { app } }, status: { startTime } }
}
const full = (name: string, ...on: Pod[]) => node(name, { cpu: '2', on })
const budget = (app: string, disruptionsAllowed: number): PodDisruptionBudget => ({
  metadata: { name: app, namespace: 'default' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
})

it.each([
  { name: 'only those of lower priority', nodes: [full('a', of('same', 100), of('low', 1))], victims: ['low'] },
  { name: 'no more than it takes', nodes: [full('a', of('x', 1), of('y', 2))], victims: ['x'] },
  {
    name: 'who came last among equals',
    nodes: [full('a', of('old', 1), of('new', 1, '1', { minute: 5 }))],
    victims: ['new'],
  },
  {
    name: 'where the victims matter least',
    nodes: [full('a', of('x', 5, '2')), full('b', of('y', 3, '2'))],
    victims: ['y'],
  },
  {
    name: 'where the victims are fewest',
    asks: '2',
    nodes: [full('a', of('x', -1), of('y', -1)), full('b', of('z', -1, '2'))],
    victims: ['z'],
  },
  {
    name: 'one pod above zero rather than two below, by the highest',
    asks: '2',
    nodes: [full('a', of('x', -1), of('y', -1)), full('b', of('z', 0, '2'))],
    victims: ['x', 'y'],
  },
  {
    name: 'where the victims have run less long',
    nodes: [full('a', of('old', 1, '2')), full('b', of('new', 1, '2', { minute: 9 }))],
    victims: ['new'],
  },
  {
    name: 'not those that a budget protects, though they matter less',
    nodes: [full('a', of('kept', 1, '2')), full('b', of('free', 5, '2'))],
    budgets: [budget('kept', 0)],
    victims: ['free'],
  },
  {
    name: 'as many as a budget allows',
    nodes: [full('a', of('p', 1, '1', { app: 'p' }), of('q', 2, '1', { app: 'q' }))],
    budgets: [budget('p', 1)],
    victims: ['p'],
  },
  {
    name: 'protected ones when nothing else helps',
    nodes: [full('a', of('kept', 1, '2'))],
    budgets: [budget('kept', 0)],
    victims: ['kept'],
  },
])('pushes out $name', ({ nodes, victims, asks = '1', budgets = [] }) => {
  const { postFilter: { preemption } = {}, message } = run(of('urgent', 100, asks), nodes, { budgets })
  expect(preemption?.victims.map(({ metadata }) => metadata?.name)).toEqual(victims)
  expect(message).toMatch(/^0\/\d nodes are available: \d Insufficient cpu\.$/)
})

it.each([
  {
    name: 'all are as important',
    node: full('a', of('x', 100, '2')),
    why: '1 No preemption victims found for incoming pod.',
  },
  {
    name: 'even without the lower ones there is no room',
    node: full('a', of('x', 100), of('y', 1)),
    asks: '2',
    why: '1 Insufficient cpu.',
  },
  { name: 'the node is too small', node: full('a'), asks: '3', why: '1 Preemption is not helpful for scheduling.' },
])('pushes out nobody when $name', ({ node: only, asks = '1', why }) => {
  const { postFilter: { preemption, clearsNomination } = {}, message } = run(of('urgent', 100, asks), [only])
  expect(preemption).toBeUndefined()
  expect(message?.split('preemption: ')[1]).toBe(`0/1 nodes are available: ${why}`)
  expect(clearsNomination).toBe(true)
})

it('lets the victims of an earlier turn leave before it takes more', () => {
  const leaving = of('leaving', 1)
  Object.assign(leaving.metadata!, { deletionTimestamp: '2026-01-01T00:00:00Z' })
  Object.assign(leaving, {
    status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
  })
  const urgent = { ...of('urgent', 100), status: { nominatedNodeName: 'a' } }
  const { postFilter: { preemption, clearsNomination } = {}, message } = run(urgent, [
    full('a', leaving, of('other', 1)),
  ])
  expect(preemption).toBeUndefined()
  expect(message).toContain('preemption: not eligible due to a terminating pod on the nominated node.')
  expect(clearsNomination).toBe(false)
})

it('keeps the room of a nominated pod from those who are less important', () => {
  const waiting = of('waiting', 50)
  const nominatedOn = (_: string, before: Pod) => ((before.spec?.priority ?? 0) <= 50 ? [waiting] : [])
  const nodes = () => [full('a', of('x', 100))]
  expect(run(of('late', 1), nodes(), { nominatedOn }).chosen).toBeUndefined()
  expect(run(of('later but more', 60), nodes(), { nominatedOn }).chosen).toBe('a')
  expect(run(pod(), nodes(), { nominatedOn }).chosen).toBe('a')
})

it('looks at its own nominated node first', () => {
  const nodes = [node('roomy'), full('a')]
  const urgent = { ...of('urgent', 100), status: { nominatedNodeName: 'a' } }
  expect(run(urgent, nodes).chosen).toBe('a')
})

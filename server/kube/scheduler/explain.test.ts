import { queryObjects } from 'node:v8'
import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { explain } from './explain.ts'
import type { NodeInfo } from './node-info.ts'
import { Scores } from './scores.ts'
import { asking, node, pluginsOf, pod, run, world } from './testing/pods-and-nodes.ts'

const explained = (what: Pod, nodes: NodeInfo[]) => {
  const profile = { schedulerName: 'default-scheduler', plugins: pluginsOf(world), percentageOfNodesToScore: 0 }
  return explain('default/web', profile, run(what, nodes), { at: 1, durationMs: 2 })
}

it('names for each node the plug-in that refused it and why, or what each gave it: raw, and what it counts', () => {
  const told = explained(asking('1', '1Gi'), [
    node('cordoned', { spec: { unschedulable: true } }),
    node('full', { on: [asking('4')] }),
    node('empty'),
    node('half', { on: [asking('2')] }),
  ])
  expect(told).toMatchObject({ pod: 'default/web', scheduler: 'default-scheduler', chosen: 'empty', more: 0 })
  const of = (name: string) => told.nodes.find((one) => one.name === name)
  expect(of('cordoned')?.failed).toEqual({ plugin: 'NodeUnschedulable', reason: 'node(s) were unschedulable' })
  expect(of('full')?.failed).toEqual({ plugin: 'NodeResourcesFit', reason: 'Insufficient cpu' })
  expect(of('empty')?.scores).toMatchObject({
    NodeResourcesFit: { raw: 81, weighted: 81 },
    TaintToleration: { raw: 0, weighted: 300 },
  })
  expect(told.wokenBy).toBeUndefined()
})

it('says why making room does not help, in the words of the Event, and what would wake the pod', () => {
  const told = explained(asking('2'), [
    node('full', { on: [asking('4')] }),
    node('tainted', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }),
  ])
  expect(told.message).toBe(
    '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, ' +
      'preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, ' +
      '1 Preemption is not helpful for scheduling.',
  )
  expect(told.preemption).toBeUndefined()
  expect(told.wokenBy).toEqual([
    {
      plugin: 'NodeResourcesFit',
      events: ['node-added', 'node-updated', 'pod-removed', 'pod-scaled-down', 'pod-changed', 'device-class-changed'],
    },
    { plugin: 'TaintToleration', events: ['node-added', 'node-updated', 'pod-changed'] },
  ])
})

it('says where room is made and who goes for it', () => {
  const victim = asking('4')
  const told = explained(asking('2', '0', { priority: 5 }), [node('full', { on: [victim] })])
  expect(told.preemption).toEqual({ node: 'full', victims: [`default/${victim.metadata?.name}`] })
})

it('tells the best nodes of a large cluster, and how many more there were', () => {
  const nodes = Array.from({ length: 60 }, (_, at) => node(`n${at}`, { on: at === 40 ? [] : [asking('1')] }))
  const told = explained(pod(), nodes)
  expect(told.nodes).toHaveLength(20)
  expect(told.nodes[0]?.name).toBe('n40')
  expect(told.more).toBe(40)
})

it('does not hold on to the scores of all nodes: the trace remembers thousands of decisions', () => {
  const held = () => Number(queryObjects(Scores))
  const before = held()
  const told = explained(pod(), [node('a'), node('b')])
  expect(held()).toBeLessThanOrEqual(before)
  expect(told.nodes).toHaveLength(2)
})

import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { Verdict } from './daemon-pods.ts'
import { FailedPods } from './failed-pods.ts'
import { planNode } from './pods-on-node.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const set = (rollingUpdate: object, type = 'RollingUpdate'): DaemonSet => ({
  spec: { selector: {}, template: {}, updateStrategy: { type, rollingUpdate } },
})
interface Told {
  isNew?: boolean
  ready?: boolean
  phase?: string
  going?: boolean
  node?: string
  minute?: number
}
const pod = (
  name: string,
  { isNew = true, ready = true, phase = 'Running', going, node = 'n1', minute = 0 }: Told = {},
): Pod => ({
  metadata: {
    name,
    creationTimestamp: `2026-01-01T00:0${minute}:00Z`,
    labels: { 'controller-revision-hash': isNew ? 'new' : 'old' },
    ...(going ? { deletionTimestamp: 'now' } : {}),
  },
  spec: { containers: [], ...(node ? { nodeName: node } : {}) },
  status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const RUNS: Verdict = { shouldRun: true, mayStay: true }
const STAYS: Verdict = { shouldRun: false, mayStay: true }
const GOES: Verdict = { shouldRun: false, mayStay: false }
const surge = { maxSurge: 1, maxUnavailable: 0 }

describe('the pods of a node', () => {
  it.each<{
    name: string
    update?: object
    verdict?: Verdict
    retryInMs?: number
    pods: Pod[]
    remove?: string[]
    create?: boolean
    waitMs?: number
  }>([
    { name: 'are one', pods: [], create: true },
    { name: 'are none where none should be', verdict: STAYS, pods: [] },
    { name: 'may stay where no other should come', verdict: STAYS, pods: [pod('a')] },
    { name: 'go where none may be', verdict: GOES, pods: [pod('a'), pod('b', { going: true })], remove: ['a'] },
    { name: 'are waited for while they go', pods: [pod('a', { going: true })] },
    { name: 'are made anew when they have failed', pods: [pod('a', { phase: 'Failed' })], remove: ['a'] },
    { name: 'are made anew when they have succeeded', pods: [pod('a', { phase: 'Succeeded' })], remove: ['a'] },
    {
      name: 'are taken away when they have ended where no other should come',
      verdict: STAYS,
      pods: [pod('a', { phase: 'Failed' })],
      remove: ['a'],
    },
    {
      name: 'are left for a while when others have failed before, those that succeeded are not',
      retryInMs: 700,
      pods: [pod('a', { phase: 'Failed' }), pod('b', { phase: 'Succeeded' })],
      remove: ['b'],
      waitMs: 700,
    },
    {
      name: 'go one after the other when several have failed',
      pods: [pod('a', { phase: 'Failed' }), pod('b', { phase: 'Failed' }), pod('c', { phase: 'Succeeded' })],
      remove: ['c', 'a'],
    },
    {
      name: 'are the oldest of several, of whichever template',
      pods: [pod('b', { minute: 1 }), pod('a', { isNew: false })],
      remove: ['b'],
    },
    {
      name: 'are the one that has its place already, though younger',
      pods: [pod('a', { node: '' }), pod('b', { minute: 1 })],
      remove: ['a'],
    },
    {
      name: 'may be an old and a new one in a surge',
      update: surge,
      pods: [pod('a', { isNew: false }), pod('b', { ready: false, minute: 1 })],
    },
    {
      name: 'lose the old one in a surge when the new works',
      update: surge,
      pods: [pod('a', { isNew: false }), pod('b', { minute: 1 })],
      remove: ['a'],
    },
    {
      name: 'lose the old one in a surge when it does not work either',
      update: surge,
      pods: [pod('a', { isNew: false, ready: false }), pod('b', { ready: false, minute: 1 })],
      remove: ['a'],
    },
    {
      name: 'are one of each in a surge',
      update: surge,
      pods: [
        pod('a', { isNew: false }),
        pod('b', { ready: false }),
        pod('c', { minute: 1 }),
        pod('d', { isNew: false, minute: 1 }),
      ],
      remove: ['c', 'd'],
    },
    {
      name: 'are not waited for in a surge while they go',
      update: surge,
      pods: [pod('a', { going: true })],
      create: true,
    },
    {
      name: 'are not waited for in a surge when they have failed',
      update: surge,
      pods: [pod('a', { phase: 'Failed' })],
      remove: ['a'],
      create: true,
    },
  ])('$name', ({ update = {}, verdict = RUNS, retryInMs = 0, pods, remove = [], create = false, waitMs }) => {
    const plan = planNode({ set: set(update), pods, verdict, hash: 'new', now: NOW, retryInMs })
    expect(plan.remove.map(({ metadata }) => metadata?.name)).toEqual(remove)
    expect([plan.create, plan.waitMs]).toEqual([create, waitMs])
  })

  it('know no surge where somebody else deletes', () => {
    const pods = [pod('a', { isNew: false }), pod('b', { ready: false, minute: 1 })]
    const plan = planNode({ set: set(surge, 'OnDelete'), pods, verdict: RUNS, hash: 'new', now: NOW, retryInMs: 0 })
    expect(plan.remove.map(({ metadata }) => metadata?.name)).toEqual(['b'])
  })
})

it('leaves pods that fail again and again for longer and longer', async () => {
  const clock = new FakeClock()
  const failed = new FailedPods(clock)
  const agent: DaemonSet = { metadata: { uid: 'agent' } }
  expect(failed.waitMs('default/agent', agent, 'n1')).toBe(0)
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
    failed.add('default/agent', agent, 'n1')
    expect(failed.waitMs('default/agent', agent, 'n1')).toBe(seconds * 1000)
    expect(failed.waitMs('default/agent', agent, 'n2')).toBe(0)
    await clock.advance(seconds * 1000)
    expect(failed.waitMs('default/agent', agent, 'n1')).toBe(0)
  }
  // Of another template it may work.
  failed.add('default/agent', agent, 'n1')
  expect(
    failed.waitMs(
      'default/agent',
      { ...agent, status: { observedGeneration: 2 } as DaemonSet['status'] & object },
      'n1',
    ),
  ).toBe(0)
  await clock.advance(31 * 60_000)
  failed.add('default/agent', agent, 'n1')
  expect(failed.waitMs('default/agent', agent, 'n1')).toBe(1000)
})

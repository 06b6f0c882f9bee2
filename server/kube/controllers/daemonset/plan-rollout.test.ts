import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { planRollout } from './plan-rollout.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const set = (update: object): DaemonSet => ({
  spec: { selector: {}, template: {}, updateStrategy: { type: 'RollingUpdate', rollingUpdate: update } },
})

describe('a rollout', () => {
  const pod = (name: string, { isNew = false, isReady = true } = {}): Pod => ({
    metadata: { name, labels: { 'controller-revision-hash': isNew ? 'new' : 'old' } },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  })
  const plan = (update: object, pods: Record<string, Pod[]>) => {
    const { remove, create } = planRollout({
      set: set(update),
      nodes: new Map(
        Object.entries(pods).map(([name, there]) => [name, { pods: there, shouldRun: !name.startsWith('left') }]),
      ),
      hash: 'new',
      now: NOW,
    })
    return { remove: remove.map(({ metadata }) => metadata?.name), create }
  }
  it.each<{ name: string; update: object; pods: Record<string, Pod[]>; remove: string[]; create: string[] }>([
    {
      name: 'takes one at a time',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a')], b: [pod('b')] },
      remove: ['a'],
      create: [],
    },
    {
      name: 'waits for the new one',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a', { isNew: true, isReady: false })], b: [pod('b')] },
      remove: [],
      create: [],
    },
    {
      name: 'takes what does not work at once',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a', { isReady: false })], b: [pod('b', { isReady: false })], c: [pod('c')] },
      remove: ['a', 'b'],
      create: [],
    },
    {
      name: 'takes a percentage, rounded up',
      update: { maxUnavailable: '34%' },
      pods: { a: [pod('a')], b: [pod('b')], c: [pod('c')] },
      remove: ['a', 'b'],
      create: [],
    },
    {
      name: 'makes the new beside the old',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a')], b: [pod('b')] },
      remove: [],
      create: ['a'],
    },
    {
      name: 'keeps the old until the new works',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a'), pod('a2', { isNew: true, isReady: false })], b: [pod('b')] },
      remove: [],
      create: [],
    },
    {
      name: 'counts a node without a pod',
      update: { maxUnavailable: 1 },
      pods: { a: [], b: [pod('b')] },
      remove: [],
      create: [],
    },
    {
      name: 'counts a node with two pods, and leaves it alone',
      update: { maxUnavailable: 1 },
      pods: { a: [pod('a'), pod('a2', { isNew: true })], b: [pod('b')] },
      remove: [],
      create: [],
    },
    {
      name: 'takes those too that are on nodes that get none',
      update: { maxUnavailable: 2 },
      pods: { left: [pod('left')], b: [pod('b')] },
      remove: ['left', 'b'],
      create: [],
    },
    {
      name: 'makes the new beside each that does not work, and beside as many as may be besides',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a', { isReady: false })], b: [pod('b')], c: [pod('c')] },
      remove: [],
      create: ['a', 'b'],
    },
    {
      name: 'goes on where the new works',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { a: [pod('a'), pod('a2', { isNew: true })], b: [pod('b')] },
      remove: ['a'],
      create: ['b'],
    },
    {
      name: 'keeps what works on a node that gets none until as many as are wanted work elsewhere',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { left: [pod('left')], b: [pod('b', { isNew: true, isReady: false })] },
      remove: [],
      create: [],
    },
    {
      name: 'takes it then',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { left: [pod('left')], b: [pod('b', { isNew: true })] },
      remove: ['left'],
      create: [],
    },
    {
      name: 'takes what does not work from a node that gets none',
      update: { maxSurge: 1, maxUnavailable: 0 },
      pods: { left: [pod('left', { isReady: false })], b: [pod('b', { isNew: true, isReady: false })] },
      remove: ['left'],
      create: [],
    },
    { name: 'is over', update: {}, pods: { a: [pod('a', { isNew: true })] }, remove: [], create: [] },
  ])('$name', ({ update, pods, remove, create }) => {
    expect(plan(update, pods)).toEqual({ remove, create })
  })
})

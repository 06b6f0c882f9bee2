import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { nextStatus } from './set-status.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const set: DaemonSet = { spec: { selector: {}, template: {}, minReadySeconds: 60 } }
const pod = (hash: string, minute: number, { ready = true, node = 'n1', readySince = '00:30:00' } = {}): Pod => ({
  metadata: {
    name: `${hash}-${minute}`,
    creationTimestamp: `2026-01-01T00:0${minute}:00Z`,
    labels: { 'controller-revision-hash': hash },
  },
  spec: { containers: [], nodeName: node },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: `2026-01-01T${readySince}Z` }],
  },
})
const counts = { numberReady: 0, updated: 0, numberAvailable: 0, current: 1 }

it.each<{ name: string; pods: Pod[]; said: Partial<typeof counts> }>([
  { name: 'nothing of no pod', pods: [], said: { current: 0 } },
  { name: 'that a pod works', pods: [pod('new', 0)], said: { numberReady: 1, numberAvailable: 1, updated: 1 } },
  {
    name: 'that it has not for long',
    pods: [pod('new', 0, { readySince: '00:59:30' })],
    said: { numberReady: 1, updated: 1 },
  },
  { name: 'that it does not', pods: [pod('new', 0, { ready: false })], said: { updated: 1 } },
  {
    name: 'what the old one is while a new one is beside it',
    pods: [pod('new', 1, { ready: false }), pod('old', 0)],
    said: { numberReady: 1, numberAvailable: 1 },
  },
  {
    name: 'the same when the new one works before it',
    pods: [pod('new', 1), pod('old', 0, { ready: false })],
    said: {},
  },
  {
    name: 'what the one with a place is',
    pods: [pod('old', 0, { node: '', ready: false }), pod('new', 1)],
    said: { numberReady: 1, numberAvailable: 1, updated: 1 },
  },
])('says $name', ({ pods, said }) => {
  const verdicts = new Map([['n1', { shouldRun: true, mayStay: true }]])
  const byNode = new Map(pods.length > 0 ? [['n1', pods]] : [])
  const status = nextStatus({ set, verdicts, byNode, hash: 'new', now: NOW, mayAct: true })
  expect({
    numberReady: status.numberReady,
    updated: status.updatedNumberScheduled ?? 0,
    numberAvailable: status.numberAvailable ?? 0,
    current: status.currentNumberScheduled,
  }).toEqual({ ...counts, ...said })
  expect((status.numberAvailable ?? 0) + (status.numberUnavailable ?? 0)).toBe(1)
})

it('says that a pod is where none should be', () => {
  const verdicts = new Map([['n1', { shouldRun: false, mayStay: true }]])
  const seen = { set, verdicts, byNode: new Map([['n1', [pod('new', 0)]]]), hash: 'new', now: NOW, mayAct: true }
  expect(nextStatus(seen)).toMatchObject({
    numberMisscheduled: 1,
    desiredNumberScheduled: 0,
    currentNumberScheduled: 0,
  })
})

it.each([
  { name: 'of which it is when the turn does it', mayAct: true, said: 3 },
  { name: 'of which it was while the turn waits for news', mayAct: false, said: 2 },
])('says what generation it knows: $name', ({ mayAct, said }) => {
  const before = nextStatus({ set, verdicts: new Map(), byNode: new Map(), hash: 'new', now: NOW, mayAct: true })
  const newest = { ...set, metadata: { generation: 3 }, status: { ...before, observedGeneration: 2 } }
  const seen = { set: newest, verdicts: new Map(), byNode: new Map(), hash: 'new', now: NOW, mayAct }
  expect(nextStatus(seen).observedGeneration).toBe(said)
})

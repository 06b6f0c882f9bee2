import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1'
import { describe, expect, it } from 'vitest'
import { podTemplateHash, sameTemplate } from '../pod-template-hash.ts'
import { shareOut } from './proportional-scaling.ts'
import { beyondHistory, newestOf, newReplicaSet } from './replica-sets.ts'
import {
  annotationsForNewest,
  MAX_REPLICAS,
  maxRevision,
  numberIn,
  REVISION,
  REVISION_HISTORY,
} from './revision-annotations.ts'
import { boundsOf, newestSize, shrinkOld } from './rollout-bounds.ts'
import { countedStatus, deadlineInMs, isComplete, rolloutStatus } from './rollout-status.ts'

const deployment = (
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
  status = {},
): Deployment => ({
  metadata: { name: 'web', generation: 2 },
  spec: {
    replicas,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
    selector: {},
    template: {},
  },
  status,
})
let age = 0
const set = (name: string, replicas: number, available = replicas, max?: number): ReplicaSet => ({
  metadata: {
    name,
    uid: name,
    creationTimestamp: new Date(Date.UTC(2026, 0, 1) + 1000 * age++).toISOString(),
    ...(max ? { annotations: { [MAX_REPLICAS]: String(max) } } : {}),
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: available, readyReplicas: available },
})

it.each([
  { replicas: 10, surge: '25%', unavailable: '25%', bounds: { maxSurge: 3, maxUnavailable: 2 } },
  { replicas: 1, surge: '25%', unavailable: '25%', bounds: { maxSurge: 1, maxUnavailable: 0 } },
  { replicas: 3, surge: 0, unavailable: '10%', bounds: { maxSurge: 0, maxUnavailable: 1 } },
  { replicas: 2, surge: 1, unavailable: 5, bounds: { maxSurge: 1, maxUnavailable: 2 } },
  { replicas: 0, surge: '25%', unavailable: '25%', bounds: { maxSurge: 0, maxUnavailable: 0 } },
])('of $replicas with surge $surge and unavailable $unavailable', ({ replicas, surge, unavailable, bounds }) => {
  expect(boundsOf(deployment(replicas, surge, unavailable))).toEqual(bounds)
})

describe('one step of a rollout', () => {
  it.each([
    { name: 'begins with the surge', old: 10, newest: 0, to: 3 },
    { name: 'has no room while all are there', old: 10, newest: 3, to: 3 },
    { name: 'grows by what the old gave', old: 6, newest: 3, to: 7 },
    { name: 'stops at what is desired', old: 0, newest: 8, to: 10 },
  ])('the newest $name', ({ old, newest, to }) => {
    const sets = [set('old', old), set('new', newest)]
    expect(newestSize(deployment(10, 3, 2), sets, newest)).toBe(to)
  })

  it.each([
    { name: 'nothing may go while the newest is not available', newest: [3, 0], old: [[8, 8]], sizes: {} },
    { name: 'as many go as have been replaced', newest: [3, 3], old: [[8, 8]], sizes: { old0: 5 } },
    {
      name: 'those that never became available go first',
      newest: [3, 1],
      old: [
        [5, 0],
        [5, 5],
      ],
      sizes: { old0: 2 },
    },
    {
      name: 'nothing goes while one that was made smaller still counts those that leave',
      newest: [5, 3],
      old: [[8, 10]],
      sizes: {},
    },
    {
      name: 'those that leave a set that is to have none are not relied on',
      newest: [5, 5],
      old: [
        [0, 3],
        [5, 4],
      ],
      sizes: { old1: 3 },
    },
    {
      name: 'the oldest shrinks before the others',
      newest: [5, 5],
      old: [
        [4, 4],
        [4, 4],
      ],
      sizes: { old0: 0, old1: 3 },
    },
  ])('$name', ({ newest: [size = 0, available = 0], old, sizes }) => {
    const olds = old.map(([replicas = 0, up = 0], index) => set(`old${index}`, replicas, up))
    const plan = shrinkOld(deployment(10, 3, 2), set('new', size, available), olds)
    expect(Object.fromEntries(plan.map(({ replicaSet, to }) => [replicaSet.metadata?.name, to]))).toEqual(sizes)
  })
})

it.each([
  {
    name: 'growing keeps the mix',
    replicas: 15,
    sets: [
      ['old', 8],
      ['new', 5],
    ],
    max: 13,
    shares: { old: 11, new: 7 },
  },
  {
    name: 'shrinking keeps the mix',
    replicas: 5,
    sets: [
      ['old', 8],
      ['new', 5],
    ],
    max: 13,
    shares: { old: 5, new: 3 },
  },
  {
    name: 'to nothing',
    replicas: 0,
    sets: [
      ['old', 8],
      ['new', 5],
    ],
    max: 13,
    shares: { old: 0, new: 0 },
  },
  {
    name: 'what rounding leaves goes to the largest',
    replicas: 11,
    sets: [
      ['old', 7],
      ['mid', 3],
      ['new', 3],
    ],
    max: 13,
    shares: { old: 8, mid: 3, new: 3 },
  },
])('scaled in the middle of a rollout: $name', ({ replicas, sets, max, shares }) => {
  const active = sets.map(([name, size]) => set(String(name), Number(size), Number(size), max))
  const plan = shareOut(deployment(replicas, 3, 2), active)
  expect(Object.fromEntries(plan.map(({ replicaSet, to }) => [replicaSet.metadata?.name, to]))).toEqual(shares)
})

describe('as upstream’s own cases have it', () => {
  // Those of TestScale in the middle of a rollout: sizes from the oldest set to the newest.
  it.each<[string, number[], { was: number; is: number; surgeWas?: number; surge?: number }, number[]]>([
    ['5 → 10', [3, 2], { was: 5, is: 10 }, [6, 4]],
    ['5 → 3', [3, 2], { was: 5, is: 3 }, [2, 1]],
    ['9 → 4', [1, 8], { was: 9, is: 4 }, [0, 4]],
    ['7 → 10', [2, 3, 2], { was: 7, is: 10 }, [3, 4, 3]],
    ['13 → 8', [3, 8, 2], { was: 13, is: 8 }, [2, 5, 1]],
    ['3 → 4, what is left over to the newest', [1, 1, 1], { was: 3, is: 4 }, [1, 1, 2]],
    ['3 → 2, what is left over from the oldest', [1, 1, 1], { was: 3, is: 2 }, [0, 1, 1]],
    ['4 → 5, the later first', [2, 2], { was: 4, is: 5 }, [2, 3]],
    ['6 → 0', [1, 2, 3], { was: 6, is: 0 }, [0, 0, 0]],
    ['10 → 20 with a surge', [6, 6], { was: 10, is: 20, surgeWas: 2, surge: 2 }, [11, 11]],
    ['10 → 50 with another surge', [8, 5], { was: 10, is: 50, surgeWas: 3, surge: 6 }, [34, 22]],
    ['10 → 14 with another template', [3, 7], { was: 10, is: 14 }, [4, 10]],
    ['2, of which the newest are broken', [1, 2], { was: 2, is: 2, surgeWas: 1, surge: 1 }, [1, 2]],
  ])('sizes %s', (_what, sizes, { was, is, surgeWas = 0, surge = 0 }, expected) => {
    const sets = sizes.map((size, at) => set(`v${at}`, size, size, was + surgeWas))
    const plan = shareOut(deployment(is, surge, 0), sets)
    const sizeOf = (name?: string) => plan.find(({ replicaSet }) => replicaSet.metadata?.name === name)?.to
    expect(sets.map(({ metadata }) => sizeOf(metadata?.name))).toEqual(expected)
  })

  it.each([
    { surge: 0, old: 10, newest: 0, to: 0 },
    { surge: 2, old: 10, newest: 0, to: 2 },
    { surge: 2, old: 5, newest: 0, to: 7 },
    { surge: 2, old: 10, newest: 2, to: 2 },
  ])('the newest grows from $newest to $to beside $old, with a surge of $surge', ({ surge, old, newest, to }) => {
    expect(newestSize(deployment(10, surge, 0), [set('old', old), set('new', newest)], newest)).toBe(to)
  })

  it.each([
    { unavailable: 0, old: 10, ready: 10, newest: 0, to: 9 },
    { unavailable: 2, old: 10, ready: 10, newest: 0, to: 8 },
    { unavailable: 2, old: 10, ready: 8, newest: 0, to: 8 },
    { unavailable: 2, old: 10, ready: 9, newest: 0, to: 8 },
    { unavailable: 2, old: 8, ready: 8, newest: 2, to: undefined },
    { unavailable: 2, old: 0, ready: 0, newest: 10, to: undefined },
  ])('$old of which $ready are ready shrink to $to, beside $newest', ({ unavailable, old, ready, newest, to }) => {
    const [before, now] = [set('old', old, ready), set('new', newest, 0)]
    expect(shrinkOld(deployment(10, 0, unavailable), now, [before])[0]?.to).toBe(to)
  })
})

describe('status', () => {
  const moment = { now: Date.UTC(2026, 0, 1), at: '2026-01-01T00:00:00Z' }
  const progress = (reason: string, lastUpdateTime: string) => ({
    type: 'Progressing',
    status: 'True',
    reason,
    lastUpdateTime,
    lastTransitionTime: lastUpdateTime,
  })

  it('is available while no more are missing than may be', () => {
    const available = (up: number) =>
      countedStatus(deployment(10, 3, 2), [set('new', 10, up)], undefined, moment).conditions?.find(
        ({ type }) => type === 'Available',
      )?.status
    expect(available(8)).toBe('True')
    expect(available(7)).toBe('False')
  })

  it('says complete, progressing, or too late', () => {
    const reasonOf = (before: object, sets: ReplicaSet[]) =>
      rolloutStatus(deployment(2, 1, 0, before), sets, sets.at(-1), moment).conditions?.find(
        ({ type }) => type === 'Progressing',
      )
    expect(reasonOf({}, [set('new', 2)])).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: 'ReplicaSet "new" has successfully progressed.',
    })
    expect(reasonOf({ replicas: 2, updatedReplicas: 0 }, [set('old', 2), set('new', 1, 0)])).toMatchObject({
      reason: 'ReplicaSetUpdated',
      message: 'ReplicaSet "new" is progressing.',
    })
    const stuck = { replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 }
    const since = (time: string) => ({ ...stuck, conditions: [progress('ReplicaSetUpdated', time)] })
    const sets = [set('old', 2), set('new', 1, 0)]
    expect(reasonOf(since('2025-12-31T23:50:01Z'), sets)?.reason).toBe('ReplicaSetUpdated')
    expect(reasonOf(since('2025-12-31T23:49:59Z'), sets)).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    })
  })

  it('looks again a second after the deadline, and not at all when there is nothing to wait for', () => {
    const status = {
      replicas: 3,
      updatedReplicas: 1,
      conditions: [progress('ReplicaSetUpdated', '2026-01-01T00:00:00Z')],
    }
    expect(deadlineInMs(deployment(2, 1, 0), status, moment.now)).toBe(601_000)
    expect(
      deadlineInMs(
        { ...deployment(2, 1, 0), spec: { ...deployment(2, 1, 0).spec!, progressDeadlineSeconds: 2147483647 } },
        status,
        moment.now,
      ),
    ).toBeUndefined()
  })

  it('is not complete before the newest generation has been seen', () => {
    const status = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }
    expect(isComplete(deployment(2, 1, 0), { ...status, observedGeneration: 1 })).toBe(false)
    expect(isComplete(deployment(2, 1, 0), { ...status, observedGeneration: 2 })).toBe(true)
  })
})

it('names a template by what it says, not by how it is written', () => {
  const template = { metadata: { labels: { a: '1', b: '2' } }, spec: { containers: [] } }
  const other = { spec: { containers: [] }, metadata: { labels: { b: '2', a: '1' } } }
  expect(podTemplateHash(template)).toBe(podTemplateHash(other))
  expect(podTemplateHash(template)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/)
  expect(podTemplateHash(template, 1)).not.toBe(podTemplateHash(template))
  expect(
    sameTemplate(template, { ...other, metadata: { labels: { ...other.metadata.labels, 'pod-template-hash': 'x' } } }),
  ).toBe(true)
  expect(sameTemplate(template, { ...other, metadata: { labels: { a: '1' } } })).toBe(false)
})

it.each([
  ['0', 0],
  ['10', 10],
  ['2147483647', 2147483647],
  ['2147483648', undefined],
  ['-1', undefined],
  ['10.5', undefined],
  ['', undefined],
  ['many', undefined],
])('of a size of "%s" that a set was given it reads %s', (text, size) => {
  expect(numberIn({ [MAX_REPLICAS]: text }, MAX_REPLICAS)).toBe(size)
})

it.each([
  ['a short name', 13],
  ['the longest that is kept whole, whatever the hash', 242],
  ['a longer one', 253],
])('keeps the hash in the name of a set, of %s', (_what, length) => {
  const template = { spec: { containers: [] } }
  const long: Deployment = { metadata: { name: 'a'.repeat(length) }, spec: { selector: {}, template } }
  const hash = podTemplateHash(template)
  const name = newReplicaSet(long, { annotations: {}, replicas: 1 }).metadata?.name
  expect(name).toBe(`${'a'.repeat(Math.min(length, 252 - hash.length))}-${hash}`)
})

it('passes annotations on, but not those that speak of the Deployment itself; revisions only go forward', () => {
  const owner: Deployment = {
    metadata: {
      annotations: { note: 'hello', [REVISION]: '9', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
  }
  const first = annotationsForNewest(owner, {}, 3n)
  expect(first).toEqual({ note: 'hello', [REVISION]: '3' })
  expect(annotationsForNewest(owner, first, 3n)).toBe(first)
  expect(annotationsForNewest(owner, first, 2n)).toBe(first)
  expect(annotationsForNewest(owner, first, 5n)).toEqual({ note: 'hello', [REVISION]: '5', [REVISION_HISTORY]: '3' })
})

it('counts revisions to the last of 64 bits', () => {
  const last = { metadata: { annotations: { [REVISION]: '3546343826724305832' } } }
  expect(maxRevision([{}, last, { metadata: { annotations: { [REVISION]: 'none' } } }]) + 1n).toBe(3546343826724305833n)
})

it('of several with the same template the oldest is the newest version', () => {
  const [older, newer] = [set('older', 1), set('newer', 1)]
  const template = { spec: { containers: [{ name: 'c', image: 'x' }] } }
  for (const one of [older, newer]) Object.assign(one?.spec ?? {}, { template })
  expect(newestOf({ spec: { selector: {}, template } }, [newer!, older!])?.metadata?.name).toBe('older')
})

it('forgets the oldest revisions beyond the limit, unless they still have pods', () => {
  const old = [3, 1, 2].map((revision) => {
    const one = set(`r${revision}`, 0)
    return { ...one, metadata: { ...one.metadata, annotations: { [REVISION]: String(revision) } } }
  })
  const limited = (limit: number): Deployment => ({ spec: { selector: {}, template: {}, revisionHistoryLimit: limit } })
  const names = (sets: ReplicaSet[]) => sets.map(({ metadata }) => metadata?.name)
  expect(names(beyondHistory(limited(1), old))).toEqual(['r1', 'r2'])
  expect(names(beyondHistory(limited(3), old))).toEqual([])
  expect(names(beyondHistory(limited(1), [...old, { ...set('r0', 1), status: { replicas: 1 } }]))).toEqual(['r1', 'r2'])
})

// In the manner of upstream's TestGetTerminatingReplicaCountForReplicaSets.
it.each<{ name: string; sets: object[]; terminating: number | undefined }>([
  { name: 'are none of none', sets: [], terminating: 0 },
  { name: 'are those of all', sets: [{ terminatingReplicas: 1 }, { terminatingReplicas: 2 }], terminating: 3 },
  { name: 'are none of a set that nobody has looked at', sets: [{}, { terminatingReplicas: 2 }], terminating: 2 },
  {
    name: 'are not known while a set does not tell them',
    sets: [{ observedGeneration: 1 }, { terminatingReplicas: 2 }],
    terminating: undefined,
  },
])('pods of a Deployment on their way out $name', ({ sets, terminating }) => {
  const all = sets.map((status, at) => ({ ...set(`s${at}`, 1), status: { replicas: 1, ...status } }))
  const status = countedStatus(deployment(1, 1, 0), all, undefined, { now: 0, at: 'now' })
  expect(status.terminatingReplicas).toBe(terminating)
})

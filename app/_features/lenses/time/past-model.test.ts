import { expect, it } from 'vitest'
import type { PastMoment } from '../../../../server/observe/index.ts'
import { PictureModel } from '../picture/picture-model.ts'
import { loops, podReplaced, push, replicaSetLoop } from '../picture/trace-examples.ts'
import { endOf, goOn, knowsEventsOf, pastModel } from './past-model.ts'

const pod = { namespace: 'default', name: 'web-1', node: 'node-1', status: 'Running', ready: true, owner: 'web' }

function looked(): PictureModel {
  const model = new PictureModel()
  const pods = [{ ...pod, name: 'web-2' }]
  model.apply(push(14, podReplaced(), { loops, pods, nodes: [{ name: 'node-1', ready: false, simulated: false }] }))
  return model
}

const moment = (revision: number, more: Partial<PastMoment> = {}): PastMoment => ({
  revision,
  compactRevision: 0,
  isForgotten: false,
  pods: [pod],
  nodes: [{ name: 'node-1', ready: true, simulated: false }],
  objects: [],
  ...more,
})

it('knows what had happened until the next revision, and nothing after it', () => {
  const past = pastModel(looked(), moment(453))
  expect(past.tape(10).map(({ event }) => event.revision)).toEqual([450, 453])
  expect(past.rows.at(-1)).toMatchObject({ seq: 7, event: { id: 'r2' } })
  expect(past.client(replicaSetLoop).handedRevision).toBe(453)
  expect(past).toMatchObject({ revision: 453, pods: [pod], nodes: [{ ready: true }] })
})

it('is the same for revisions that nobody traced, up to the next', () => {
  const live = looked()
  expect(pastModel(live, moment(454)).rows).toHaveLength(7)
  expect(pastModel(live, moment(455)).rows).toHaveLength(11)
  expect(pastModel(live, moment(449)).rows).toEqual([])
})

it('knows until when a revision was the newest, of those whose events are kept', () => {
  const { rows } = looked()
  const next = rows.find(({ event }) => event.type === 'append' && event.revision === 453)?.event.at
  expect([448, 450, 452, 458].map((revision) => endOf(rows, revision))).toEqual([
    undefined,
    next,
    next,
    Number.POSITIVE_INFINITY,
  ])
})

it('shows no events for a time from which none are kept', () => {
  const live = looked()
  expect([448, 449, 450].map((revision) => knowsEventsOf(live.rows, revision))).toEqual([false, true, true])
  expect(pastModel(live, moment(448))).toMatchObject({ rows: [], pods: [pod] })
})

it('keeps the places of the loops, and leaves the present alone', () => {
  const live = looked()
  const before = { seq: live.seq, counters: { ...live.counters }, shown: [...live.shownLoops] }
  const past = pastModel(live, moment(450))
  expect(past.shownLoops).toEqual(live.shownLoops)
  expect({ seq: live.seq, counters: live.counters, shown: live.shownLoops }).toEqual(before)
})

it('lets move what happened between two moments, once', () => {
  const live = looked()
  const past = pastModel(live, moment(450))
  expect(goOn(past, live, moment(453)).map(({ seq }) => seq)).toEqual([5, 6, 7])
  expect(goOn(past, live, moment(453))).toEqual([])
  expect(goOn(past, live, moment(458)).map(({ seq }) => seq)).toEqual([8, 9, 10, 11, 12, 13, 14])
  expect(past.tape(10).map(({ event }) => event.revision)).toEqual([450, 453, 455, 458])
})

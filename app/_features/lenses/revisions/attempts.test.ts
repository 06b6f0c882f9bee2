import { expect, it } from 'vitest'
import { focusOf } from '../picture/focus.ts'
import { PictureModel } from '../picture/picture-model.ts'
import { append, push, request } from '../picture/trace-examples.ts'
import { attemptsOf, foldStatus } from './attempts.ts'

const web = { group: 'apps', resource: 'deployments', namespace: 'default', name: 'web' }

/** Two writers with copies of 511: one is taken, the other refused, a patch that names no state is taken. */
function conflict(): PictureModel {
  const model = new PictureModel()
  const refused = { spec: { replicas: 3 } }
  model.apply(
    push(8, [
      append(511, 'r1', 'kubectl', { ...web, operation: 'create' }),
      request('r1', 'kubectl', { ...web, name: '', verb: 'create', code: 201, revision: 511 }),
      append(512, 'r2', 'night-scaler', web),
      request('r2', 'night-scaler', { ...web, revision: 512, meantFor: 511 }),
      request('r3', 'kubectl', { ...web, code: 409, meantFor: 511, refused }),
      request('r4', 'kubectl', { ...web, verb: 'get' }),
      append(513, 'r5', 'kubectl', web),
      request('r5', 'kubectl', { ...web, verb: 'patch', revision: 513 }),
    ]),
  )
  return model
}

it('puts what was sent beside what was found, for writes taken and refused', () => {
  expect(attemptsOf(conflict(), web, 10)).toEqual([
    { seq: 1, client: 'kubectl', method: 'POST', code: 201, wrote: { revision: 511, operation: 'create' } },
    {
      ...{ seq: 3, client: 'night-scaler', method: 'PUT', code: 200, meantFor: 511, found: 511 },
      wrote: { revision: 512, operation: 'update' },
    },
    {
      ...{ seq: 5, client: 'kubectl', method: 'PUT', code: 409, meantFor: 511, found: 512 },
      refused: { spec: { replicas: 3 } },
    },
    {
      ...{ seq: 7, client: 'kubectl', method: 'PATCH', code: 200, found: 512 },
      wrote: { revision: 513, operation: 'update' },
    },
  ])
})

it('keeps the newest when there are more than fit', () => {
  expect(attemptsOf(conflict(), web, 2).map(({ seq }) => seq)).toEqual([5, 7])
})

it('tells writes of the status that follow each other as one, but none that was refused', () => {
  const model = new PictureModel()
  const status = (id: string, revision: number) => [
    append(revision, id, 'loop', web),
    request(id, 'loop', { ...web, subresource: 'status', revision, meantFor: revision - 1 }),
  ]
  const refused = request('r9', 'loop', { ...web, subresource: 'status', code: 409, meantFor: 1 })
  model.apply(push(7, [...status('r1', 2), ...status('r2', 3), refused, ...status('r3', 4)]))
  expect(foldStatus(attemptsOf(model, web, 10))).toMatchObject([
    { count: 2, upTo: 3 },
    { code: 409, meantFor: 1, found: 3 },
    { count: 1, upTo: 4 },
  ])
})

it('knows nothing of other objects', () => {
  expect(attemptsOf(conflict(), { ...web, name: 'other' }, 10)).toEqual([])
})

it('looks at what is chosen, and else at what the learner wrote last', () => {
  const model = conflict()
  expect(focusOf(model, null)).toEqual(web)
  expect(focusOf(model, { seq: 2 })).toEqual(web)
  expect(focusOf(model, { seq: 5 })).toEqual(web)
  expect(focusOf(model, { client: 'night-scaler' })).toEqual(web)
  expect(focusOf(model, { object: { ...web, name: 'x' } })).toMatchObject({ name: 'x' })
  expect(focusOf(new PictureModel(), null)).toBeUndefined()
})

it('looks at what was written last where the learner has done nothing yet, but at no Event', () => {
  const model = new PictureModel()
  const event = { resource: 'events', name: 'web.17' }
  model.apply(push(2, [append(5, 'r5', 'kube-scheduler'), append(6, 'r6', 'kubelet/node-1', event)]))
  expect(focusOf(model, null)).toMatchObject({ resource: 'pods', name: 'web-1' })
})

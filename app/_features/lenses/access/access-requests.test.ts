import { expect, it } from 'vitest'
import type { RequestDecision, RequestTrace } from '../../../../server/base/trace.ts'
import { PictureModel } from '../picture/picture-model.ts'
import { append, loops, push, replicaSetLoop, request } from '../picture/trace-examples.ts'
import { decidedRequests, requestOf } from './access-requests.ts'

const yes: RequestDecision = { allowed: true, authenticator: 'x509', groups: [], asked: [] }
const no: RequestDecision = { ...yes, allowed: false }
const allowed = (id: string, client: string, more: Partial<RequestTrace> = {}) =>
  request(id, client, { decision: yes, ...more })
const refused = (id: string, client: string, more: Partial<RequestTrace> = {}) =>
  request(id, client, { decision: no, code: 403, ...more })

function seen(...events: Parameters<typeof push>[1]): PictureModel {
  const model = new PictureModel()
  model.apply(push(0, [], { loops }))
  model.apply(push(events.length, events))
  return model
}

it('follows the learner and whatever is refused, but neither loops at work nor what clients read to learn the API', () => {
  const model = seen(
    allowed('r1', 'kubectl'),
    allowed('r2', replicaSetLoop),
    allowed('r3', 'kubectl', { resource: '', path: '/apis' }),
    refused('r4', replicaSetLoop),
    allowed('r5', 'kubectl', { resource: '', path: '/healthz' }),
    request('r6', 'kubectl', { code: 401 }),
  )
  expect(decidedRequests(model, 10).map(({ event }) => event.id)).toEqual(['r5', 'r4', 'r1'])
  expect(requestOf(model, null)?.event.id).toBe('r5')
})

it('looks at the chosen request, or at the one that made the chosen revision', () => {
  const model = seen(append(7, 'r1', 'kubectl'), allowed('r1', 'kubectl', { revision: 7 }), refused('r2', 'kubectl'))
  expect(requestOf(model, { seq: 1 })?.event.id).toBe('r1')
  expect(requestOf(model, { seq: 2 })?.event.id).toBe('r1')
  expect(requestOf(model, { client: 'nobody' })).toBeUndefined()
})

it('looks at the last request about the chosen object, when there was one', () => {
  const model = seen(
    allowed('r1', 'kubectl', { name: 'other' }),
    allowed('r2', 'kubectl'),
    allowed('r3', replicaSetLoop),
  )
  const pod = { group: '', resource: 'pods', namespace: 'default' }
  expect(requestOf(model, { object: { ...pod, name: 'other' } })?.event.id).toBe('r1')
  expect(requestOf(model, { object: { ...pod, name: 'unheard-of' } })?.event.id).toBe('r2')
  expect(requestOf(model, { client: replicaSetLoop })?.event.id).toBe('r3')
})

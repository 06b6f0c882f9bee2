import { describe, expect, it } from 'vitest'
import type { ReconcileTrace } from '../../../../server/base/trace.ts'
import { placeOf } from './client-place.ts'
import { objectOf, requestWords } from './event-words.ts'
import { loopState } from './loop-state.ts'
import { PictureModel } from './picture-model.ts'
import { shortName } from './short-name.ts'
import { deliver, push, replicaSetLoop, request } from './trace-examples.ts'

describe('placeOf', () => {
  it.each([
    ['kubectl', 'you', 'kubectl'],
    ['curl', 'you', 'curl'],
    ['kubelet/node-1', 'kubelet', 'kubelet'],
    ['kube-proxy/node-2', 'proxy', 'proxy'],
    ['kube-scheduler', 'scheduler', 'Scheduler'],
    ['kube-controller-manager/replicaset-controller', 'loop', 'ReplicaSet'],
    ['kube-controller-manager/garbage-collector-controller', 'loop', 'Garbage collector'],
    ['kube-controller-manager/root-ca-certificate-publisher', 'loop', 'Root CA certificate publisher'],
    ['kube-apiserver', 'other', 'kube-apiserver'],
    ['podium-checks', 'other', 'podium-checks'],
  ])('takes %s for %s, called %s', (client, role, label) => {
    expect(placeOf(client)).toMatchObject({ role, label })
  })
})

describe('shortName', () => {
  it.each([
    ['web', 7, 'web'],
    ['web-6b7c8d9f54-x2k4p', 12, 'web-…-x2k4p'],
    ['web-6b7c8d9f54-x2k4p', 7, '…-x2k4p'],
    ['verylongnamewithoutdash', 11, 'veryl…tdash'],
    ['averylongname', 5, '…name'],
  ])('cuts %s to %i as %s', (name, most, short) => {
    expect(shortName(name, most)).toBe(short)
    expect(short.length).toBeLessThanOrEqual(most)
  })
})

describe('words', () => {
  it('says who did what to which object', () => {
    expect(requestWords(request('r', replicaSetLoop, { verb: 'create', name: 'web-q8n2d' }))).toBe(
      'ReplicaSet created pods/web-q8n2d',
    )
    expect(requestWords(request('r', 'kubelet/node-2', { subresource: 'status' }))).toBe(
      'kubelet on node-2 wrote the status of pods/web-1',
    )
    expect(requestWords(request('r', 'kubectl', { verb: 'get', code: 403 }))).toBe(
      'kubectl read pods/web-1, refused with 403',
    )
  })

  it('names a request without an object by its resource', () => {
    expect(objectOf(request('r', 'kubectl', { name: '' }))).toBe('pods')
    expect(objectOf(request('r', 'kubectl', { name: '', resource: '' }))).toBe('/')
  })
})

describe('loopState', () => {
  const turn = (outcome: ReconcileTrace['outcome'], wrote: number[], at: number): ReconcileTrace => ({
    ...{ type: 'reconcile', at, durationMs: 1, client: replicaSetLoop, key: 'default/web' },
    ...{ outcome, wanted: '', seen: '', did: [], wrote },
  })
  const model = () => new PictureModel()

  it('is back-off after an error, acted after a write, idle five seconds later', () => {
    const one = model()
    one.apply(push(1, [turn('error', [], 1000)]))
    expect(loopState(one.client(replicaSetLoop), 1000).word).toBe('back-off')
    one.apply(push(2, [turn('done', [5], 2000)]))
    expect(loopState(one.client(replicaSetLoop), 2000).word).toBe('acted')
    expect(loopState(one.client(replicaSetLoop), 7001).word).toBe('idle')
  })

  it('is behind only for revisions that were handed to it', () => {
    const one = model()
    one.apply(push(1, [{ type: 'loop', at: 1, client: replicaSetLoop, queue: [], queueLength: 0, cacheRevision: 10 }]))
    one.revision = 500
    expect(loopState(one.client(replicaSetLoop), 1).word).toBe('idle')
    one.apply(push(2, [deliver(40, replicaSetLoop)]))
    expect(loopState(one.client(replicaSetLoop), 1).word).toBe('behind')
  })
})

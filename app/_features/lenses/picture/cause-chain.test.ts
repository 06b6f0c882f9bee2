import { describe, expect, it } from 'vitest'
import { chainOf, chainOfRevision, marksOf, storyMarks, storyOf } from './cause-chain.ts'
import { PictureModel } from './picture-model.ts'
import { append, podReplaced, push, replicaSetLoop, request } from './trace-examples.ts'

function replaced(): PictureModel {
  const model = new PictureModel()
  model.apply(push(14, podReplaced()))
  return model
}

describe('chain of causes', () => {
  it('walks from a binding back to the keystroke', () => {
    const chain = chainOf(replaced(), 12)
    expect(chain.cut).toBe(false)
    expect(chain.hops.map((hop) => hop.request.event.id)).toEqual(['r1', 'r2', 'r3', 'r4'])
    expect(chain.hops.map((hop) => hop.append?.event.revision)).toEqual([450, 453, 455, 458])
  })

  it('passes each revision on by the delivery to whoever acted next, not to anybody else', () => {
    const chain = chainOf(replaced(), 14)
    expect(chain.hops.map((hop) => hop.deliver?.event.client)).toEqual([
      'kubelet/node-1',
      replicaSetLoop,
      'kube-scheduler',
      undefined,
    ])
  })

  it('numbers its marks in causal order', () => {
    const marks = marksOf(chainOf(replaced(), 8))
    expect(marks.map((mark) => `${mark.number} ${mark.kind} ${mark.seq}`)).toEqual([
      '1 request 4',
      '2 append 1',
      '3 deliver 2',
      '4 request 7',
      '5 append 5',
      '6 deliver 6',
      '7 request 11',
      '8 append 8',
    ])
  })

  it('ends at the delivery that was asked about', () => {
    const marks = marksOf(chainOf(replaced(), 13))
    expect(marks.at(-1)).toMatchObject({ kind: 'deliver', seq: 13, client: 'kubelet/node-1' })
    expect(chainOfRevision(replaced(), 455, replicaSetLoop).hops.at(-1)?.deliver?.seq).toBe(10)
  })

  it('tells what a keystroke set going, each request after the delivery that woke its sender', () => {
    const model = replaced()
    const marks = storyMarks(model, storyOf(model, 'r1'))
    expect(marks.map((mark) => `${mark.kind} ${mark.client} ${mark.revision}`)).toEqual([
      'request kubectl 450',
      'append kubectl 450',
      'deliver kubelet/node-1 450',
      'request kubelet/node-1 453',
      'append kubelet/node-1 453',
      `deliver ${replicaSetLoop} 453`,
      `request ${replicaSetLoop} 455`,
      `append ${replicaSetLoop} 455`,
      'deliver kube-scheduler 455',
      'request kube-scheduler 458',
      'append kube-scheduler 458',
    ])
    expect(marks.map((mark) => mark.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('tells the first deed of each, and no reads, Events or later deeds', () => {
    const model = replaced()
    model.apply(
      push(17, [
        request('r5', 'kube-scheduler', { verb: 'get', because: 455, cause: 'r1' }),
        append(460, 'r6', 'kube-scheduler', { cause: 'r1' }),
        request('r6', 'kube-scheduler', { verb: 'patch', revision: 460, because: 455, cause: 'r1' }),
      ]),
    )
    model.apply(
      push(19, [
        append(461, 'r7', 'kubelet/node-2', { cause: 'r1', resource: 'events' }),
        request('r7', 'kubelet/node-2', { resource: 'events', revision: 461, because: 458, cause: 'r1' }),
      ]),
    )
    const marks = storyMarks(model, storyOf(model, 'r1'))
    expect(marks.map((mark) => mark.revision)).toEqual([450, 450, 450, 453, 453, 453, 455, 455, 455, 458, 458])
  })

  it('says that it is cut where the cause is no longer kept', () => {
    const model = new PictureModel()
    model.apply(push(14, podReplaced().slice(4)))
    const chain = chainOfRevision(model, 458)
    expect(chain.cut).toBe(true)
    expect(chain.hops.map((hop) => hop.request.event.id)).toEqual(['r2', 'r3', 'r4'])
  })

  it('does not walk in circles when a request claims to act on what it wrote', () => {
    const model = new PictureModel()
    model.apply(push(2, [append(9, 'r9', 'kubectl'), request('r9', 'kubectl', { revision: 9, because: 9 })]))
    expect(chainOfRevision(model, 9)).toMatchObject({ cut: true, hops: [{ request: { seq: 2 } }] })
  })

  it('is a chain of one for a request that wrote nothing because of nothing', () => {
    const model = new PictureModel()
    model.apply(push(1, [request('r1', 'kubectl', { verb: 'get', code: 403 })]))
    expect(marksOf(chainOf(model, 1))).toEqual([
      { number: 1, kind: 'request', seq: 1, client: 'kubectl', revision: undefined, refused: true },
    ])
  })
})

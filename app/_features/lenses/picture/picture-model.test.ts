import { describe, expect, it } from 'vitest'
import type { LoopTrace } from '../../../../server/base/trace.ts'
import { PictureModel } from './picture-model.ts'
import { append, deliver, loops, podReplaced, push, replicaSetLoop, request } from './trace-examples.ts'

const lease = { group: 'coordination.k8s.io', resource: 'leases', name: 'node-1' }

describe('PictureModel', () => {
  it('hands out one dot for each request, append and delivery, and counts exactly those', () => {
    const model = new PictureModel()
    const dots = model.apply(push(14, podReplaced()))
    expect(dots.map((dot) => dot.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
    expect(model.counters).toMatchObject({ requests: 4, appends: 4, delivers: 6, hiddenRequests: 0 })
    expect(model.fromSeq).toBe(1)
  })

  it('makes no dot of loop, reconcile, watch and schedule events', () => {
    const model = new PictureModel()
    const client = replicaSetLoop
    const dots = model.apply(
      push(3, [
        { type: 'loop', at: 1, client, queue: ['default/web'], queueLength: 1, cacheRevision: 7 },
        { type: 'watch', at: 1, state: 'open', watch: 'w', client, group: '', resource: 'pods', namespace: '' },
        {
          type: 'schedule',
          at: 1,
          durationMs: 1,
          scheduler: 'default-scheduler',
          pod: 'default/web',
          nodes: [],
          more: 0,
        },
      ]),
    )
    expect(dots).toEqual([])
    expect(model.client(client)).toMatchObject({ queueLength: 1, cacheRevision: 7 })
    expect(model.openWatches.size).toBe(1)
  })

  it('takes in an event once when a reconnect sends it again', () => {
    const model = new PictureModel()
    const events = podReplaced()
    model.apply(push(10, events.slice(0, 10)))
    const again = model.apply(push(14, events, { pods: [], nodes: [], loops }))
    expect(again.map((dot) => dot.seq)).toEqual([11, 12, 13, 14])
    expect(model.counters.requests + model.counters.appends + model.counters.delivers).toBe(14)
  })

  it('counts what was missed instead of passing over it', () => {
    const model = new PictureModel()
    model.apply(push(2, podReplaced().slice(0, 2)))
    model.apply(push(14, podReplaced().slice(-3), { missed: true }))
    expect(model.missed).toBe(9)
    expect(model.seq).toBe(14)
  })

  it('begins anew when the cluster counts from one again', () => {
    const model = new PictureModel()
    model.apply(push(900, podReplaced(), { revision: 700 }))
    model.setShowHeartbeats(true)
    model.apply(push(900, [], { pods: [], nodes: [], loops }))
    model.apply(push(2, podReplaced().slice(0, 2), { revision: 450 }))
    expect(model.loops).toHaveLength(6)
    expect(model).toMatchObject({ seq: 2, revision: 450, showHeartbeats: true })
    expect(model.rows).toHaveLength(2)
    expect(model.counters).toMatchObject({ appends: 1, delivers: 1, requests: 0 })
  })

  it('forgets a loop that has ended, unless it has begun again since', () => {
    const model = new PictureModel()
    const own = 'website-operator/website-controller'
    const state = { type: 'loop', at: 1, client: own, queue: [], queueLength: 0, cacheRevision: 0 } as const
    const ended: LoopTrace = { ...state, queue: [], hasEnded: true }
    model.apply(push(0, [], { loops: [...loops, own] }))
    model.pin(own)
    model.apply(push(1, [ended], { loops: [...loops, own] }))
    expect(model.shownLoops).toContain(own)
    model.apply(push(2, [ended], { loops }))
    expect([...model.loops, ...model.shownLoops]).not.toContain(own)
  })

  it('keeps the loops it knows when a new stream has not heard of them yet', () => {
    const model = new PictureModel()
    model.apply(push(0, [], { loops }))
    model.apply(push(0, [], { loops: [] }))
    model.apply(push(0, [], { loops: ['kube-controller-manager/new-controller'] }))
    expect(model.loops).toHaveLength(7)
  })

  it('hides heartbeats from dots and tape but counts them', () => {
    const model = new PictureModel()
    const dots = model.apply(
      push(4, [
        append(460, 'h1', 'kubelet/node-1', lease),
        deliver(460, 'kube-controller-manager/node-lifecycle-controller', lease),
        request('h1', 'kubelet/node-1', { ...lease, revision: 460 }),
        request('q1', 'kubectl', { ...lease, verb: 'list' }),
      ]),
    )
    expect(dots.map((dot) => dot.client)).toEqual(['kubectl'])
    expect(model.counters).toEqual({
      requests: 1,
      delivers: 0,
      appends: 0,
      hiddenRequests: 1,
      hiddenDelivers: 1,
      hiddenAppends: 1,
    })
    expect(model.tape(5)).toEqual([])
    model.setShowHeartbeats(true)
    expect(model.tape(5).map((row) => row.event.revision)).toEqual([460])
  })

  it('gives the newest appends to the tape, oldest first', () => {
    const model = new PictureModel()
    model.apply(push(14, podReplaced()))
    expect(model.tape(3).map((row) => row.event.revision)).toEqual([453, 455, 458])
  })

  it('remembers the last request of a person apart from that of the cluster', () => {
    const model = new PictureModel()
    model.apply(push(14, podReplaced(), { loops }))
    expect(model.lastOwnRequest?.id).toBe('r1')
    expect(model.lastRequest?.id).toBe('r4')
  })

  it('keeps the story of a deed when only reads follow it, found or not', () => {
    const model = new PictureModel()
    model.apply(push(14, podReplaced(), { loops }))
    const dots = model.apply(push(15, [request('g1', 'kubectl', { verb: 'get', code: 404 })]))
    expect(model.lastDeed?.id).toBe('r1')
    expect(dots[0]?.refused).toBe(false)
    model.apply(push(16, [request('c1', 'kubectl', { verb: 'create', code: 409 })]))
    expect(model.lastDeed?.id).toBe('c1')
  })

  it('shows familiar loops first and leaves the scheduler to its own card', () => {
    const model = new PictureModel()
    model.setSlots(3)
    model.apply(push(0, [], { loops, pods: [], nodes: [] }))
    expect(model.shownLoops.map((client) => model.place(client).label)).toEqual([
      'Deployment',
      'ReplicaSet',
      'EndpointSlice',
    ])
    expect(model.loops).not.toContain('kube-scheduler')
  })

  it('lets a folded loop that acts because of a person take the place of the one still for longest', () => {
    const model = new PictureModel()
    model.setSlots(3)
    model.apply(push(14, podReplaced(), { loops }))
    const job = 'kube-controller-manager/job-controller'
    model.apply(
      push(15, [request('j1', job, { at: 9000, revision: 470, resource: 'jobs', because: 450, cause: 'r1' })]),
    )
    expect(model.shownLoops.map((client) => model.place(client).label)).toEqual(['Deployment', 'ReplicaSet', 'Job'])
    expect(model.shownLoops.indexOf(replicaSetLoop)).toBe(1)
  })

  it('leaves the cards alone when a loop acts of its own accord', () => {
    const model = new PictureModel()
    model.setSlots(3)
    const job = 'kube-controller-manager/job-controller'
    model.apply(push(1, [request('j1', job, { at: 9000, revision: 470 })], { loops }))
    expect(model.shownLoops).not.toContain(job)
  })

  it('gives familiar loops their cards when they are heard of late', () => {
    const model = new PictureModel()
    model.setSlots(3)
    model.apply(push(0, [], { loops: loops.slice(3) }))
    model.apply(push(0, [], { loops }))
    expect(model.shownLoops.map((client) => model.place(client).label)).toEqual([
      'Deployment',
      'ReplicaSet',
      'EndpointSlice',
    ])
  })

  it('keeps the card of the loop under the microscope', () => {
    const model = new PictureModel()
    model.setSlots(2)
    model.apply(push(0, [], { loops, pods: [], nodes: [] }))
    const job = 'kube-controller-manager/job-controller'
    model.pin(job)
    expect(model.shownLoops).toContain(job)
    for (const [index, client] of loops.entries()) {
      const person = request(`p${index}`, 'kubectl', { at: index * 10_000 })
      const acts = request(`x${index}`, client, { at: index * 10_000, revision: 500 + index, cause: person.id })
      model.apply(push(index * 2 + 2, [person, acts]))
    }
    expect(model.shownLoops).toContain(job)
  })

  it('stays bounded over a long run and still finds what it keeps', () => {
    const model = new PictureModel()
    for (let seq = 1; seq <= 12_000; seq++) model.apply(push(seq, [append(seq, `r${seq}`, 'kubectl')]))
    expect(model.rows.length).toBeLessThanOrEqual(5000)
    expect(model.counters.appends).toBe(12_000)
    expect(model.appendOf(1)).toBeUndefined()
    expect(model.rowBySeq(12_000)?.seq).toBe(12_000)
    expect(model.rowBySeq(9_000)?.seq).toBe(9_000)
  })

  it('knows which loops are held: from the push at first, then from each event', () => {
    const model = new PictureModel()
    const free = { held: false, steps: 0, everyMs: 0 }
    const held = { client: replicaSetLoop, held: true, steps: 0, everyMs: 0 }
    model.apply(push(0, [], { loops, gates: [held] }))
    expect([model.heldLoops, model.gate(loops[0]!)]).toEqual([[replicaSetLoop], free])
    model.apply(push(1, [{ type: 'gate', at: 1, ...held, steps: 1 }]))
    expect(model.gate(replicaSetLoop).steps).toBe(1)
    model.apply(push(2, [{ type: 'gate', at: 2, ...held, held: false }]))
    expect(model.heldLoops).toEqual([])
  })

  it('forgets what was held when the cluster’s host was started again, which releases everything', () => {
    const model = new PictureModel()
    const gate = { type: 'gate', at: 1, client: replicaSetLoop, held: true, steps: 0, everyMs: 0 } as const
    model.apply(push(2, [gate, gate], { loops }))
    model.apply(push(1, [append(2, 'r', 'kubectl')]))
    expect(model.heldLoops).toEqual([])
  })

  it('can hold loops and the scheduler, and nothing that runs on a machine or is somebody’s own', () => {
    const model = new PictureModel()
    const own = 'greeter/greeting-controller'
    model.apply(push(0, [], { loops: [...loops, own] }))
    const able = [replicaSetLoop, 'kube-scheduler', own, 'kubelet/node-1', 'kube-proxy/node-1', 'kubectl']
    expect(able.map((client) => model.canHold(client))).toEqual([true, true, false, false, false, false])
    expect(model.place(own)).toMatchObject({ role: 'loop', label: 'Greeting' })
  })

  it('finds the last writes of one object among others of the same name', () => {
    const model = new PictureModel()
    const other = append(9, 'r9', 'kubectl', { resource: 'services', name: 'web-1' })
    model.apply(push(3, [append(7, 'r7', 'kubectl'), append(8, 'r8', 'kubectl'), other]))
    const pod = { group: '', resource: 'pods', namespace: 'default', name: 'web-1' }
    expect(model.appendsOf(pod, 5).map(({ event }) => event.revision)).toEqual([8, 7])
    expect(model.appendsOf({ ...pod, namespace: 'other' }, 5)).toEqual([])
  })
})

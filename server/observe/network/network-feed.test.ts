import { PassThrough } from 'node:stream'
import type { Node } from 'kubernetes-types/core/v1'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import type { Transport, TransportRequest } from '../../kube/client/transport.ts'
import type { ClusterObjects } from './addresses.ts'
import { NetworkFeed } from './network-feed.ts'
import type { NetworkPush } from './network-push.ts'

const node = (name: string, { runtime = 'docker://28.5.2', ready = true } = {}): Node => ({
  metadata: { name },
  status: {
    nodeInfo: { containerRuntimeVersion: runtime } as never,
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
  },
})
const news = (id: number) => ({
  type: 'new',
  at: 1000,
  id: String(id),
  protocol: 'tcp',
  state: 'SYN_SENT',
  replied: false,
  asked: { from: '10.0.0.1', fromPort: id, to: '10.0.0.2', toPort: 80 },
  answered: { from: '10.0.0.2', fromPort: 80, to: '10.0.0.1', toPort: id },
})

let clock: FakeClock
let objects: ClusterObjects
let changed: () => void
let streams: { machine: string; stream: PassThrough; signal: AbortSignal | undefined }[]
let open: number
let feed: NetworkFeed
beforeEach(() => {
  clock = new FakeClock()
  objects = { nodes: [node('node-1'), node('node-2')], pods: [], services: [], endpointSlices: [] }
  streams = []
  open = 0
  const stream = async ({ path, signal }: TransportRequest) => {
    const stream = new PassThrough()
    signal?.addEventListener('abort', () => stream.destroy(new Error('left')))
    streams.push({ machine: path.split('/')[4] ?? '', stream, signal })
    return stream
  }
  feed = new NetworkFeed({
    sight: {
      view: () => objects,
      onChange: (listener) => {
        changed = listener
        return { [Symbol.dispose]: () => undefined }
      },
    },
    connect: () => {
      open++
      return { stream, [Symbol.dispose]: () => void open-- } as unknown as Transport & Disposable
    },
    clock,
    random: () => 0,
  })
})

function look() {
  const stop = new AbortController()
  const pushes: NetworkPush[] = []
  const done = (async () => {
    for await (const push of feed.watch(stop.signal)) pushes.push(push)
  })()
  const leave = () => {
    stop.abort()
    return done
  }
  return { pushes, leave }
}

async function say(machine: string, line: object): Promise<void> {
  streams.findLast((one) => one.machine === machine)?.stream.write(`${JSON.stringify(line)}\n`)
  await settlePromises()
  await clock.advance(100)
}

const machinesOf = (pushes: NetworkPush[]) =>
  pushes.findLast(({ machines }) => machines)?.machines?.map(({ name, state }) => `${name} ${state}`)

describe('the network of a cluster', () => {
  it('is listened to once for all who look, and no longer than they do', async () => {
    expect(open).toBe(0)
    const one = look()
    const other = look()
    await settlePromises()
    expect(streams.map(({ machine }) => machine)).toEqual(['node-1', 'node-2'])
    await say('node-1', { type: 'listening' })
    await say('node-1', news(1))
    for (const { pushes } of [one, other]) {
      expect(pushes[0]?.whole).toBe(true)
      expect(pushes.flatMap(({ connections }) => connections).map(({ from }) => from.port)).toEqual([1])
      expect(machinesOf(pushes)).toEqual(['node-1 listening', 'node-2 connecting'])
    }
    await one.leave()
    await clock.advance(10_000)
    expect(open).toBe(1)
    await other.leave()
    await clock.advance(4_999)
    expect(open).toBe(1)
    await clock.advance(1)
    expect(open).toBe(0)
    expect(streams.every(({ signal }) => signal?.aborted)).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('shows who comes later what was seen, and nothing twice', async () => {
    const one = look()
    await settlePromises()
    await say('node-1', news(1))
    const late = look()
    await settlePromises()
    await say('node-1', news(2))
    expect(late.pushes.map(({ connections }) => connections.map(({ from }) => from.port))).toEqual([[1], [2]])
    await one.leave()
    await late.leave()
  })

  it('opens a stream that broke again, and says meanwhile why it hears nothing', async () => {
    const { pushes, leave } = look()
    await settlePromises()
    await say('node-2', { type: 'listening' })
    streams[1]?.stream.destroy(new Error('connection reset'))
    await settlePromises()
    await clock.advance(100)
    const [, broken] = pushes.findLast(({ machines }) => machines)?.machines ?? []
    expect(broken).toMatchObject({ state: 'connecting', why: 'connection reset' })
    await clock.advance(500)
    expect(streams).toHaveLength(3)
    await say('node-2', { type: 'listening' })
    expect(machinesOf(pushes)).toEqual(['node-1 connecting', 'node-2 listening'])
    await leave()
  })

  it('counts what was lost', async () => {
    const { pushes, leave } = look()
    await settlePromises()
    await say('node-1', { type: 'lost', why: 'too slow', count: 7 })
    await say('node-1', { type: 'lost', why: 'too slow', count: 1 })
    expect(pushes.at(-1)?.lost).toEqual([{ machine: 'node-1', why: 'too slow', times: 2, connections: 8 }])
    await leave()
  })

  it('keeps no more of what a machine says than a busy one has to say', async () => {
    const { pushes, leave } = look()
    await settlePromises()
    for (let at = 0; at < 150; at++) await say('node-1', { type: 'lost', why: `for reason ${at}` })
    await say('node-1', { type: 'lost', why: 'for reason 1' })
    const lost = pushes.findLast(({ lost }) => lost)?.lost
    expect([lost?.length, lost?.[1]?.times]).toEqual([100, 2])
    await say('node-1', { ...news(1), state: 'x'.repeat(2 ** 13) })
    const [broken] = pushes.findLast(({ machines }) => machines)?.machines ?? []
    expect(broken?.why).toBe('a line is longer than 8192 characters')
    await leave()
  })

  it('follows machines that come and go, and says that none flows on simulated ones', async () => {
    objects = { ...objects, nodes: [node('node-1'), node('hollow', { runtime: 'simulated://1' })] }
    const { pushes, leave } = look()
    await settlePromises()
    expect(streams.map(({ machine }) => machine)).toEqual(['node-1'])
    expect(machinesOf(pushes)).toEqual(['node-1 connecting', 'hollow simulated'])
    objects = { ...objects, nodes: [node('node-3')] }
    changed()
    await settlePromises()
    await clock.advance(100)
    expect(streams.map(({ machine, signal }) => `${machine} ${signal?.aborted}`)).toEqual([
      'node-1 true',
      'node-3 false',
    ])
    expect(machinesOf(pushes)).toEqual(['node-3 connecting'])
    // Whoever loses power says no goodbye.
    objects = { ...objects, nodes: [node('node-3', { ready: false })] }
    changed()
    await clock.advance(100)
    expect(streams.at(-1)?.signal?.aborted).toBe(true)
    expect(pushes.findLast(({ machines }) => machines)?.machines?.[0]?.why).toBe('The machine is not Ready.')
    await leave()
  })
})

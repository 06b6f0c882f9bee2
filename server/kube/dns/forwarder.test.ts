import { createSocket, type Socket } from 'node:dgram'
import * as packet from 'dns-packet'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { answerPacket, ELSEWHERE } from './answer.ts'
import { Forwarder } from './forwarder.ts'
import { Zone } from './records.ts'
import { listenForQueries } from './sockets.ts'

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const query = packet.encode({
  type: 'query',
  id: 77,
  flags: packet.RECURSION_DESIRED,
  questions: [{ name: 'example.org', type: 'A' }],
})

/** A server that knows everything. */
async function world(): Promise<string> {
  const sockets = await listenForQueries({
    address: '127.0.0.1',
    port: 0,
    clock: systemClock,
    answer: (asked) => {
      const { id, questions } = packet.decode(asked)
      return packet.encode({
        type: 'response',
        id: id!,
        questions: questions!,
        answers: [{ type: 'A', name: 'example.org', data: '192.0.2.7' }],
      })
    },
  })
  stack.use(sockets)
  return `127.0.0.1:${sockets.port}`
}

/** Has a port, and never says anything. */
async function silence(): Promise<{ address: string; socket: Socket }> {
  const socket = createSocket('udp4')
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  stack.defer(() => void socket.close())
  return { address: `127.0.0.1:${socket.address().port}`, socket }
}

it.each(['udp', 'tcp'] as const)('hands the question on and the answer back, over %s', async (transport) => {
  const answer = packet.decode(await new Forwarder([await world()], systemClock).ask(query, transport))
  expect(answer).toMatchObject({ id: 77, answers: [{ data: '192.0.2.7' }] })
})

it('asks the next when one is not there, and says SERVFAIL when there is none', async () => {
  const { address, socket } = await silence()
  // Nobody at that port any more: the kernel says so at once.
  await new Promise<void>((closed) => socket.close(closed))
  stack = new AsyncDisposableStack()
  const answer = await new Forwarder([address, await world()], systemClock).ask(query, 'udp')
  expect(packet.decode(answer).answers).toHaveLength(1)
  const none = packet.decode(await new Forwarder([address], systemClock).ask(query, 'udp'))
  expect(none).toMatchObject({ id: 77, rcode: 'SERVFAIL', flag_rd: true })
})

it('is asked for names of the world only, and only where there is one', () => {
  const nothing = { service: () => undefined, services: () => [], slicesOf: () => [], hasNamespace: () => false }
  const context = {
    zone: new Zone(nothing, 'cluster.local'),
    domain: 'cluster.local',
    nowSeconds: 1,
    random: () => 0,
    transport: 'udp' as const,
  }
  expect(answerPacket(query, { ...context, forwards: true })).toBe(ELSEWHERE)
  const refused = answerPacket(query, context) as Buffer
  expect(packet.decode(refused)).toMatchObject({ rcode: 'REFUSED' })
  const own = packet.encode({ type: 'query', id: 1, questions: [{ name: 'a.b.svc.cluster.local', type: 'A' }] })
  expect(packet.decode(answerPacket(own, { ...context, forwards: true }) as Buffer)).toMatchObject({
    rcode: 'NXDOMAIN',
  })
})

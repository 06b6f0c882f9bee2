import { createSocket, type Socket } from 'node:dgram'
import * as packet from 'dns-packet'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock, systemClock } from '../../base/clock.ts'
import { answerPacket, type Elsewhere } from './answer.ts'
import { ForwardCache } from './forward-cache.ts'
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
  const nothing = {
    service: () => undefined,
    services: () => [],
    slicesOf: () => [],
    slicesAt: () => [],
    hasNamespace: () => false,
  }
  const context = {
    zone: new Zone(nothing, 'cluster.local'),
    domain: 'cluster.local',
    nowSeconds: 1,
    random: () => 0,
    transport: 'udp' as const,
  }
  expect(answerPacket(query, { ...context, forwards: true })).toMatchObject({ query })
  const transfer = packet.encode({ type: 'query', id: 1, questions: [{ name: 'example.org', type: 'AXFR' }] })
  const to = answerPacket(transfer, { ...context, forwards: true }) as Buffer
  expect(packet.decode(to)).toMatchObject({ rcode: 'REFUSED' })
  const refused = answerPacket(query, context) as Buffer
  expect(packet.decode(refused)).toMatchObject({ rcode: 'REFUSED' })
  const own = packet.encode({ type: 'query', id: 1, questions: [{ name: 'a.b.svc.cluster.local', type: 'A' }] })
  expect(packet.decode(answerPacket(own, { ...context, forwards: true }) as Buffer)).toMatchObject({
    rcode: 'NXDOMAIN',
  })
})

it('completes an alias that leads into the world', async () => {
  const spec = { type: 'ExternalName', externalName: 'example.org' }
  const zone = new Zone(
    { service: () => ({ spec }), services: () => [], slicesOf: () => [], slicesAt: () => [], hasNamespace: () => true },
    'cluster.local',
  )
  const context = { zone, domain: 'cluster.local', nowSeconds: 1, random: () => 0, transport: 'udp' as const }
  const question = { name: 'out.shop.svc.cluster.local', type: 'A' as const }
  const asked = packet.encode({ type: 'query', id: 5, flags: packet.RECURSION_DESIRED, questions: [question] })
  const alone = packet.decode(answerPacket(asked, context) as Buffer)
  expect(alone.answers).toMatchObject([{ type: 'CNAME', data: 'example.org' }])
  const elsewhere = answerPacket(asked, { ...context, forwards: true }) as Elsewhere
  const theirs = await new Forwarder([await world()], systemClock).ask(elsewhere.query, 'udp')
  expect(packet.decode(elsewhere.complete(theirs))).toMatchObject({
    id: 5,
    rcode: 'NOERROR',
    flag_rd: true,
    questions: [question],
    answers: [
      { type: 'CNAME', name: question.name, data: 'example.org' },
      { type: 'A', name: 'example.org', data: '192.0.2.7' },
    ],
  })
})

describe('what others answered', () => {
  const clock = new FakeClock()
  const asked = packet.decode(query)
  const soa = {
    type: 'SOA' as const,
    name: 'org',
    ttl: 60,
    data: { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 12 },
  }
  const reply = (told: Partial<packet.Packet>) =>
    packet.encode({ type: 'response', id: 77, questions: asked.questions ?? [], ...told })
  const there = reply({ answers: [{ type: 'A', name: 'example.org', ttl: 20, data: '192.0.2.7' }] })
  const nothing = reply({ flags: 3, authorities: [soa] })

  it.each([
    { name: 'is remembered for as long as it says', answer: there, seconds: 20 },
    {
      name: 'is remembered for half a minute at most',
      answer: reply({ answers: [{ type: 'A', name: 'example.org', ttl: 3600, data: '192.0.2.7' }] }),
      seconds: 30,
    },
    { name: 'that there is no such name, is remembered for as long as its zone says', answer: nothing, seconds: 12 },
    { name: 'without an end is not remembered', answer: reply({ flags: 3 }), seconds: 0 },
    { name: 'as a failure is not remembered', answer: reply({ flags: 2 }), seconds: 0 },
    { name: 'and cannot be read is not remembered', answer: Buffer.from([1, 2, 3]), seconds: 0 },
    { name: 'and was cut is not remembered', answer: reply({ flags: packet.TRUNCATED_RESPONSE }), seconds: 0 },
  ])('$name', async ({ answer, seconds }) => {
    const cache = new ForwardCache(clock)
    cache.put(asked, 'udp', answer)
    expect(cache.get(asked, 'tcp')).toBeUndefined()
    if (seconds > 0) {
      await clock.advance(seconds * 1000 - 1)
      expect(cache.get(asked, 'udp')).toBeDefined()
      await clock.advance(1)
    }
    expect(cache.get(asked, 'udp')).toBeUndefined()
  })

  it('is said again to whoever asks, in their letters, with what is left of its time', async () => {
    const cache = new ForwardCache(clock)
    cache.put(asked, 'udp', there)
    await clock.advance(8_000)
    const other = { ...asked, id: 5, questions: [{ name: 'EXAMPLE.org', type: 'A' as const }] }
    expect(packet.decode(cache.get(other, 'udp')!)).toMatchObject({
      id: 5,
      questions: [{ name: 'EXAMPLE.org' }],
      answers: [{ ttl: 12, data: '192.0.2.7' }],
      flag_aa: false,
    })
    expect(cache.get({ ...other, questions: [{ name: 'example.org', type: 'AAAA' }] }, 'udp')).toBeUndefined()
  })
})

it('asks once for what it was told a moment ago', async () => {
  const forwarder = new Forwarder([await world()], systemClock)
  await forwarder.ask(query, 'udp')
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
  expect(packet.decode(await forwarder.ask(query, 'udp')).answers).toHaveLength(1)
})

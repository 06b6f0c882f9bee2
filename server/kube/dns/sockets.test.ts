import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { listenForQueries } from './sockets.ts'

it('listens over TCP to no more questions than somebody waits for, and answers all in their order', async () => {
  const answered = Promise.withResolvers<void>()
  const asked: number[] = []
  await using sockets = await listenForQueries({
    address: '127.0.0.1',
    port: 0,
    clock: systemClock,
    async answer(query) {
      asked.push(query[0]!)
      await answered.promise
      return query
    },
  })
  const numbers = Array.from({ length: 200 }, (_, number) => number)
  const client = connect(sockets.port, '127.0.0.1')
  client.write(Buffer.from(numbers.flatMap((number) => [0, 1, number])))
  await expect.poll(() => asked.length).toBeGreaterThanOrEqual(64)
  expect(asked).toHaveLength(64)
  answered.resolve()
  let heard: Buffer = Buffer.alloc(0)
  client.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk])
    if (heard.length >= 600) client.end()
  })
  await once(client, 'close')
  expect([...heard].filter((_, at) => at % 3 === 2)).toEqual(numbers)
})

it('has 256 that ask over TCP at once, and sends away who comes then', async () => {
  await using sockets = await listenForQueries({
    address: '127.0.0.1',
    port: 0,
    clock: systemClock,
    answer: (query) => query,
  })
  const clients = Array.from({ length: 256 }, () => connect(sockets.port, '127.0.0.1'))
  await Promise.all(clients.map((client) => once(client, 'connect')))
  clients[255]!.write(Buffer.from([0, 1, 7]))
  expect([...(await once(clients[255]!, 'data'))[0]]).toEqual([0, 1, 7])
  const late = connect(sockets.port, '127.0.0.1')
  late.on('error', () => undefined)
  await new Promise((closed) => late.once('close', closed))
  for (const client of clients) client.destroy()
})

it('keeps no port over UDP that it cannot have over TCP', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const told = { address: '127.0.0.1', port, clock: systemClock, answer: (query: Buffer) => query }
  await expect(listenForQueries(told)).rejects.toThrow('EADDRINUSE')
  const udp = createSocket('udp4').bind(port, '127.0.0.1')
  await once(udp, 'listening')
  udp.close()
  taken.close()
})

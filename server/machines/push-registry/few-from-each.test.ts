import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { fewFromEach } from './few-from-each.ts'

it('ends a connection too many, and takes another when one has gone', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  const guests: Socket[] = []
  server.on('connection', (socket) => guests.push(socket))
  fewFromEach(server, 2)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const come = () => connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined)
  /** Whoever is let in hears an echo. */
  const isLetIn = (socket: Socket) => {
    socket.write('?')
    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)])
  }
  const [one, two] = [come(), come()]
  expect([await isLetIn(one), await isLetIn(two), await isLetIn(come())]).toEqual([true, true, false])
  one.destroy()
  await once(guests[0] as Socket, 'close')
  const next = come()
  expect(await isLetIn(next)).toBe(true)
  for (const socket of [two, next]) socket.destroy()
  server.close()
})

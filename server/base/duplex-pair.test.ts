import { once } from 'node:events'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { duplexPair } from './duplex-pair.ts'

it('carries what each end says, to its end', async () => {
  const [a, b] = duplexPair()
  a.end('from a')
  b.end('from b')
  expect(await Promise.all([text(a), text(b)])).toEqual(['from b', 'from a'])
})

it('takes no more than the other end reads', async () => {
  const [a, b] = duplexPair()
  let pieces = 0
  while (a.write(Buffer.alloc(16_384))) pieces++
  expect(pieces).toBeLessThan(20)
  b.resume()
  await once(a, 'drain')
})

it('breaks at both ends', async () => {
  const [a, b] = duplexPair()
  const closed = once(b, 'close')
  a.destroy()
  await closed
})

it('goes on after HTTP, whoever takes it over', async () => {
  const [here, there] = duplexPair()
  const server = http.createServer().on('upgrade', async (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    for await (const piece of socket) socket.write(`echo ${piece}`)
  })
  server.emit('connection', there)
  const headers = { connection: 'Upgrade', upgrade: 'echo' }
  const request = http.request({ method: 'POST', headers, createConnection: () => here as never })
  request.end()
  const [, socket] = await once(request, 'upgrade')
  socket.write('one')
  expect(String((await once(socket, 'data'))[0])).toBe('echo one')
})

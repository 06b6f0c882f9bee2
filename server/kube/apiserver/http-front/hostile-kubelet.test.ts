// A learner is root on the machine, so the kubelet may be the learner's: it answers without end, with lies, or elsewhere.

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { testPki } from '../testing/test-pki.ts'
import { KubeletCaller } from './kubelet-caller.ts'
import { ServiceCaller } from './service-caller.ts'

let kubelet: https.Server
let caller: KubeletCaller
let answer: (request: IncomingMessage, response: ServerResponse) => void
let written = 0
const target = { type: 'connect' as const, host: '127.0.0.1', port: 0, path: '/any' }

beforeAll(async () => {
  const pki = await testPki()
  const own = await pki.issue('node-1')
  kubelet = https.createServer({ cert: own.certPem, key: own.keyPem }, (request, response) => answer(request, response))
  kubelet.on('upgrade', (_request, socket: net.Socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    pour((piece) => socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`), socket)
  })
  // Whatever is dialled, it is the same server that answers.
  kubelet.on('connect', (_request, socket: net.Socket) => {
    const peer = net.connect(target.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(peer).pipe(socket)
    })
    for (const each of [socket, peer]) each.on('error', () => each.destroy())
  })
  kubelet.listen(0, '127.0.0.1')
  await once(kubelet, 'listening')
  target.port = (kubelet.address() as AddressInfo).port
  caller = new KubeletCaller({ ...(await pki.issue('kube-apiserver-kubelet-client')), caPem: pki.caPem })
})
afterAll(() => {
  caller.close()
  kubelet.closeAllConnections()
  kubelet.close()
})

/** As much as is taken, for ever. */
function pour(write: (piece: string) => boolean, to: { on(event: 'drain' | 'close', run: () => void): unknown }): void {
  const piece = 'x'.repeat(64 * 1024)
  let isOpen = true
  written = 0
  const more = () => {
    while (isOpen && write(piece)) written += piece.length
  }
  to.on('drain', more)
  to.on('close', () => {
    isOpen = false
  })
  more()
}
const endless = (status: number) => (_request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(status)
  pour((piece) => response.write(piece), response)
}
const patience = () => AbortSignal.timeout(15_000)

it('is given up when its measurements do not end', async () => {
  answer = endless(200)
  await expect(caller.text(target, patience())).rejects.toThrow('the answer is longer than 8388608 bytes')
  expect(written).toBeLessThan(64 * 2 ** 20)
})

it('is heard no longer than a refusal needs', async () => {
  answer = endless(500)
  const refused = await caller.stream(target, patience()).then(
    () => undefined,
    (err: Error) => err,
  )
  expect(refused?.message).toHaveLength(64 * 1024)
})

it('may not answer an upgrade without end', async () => {
  let heard = 0
  const ended = Promise.withResolvers<void>()
  const client = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      heard += chunk.length
      done()
    },
    final(done) {
      done()
      ended.resolve()
    },
  })
  const headers = { connection: 'Upgrade', upgrade: 'websocket' }
  caller.upgrade(target, { method: 'GET', headers, socket: client, head: Buffer.alloc(0) })
  await ended.promise
  expect(heard).toBeLessThan(65 * 1024 + 200)
})

it('does not send this server elsewhere', async () => {
  let asked = 0
  const elsewhere = net.createServer(() => void asked++)
  elsewhere.listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  const location = `https://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/latest/meta-data`
  answer = (_request, response) => response.writeHead(302, { location }).end()
  await expect(caller.text(target, patience())).rejects.toThrow('the kubelet refused')
  expect(asked).toBe(0)
  elsewhere.close()
})

it('does not pass on a refusal that claims success', async () => {
  answer = (_request, response) => response.writeHead(403).end('{"kind":"Status","code":200,"status":"Success"}')
  await expect(caller.text(target, patience())).rejects.toThrow()
})

it('nor may a webhook behind it go on for ever', async () => {
  answer = endless(200)
  const through = { host: '127.0.0.1', port: target.port }
  const services = new ServiceCaller({
    kubelet: caller,
    locate: () => ({ host: '127.0.0.1', port: target.port, through }),
    anyKubelet: () => through,
  })
  const service = { namespace: 'default', name: 'hook', port: 443 }
  const call = { service, method: 'POST' as const, path: '/', body: {}, isInsecure: true, timeoutMs: 15_000 }
  await expect(services.call(call)).rejects.toThrow('the answer is longer than 16777216 bytes')
})

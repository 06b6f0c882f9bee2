// What a call to a webhook says when it fails, behind a kubelet that dials for it.

import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Server } from 'node:net'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepCertificate } from '../../../base/net-errors.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { type TestPki, testPki } from '../testing/test-pki.ts'
import { KubeletCaller } from './kubelet-caller.ts'
import { type ServiceCall, ServiceCaller } from './service-caller.ts'

let pki: TestPki
let kubelet: https.Server
let caller: KubeletCaller
let kubeletPort: number
const servers: Server[] = []
const sockets = new Set<net.Socket>()

beforeAll(async () => {
  pki = await testPki()
  const { certPem, keyPem } = await pki.issue('node-1')
  kubelet = https.createServer({ cert: certPem, key: keyPem })
  kubelet.on('connect', ({ url = '' }, socket: net.Socket) => {
    const peer = net.connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(peer).pipe(socket)
    })
    socket.on('error', () => peer.destroy())
    peer.on('error', () => socket.destroy())
  })
  kubeletPort = await listen(kubelet)
  caller = new KubeletCaller({ ...(await pki.issue('kube-apiserver-kubelet-client')), caPem: pki.caPem })
})
afterAll(() => {
  caller.close()
  for (const server of servers) server.close()
  for (const socket of sockets) socket.destroy()
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const FAILED = 'Post "https://hook.default.svc:443/judge?timeout=5s": '

/** With the hook at that port, and its machine's kubelet at the other. */
function ask(port: number, more: Partial<ServiceCall> = {}, through = kubeletPort): Promise<unknown> {
  const services = new ServiceCaller({
    kubelet: caller,
    locate: ({ name }) => {
      if (name !== 'hook') throw new StatusError('ServiceUnavailable', `no endpoints available for service "${name}"`)
      return { host: '127.0.0.1', port, through: { host: '127.0.0.1', port: through } }
    },
    anyKubelet: () => ({ host: '127.0.0.1', port: through }),
  })
  const service = { namespace: 'default', name: 'hook', port: 443 }
  const caBundle = Buffer.from(pki.caPem).toString('base64')
  return services.call({
    service,
    method: 'POST',
    path: '/judge?timeout=5s',
    body: {},
    caBundle,
    timeoutMs: 5_000,
    ...more,
  })
}

it('says why there is no answer', async () => {
  const plain = await listen(http.createServer((_, response) => response.end()))
  await expect(ask(plain)).rejects.toThrow(`${FAILED}http: server gave HTTP response to HTTPS client`)
  const curt = await listen(net.createServer((socket) => socket.once('data', () => socket.end())))
  await expect(ask(curt)).rejects.toThrow(`${FAILED}EOF`)
  const silent = await listen(net.createServer((socket) => socket.resume()))
  await expect(ask(silent, { timeoutMs: 50 })).rejects.toThrow(`${FAILED}context deadline exceeded`)
  await expect(ask(silent, {}, 1)).rejects.toThrow(`${FAILED}dial tcp 127.0.0.1:1: connect: connection refused`)
  const service = { namespace: 'default', name: 'gone', port: 443 }
  await expect(ask(silent, { service })).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
    message: 'Post "https://gone.default.svc:443/judge?timeout=5s": no endpoints available for service "gone"',
  })
})

it('says what it does not trust of a certificate', async () => {
  const serve = async (names: string[], times?: { notBefore: Date; notAfter: Date }) => {
    const { certPem, keyPem } = await pki.issue('hook', [], names, times)
    return listen(https.createServer({ cert: certPem, key: keyPem }, (_, response) => response.end('{}')))
  }
  const good = await serve(['hook.default.svc'])
  expect(await ask(good)).toMatchObject({ code: 200 })
  const x509 = `${FAILED}tls: failed to verify certificate: x509: `
  const other = Buffer.from((await testPki()).caPem).toString('base64')
  await expect(ask(good, { caBundle: other })).rejects.toThrow(`${x509}certificate signed by unknown authority`)
  await expect(ask(await serve(['a.example.com', 'b.example.com']))).rejects.toThrow(
    `${x509}certificate is valid for localhost, a.example.com, b.example.com, not hook.default.svc`,
  )
  const [year, before, after] = [2000, 2001, 2999].map((when) => new Date(`${when}-01-01T00:00:00Z`)) as [
    Date,
    Date,
    Date,
  ]
  const old = await serve(['hook.default.svc'], { notBefore: year, notAfter: before })
  const time = `${x509}certificate has expired or is not yet valid: current time `
  await expect(ask(old)).rejects.toThrow(time)
  await expect(ask(old)).rejects.toThrow(/: current time \d{4}-\S+:\d\dZ is after 2001-01-01T00:00:00Z$/)
  const young = await serve(['hook.default.svc'], { notBefore: after, notAfter: after })
  await expect(ask(young)).rejects.toThrow(/: current time \d{4}-\S+:\d\dZ is before 2999-01-01T00:00:00Z$/)
  const url = { service: { url: 'https://127.0.0.1:8443/' }, path: '/judge' }
  await expect(ask(good, url)).rejects.toThrow('Post "https://127.0.0.1:8443/judge": ')
})

it('knows the certificate of a connection that is not made, and keeps none of one that is', async () => {
  const connect = (ca: string) => {
    const socket = tls.connect({ host: '127.0.0.1', port: kubeletPort, ca })
    const listeners = socket.listenerCount('error')
    keepCertificate(socket)
    return { socket, listeners }
  }
  const stranger = connect((await testPki()).caPem)
  const [refused] = (await once(stranger.socket, 'error')) as [object]
  expect(refused).toMatchObject({ cert: { subject: { CN: 'node-1' } } })

  const { socket, listeners } = connect(pki.caPem)
  await once(socket, 'secureConnect')
  expect(socket.listenerCount('error')).toBe(listeners)
  const failed = once(socket, 'error')
  socket.destroy(new Error('later'))
  expect((await failed)[0]).not.toHaveProperty('cert')
})

it('has an address of IPv6 in a URL dialled as one', async () => {
  const asked = once(kubelet, 'connect')
  const failed = ask(0, { service: { url: 'https://[::1]:8443' } }).catch(() => undefined)
  const [{ url }] = (await asked) as [{ url: string }]
  expect(url).toBe('[::1]:8443')
  await failed
})

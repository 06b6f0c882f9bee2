import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { rawRequest } from '../../apiserver/testing/raw-request.ts'
import { type TestPki, testPki } from '../../apiserver/testing/test-pki.ts'
import type { Kubelet } from '../kubelet.ts'
import { type KubeletServer, startKubeletServer } from './kubelet-server.ts'

let pki: TestPki
let server: KubeletServer
let apiServer: { certPem: string; keyPem: string }
beforeEach(async () => {
  pki = await testPki()
  apiServer = await pki.issue('kube-apiserver-kubelet-client', ['system:masters'])
  const kubelet = { pods: () => [], pod: () => undefined } as unknown as Kubelet
  const tls = { ...(await pki.issue('node-1')), clientCaPem: pki.caPem }
  server = await startKubeletServer({
    kubelet,
    clock: new FakeClock(),
    logger: noLogger,
    host: '127.0.0.1',
    port: 0,
    tls,
  })
})
afterEach(() => server[Symbol.asyncDispose]())

const ask = (path: string, who: object = apiServer) => rawRequest({ port: server.port, caPem: pki.caPem, path, ...who })

function connect(target: string, who: { certPem: string; keyPem: string }) {
  const request = https.request({
    host: '127.0.0.1',
    port: server.port,
    ca: pki.caPem,
    cert: who.certPem,
    key: who.keyPem,
    method: 'CONNECT',
    path: target,
    agent: false,
  })
  return new Promise<{ code: number; said: string; socket: Duplex }>((resolve, reject) => {
    request.on('connect', (answer, socket) => {
      socket.on('error', () => undefined)
      resolve({ code: answer.statusCode ?? 0, said: String(answer.headers['tunnel-error'] ?? ''), socket })
    })
    request.on('error', reject)
    request.end()
  })
}

it('shows what it got last to whoever calls from then on', async () => {
  const names = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port: server.port, ca: pki.caPem }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
      socket.on('error', reject)
    })
  expect(await names()).toBe('node-1')
  server.renewCertificate(await pki.issue('node-1-renewed'))
  expect(await names()).toBe('node-1-renewed')
  expect((await ask('/pods')).code).toBe(200)
})

describe("the kubelet's own API", () => {
  it('is for the API server and those who may do all, not for whoever has a certificate of the cluster', async () => {
    expect((await ask('/pods')).json()).toMatchObject({ kind: 'PodList' })
    expect((await ask('/podium/connections')).code).toBe(404)
    for (const who of [{}, await pki.issue('learner'), await pki.issue('system:node:node-2', ['system:nodes'])]) {
      expect((await ask('/healthz', who)).text).toBe('ok')
      expect((await ask('/pods', who)).code).toBe(401)
      expect((await ask('/podium/connections', who)).code).toBe(401)
      expect((await ask('/podium/trace/arm', who)).code).toBe(401)
    }
    expect((await connect('127.0.0.1:80', await pki.issue('learner'))).code).toBe(401)
  })

  it('opens a tunnel to what the machine reaches, and says why it cannot', async () => {
    const web = http.createServer((request, response) => response.end(`you asked for ${request.url}`))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const { port } = web.address() as AddressInfo
    const { code, socket } = await connect(`127.0.0.1:${port}`, apiServer)
    expect(code).toBe(200)
    socket.write('GET /page HTTP/1.0\r\n\r\n')
    let heard = ''
    for await (const chunk of socket) heard += chunk
    expect(heard).toMatch(/you asked for \/page$/)
    await new Promise((closed) => web.close(closed))

    const refused = await connect(`127.0.0.1:${port}`, apiServer)
    expect(refused).toMatchObject({ code: 502, said: `dial tcp 127.0.0.1:${port}: connect: connection refused` })
    expect(await connect(':80', apiServer)).toMatchObject({ code: 502, said: 'dial tcp :80: missing address' })
  })

  it('looks up the name of a webhook elsewhere, on its machine', async () => {
    const web = http.createServer((request, response) => response.end(`you asked for ${request.url}`))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const { code, socket } = await connect(`localhost:${(web.address() as AddressInfo).port}`, apiServer)
    expect(code).toBe(200)
    socket.destroy()
    await new Promise((closed) => web.close(closed))
    expect((await connect('nobody.invalid:443', apiServer)).said).toMatch(
      /^dial tcp: lookup nobody\.invalid: (no such host|server misbehaving)$/,
    )
  })

  it('closes its tunnels when it stops', async () => {
    const quiet = http.createServer()
    await new Promise<void>((resolve) => quiet.listen(0, '127.0.0.1', resolve))
    const { socket } = await connect(`127.0.0.1:${(quiet.address() as AddressInfo).port}`, apiServer)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.resume()
    await server[Symbol.asyncDispose]()
    await closed
    quiet.closeAllConnections()
    await new Promise((done) => quiet.close(done))
  })
})

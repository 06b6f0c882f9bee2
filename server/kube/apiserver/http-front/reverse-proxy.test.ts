import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawRequest } from '../testing/raw-request.ts'
import { testPki } from '../testing/test-pki.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { rewriteHtml } from './rewrite-html.ts'

const POD = '/api/v1/namespaces/default/pods/web:8080/proxy'
const SERVICE = '/api/v1/namespaces/default/services'

/** What runs in the pod: says what it was asked, and echoes when the connection is asked for. */
function webServer(): http.Server {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://pod')
    if (pathname === '/taken-over') {
      return request.socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
    }
    if (pathname === '/moved') return response.writeHead(302, { location: '/new?place' }).end()
    if (pathname === '/page') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'access-control-allow-origin': '*' })
      return response.end('<a href="/über">über</a> <img src="pic.png"> see /über')
    }
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      response.writeHead(pathname === '/teapot' ? 418 : 200, { 'content-type': 'application/json', 'x-own': 'yes' })
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
    })
  })
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
    socket.pipe(socket)
  })
  return server
}

const listen = (server: net.Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

describe('the proxy subresource', () => {
  let test: TestServer
  let port: number
  let admin: { certPem: string; keyPem: string }
  const servers: http.Server[] = []
  const dialled: string[] = []

  beforeAll(async () => {
    const pki = await testPki()
    const web = webServer()
    const webPort = await listen(web)
    const serving = await pki.issue('node-1')
    const kubelet = https.createServer({
      cert: serving.certPem,
      key: serving.keyPem,
      ca: pki.caPem,
      requestCert: true,
      rejectUnauthorized: true,
    })
    kubelet.on('request', (request, response) => response.end(`kubelet ${request.url}`))
    // Every address of the cluster is the one web server here, but one where nobody answers.
    kubelet.on('connect', (request, socket) => {
      dialled.push(request.url ?? '')
      if (request.url?.endsWith(':81')) {
        return void socket.end(
          'HTTP/1.1 502 Bad Gateway\r\nTunnel-Error: dial tcp: connect: connection refused\r\n\r\n',
        )
      }
      const peer = net.connect(webPort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(peer).pipe(socket)
      })
    })
    const kubeletPort = await listen(kubelet)
    servers.push(web, kubelet)

    test = await startTestServer({
      options: { kubeletClient: { ...(await pki.issue('apiserver-kubelet-client')), caPem: pki.caPem } },
    })
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    admin = await test.pki.issue('kubernetes-admin', ['system:masters'])
    const post = (path: string, body: unknown) => test.transport.request({ method: 'POST', path, body })
    const here = '/api/v1/namespaces/default'
    await post(`${here}/serviceaccounts`, { metadata: { name: 'default' } })
    await post('/api/v1/nodes', {
      metadata: { name: 'node-1' },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
      },
    })
    const podAt = async (name: string, podIP: string) => {
      const containers = [{ name: 'web', image: 'nginx', ports: [{ containerPort: 8080 }] }]
      const pod = await post(`${here}/pods`, { metadata: { name }, spec: { nodeName: 'node-1', containers } })
      const body = { ...(pod as object), status: { phase: 'Running', podIP } }
      await test.transport.request({ method: 'PUT', path: `${here}/pods/${name}/status`, body })
    }
    await podAt('web', '10.244.1.5')
    await podAt('sly', '127.0.0.1')
    const ports = [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'idle', port: 90 },
    ]
    await post(`${here}/services`, { metadata: { name: 'web' }, spec: { ports } })
    await post(`${here}/endpoints`, {
      metadata: { name: 'web' },
      subsets: [{ addresses: [{ ip: '10.244.1.5', nodeName: 'node-1' }], ports: [{ name: 'http', port: 8080 }] }],
    })
  })
  afterAll(async () => {
    await test[Symbol.asyncDispose]()
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  const ask = (path: string, more: Partial<Parameters<typeof rawRequest>[0]> = {}) =>
    rawRequest({ port, caPem: test.pki.caPem, ...admin, path, ...more })

  it('carries method, path, query, headers and body to the pod, as they were written', async () => {
    const answer = await ask(`${POD}/a%2Fb//c/../d?x=1&watch=true`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-mine': 'yes', authorization: 'Basic c2VjcmV0' },
    })
    expect(answer.code).toBe(200)
    expect(answer.headers['x-own']).toBe('yes')
    const heard = answer.json() as unknown as { headers: Record<string, string> }
    expect(heard).toMatchObject({ method: 'POST', url: '/a%2Fb//c/../d?x=1&watch=true', body: 'hello' })
    expect(heard.headers).toMatchObject({
      host: '10.244.1.5:8080',
      'x-mine': 'yes',
      'x-forwarded-uri': `${POD}/a%2Fb//c/../d`,
    })
    expect(heard.headers).not.toHaveProperty('authorization')
    expect(dialled.at(-1)).toBe('10.244.1.5:8080')
  })

  it('passes back what the pod answers, errors too', async () => {
    expect((await ask(`${POD}/teapot`)).code).toBe(418)
  })

  it('sends a path without an end to the one with a slash', async () => {
    const answer = await ask(`${POD}?x=1`)
    expect(answer).toMatchObject({ code: 301, headers: { location: `${POD}/?x=1` } })
  })

  it('tells redirects and pages anew for the longer path', async () => {
    expect((await ask(`${POD}/moved`)).headers.location).toBe(`${POD}/new?place`)
    const page = await ask(`${POD}/page`)
    expect(page.text).toBe(`<a href="${POD}/über">über</a> <img src="pic.png"> see /über`)
    expect(page.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it.each([
    ['web:http', '10.244.1.5:8080'],
    ['web:80', '10.244.1.5:8080'],
    ['http:web:http', '10.244.1.5:8080'],
  ])('finds an endpoint of service %s', async (name, address) => {
    expect((await ask(`${SERVICE}/${name}/proxy/`)).code).toBe(200)
    expect(dialled.at(-1)).toBe(address)
  })

  it.each([
    [`${SERVICE}/web:81/proxy/`, 503, 'no service port 81 found for service "web"'],
    [`${SERVICE}/web:idle/proxy/`, 503, 'no endpoints available for service "web"'],
    [`${SERVICE}/ftp:web:80/proxy/`, 400, 'invalid proxy request "ftp:web:80"'],
    [`${SERVICE}/nobody/proxy/`, 404, 'services "nobody" not found'],
    ['/api/v1/namespaces/default/pods/sly/proxy/', 400, 'address not allowed'],
    [
      '/api/v1/namespaces/default/pods/web:81/proxy/',
      503,
      'error trying to reach service: dial tcp: connect: connection refused',
    ],
  ])('refuses %s', async (path, code, message) => {
    const answer = await ask(path)
    expect({ code: answer.code, message: answer.json().message }).toEqual({ code, message })
  })

  it('asks the kubelet itself when a node is meant', async () => {
    expect((await ask('/api/v1/nodes/node-1/proxy/healthz?verbose')).text).toBe('kubelet /healthz?verbose')
  })

  it('hands the connection through when it is asked for', async () => {
    const request = https.request({
      host: '127.0.0.1',
      port,
      ca: test.pki.caPem,
      cert: admin.certPem,
      key: admin.keyPem,
      path: `${POD}/socket`,
      headers: { connection: 'Upgrade', upgrade: 'echo' },
    })
    const heard = await new Promise<string>((resolve, reject) => {
      request.on('upgrade', (answer, socket) => {
        expect(answer.headers.upgrade).toBe('echo')
        socket.write('hello')
        socket.once('data', (chunk: Buffer) => {
          resolve(chunk.toString())
          socket.destroy()
        })
      })
      request.on('error', reject)
      request.end()
    })
    expect(heard).toBe('hello')
  })

  it('is answered when somebody takes over a connection that nobody offered', async () => {
    const answer = await ask(`${POD}/taken-over`)
    expect(answer.code).toBe(503)
    expect(answer.json().message).toMatch(/^error trying to reach service: unexpected answer: 101/)
  })

  it('is refused to those who may not, before anybody is dialled', async () => {
    const before = dialled.length
    const learner = await test.pki.issue('learner')
    expect((await ask(`${POD}/`, learner)).code).toBe(403)
    expect(dialled.length).toBe(before)
  })
})

it('changes addresses in pages, and nothing that only looks like one', () => {
  const where = { prefix: '/proxy', host: 'pod:80' }
  expect(rewriteHtml(`<form action='/go'>"/go"</form><a data-href="/x" href="/y">`, where)).toBe(
    `<form action='/proxy/go'>"/go"</form><a data-href="/x" href="/proxy/y">`,
  )
})

it('looks once through a page of tags that never end', () => {
  const page = '<a'.repeat(100_000)
  const { user } = process.cpuUsage()
  expect(rewriteHtml(page, { prefix: '/proxy', host: 'pod:80' })).toBe(page)
  expect(process.cpuUsage().user - user).toBeLessThan(500_000)
})

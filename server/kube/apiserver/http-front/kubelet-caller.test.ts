import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { rawRequest } from '../testing/raw-request.ts'
import { testPki } from '../testing/test-pki.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const PODS = '/api/v1/namespaces/default/pods'

/** A kubelet that says what it was asked and repeats what it is told. */
async function fakeKubelet(caPem: string, serving: { certPem: string; keyPem: string }) {
  const asked: string[] = []
  const clients: string[] = []
  const note = (request: IncomingMessage) => {
    asked.push(request.url ?? '')
    clients.push(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN))
  }
  const server = https.createServer({
    cert: serving.certPem,
    key: serving.keyPem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('request', (request, response) => {
    note(request)
    if (request.url?.endsWith('/missing')) response.writeHead(404).end('container not found ("missing")')
    else response.end('one\ntwo\n')
  })
  server.on('upgrade', (request, socket: Duplex) => {
    note(request)
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n',
    )
    socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk}`))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    port,
    asked,
    clients,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

describe('calls that a kubelet answers', () => {
  let test: TestServer
  let kubelet: Awaited<ReturnType<typeof fakeKubelet>>
  let port: number
  let admin: { certPem: string; keyPem: string }

  beforeAll(async () => {
    const pki = await testPki()
    kubelet = await fakeKubelet(pki.caPem, await pki.issue('node-1'))
    const mayDial = (host: string) => host === '127.0.0.1'
    test = await startTestServer({
      options: { kubeletClient: { ...(await pki.issue('apiserver-kubelet-client')), caPem: pki.caPem, mayDial } },
    })
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    admin = await test.pki.issue('kubernetes-admin', ['system:masters'])
    const post = (path: string, body: unknown) => test.transport.request({ method: 'POST', path, body })
    await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
    await post('/api/v1/nodes', {
      metadata: { name: 'node-1' },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
      },
    })
    await post('/api/v1/nodes', {
      metadata: { name: 'sly' },
      status: { addresses: [{ type: 'Hostname', address: 'localhost' }] },
    })
    await post(PODS, {
      metadata: { name: 'on-sly' },
      spec: { nodeName: 'sly', containers: [{ name: 'web', image: 'nginx' }] },
    })
    const containers = [
      { name: 'web', image: 'nginx' },
      { name: 'missing', image: 'nginx' },
    ]
    await post(PODS, { metadata: { name: 'web' }, spec: { nodeName: 'node-1', containers } })
    await post(PODS, { metadata: { name: 'waiting' }, spec: { containers: containers.slice(0, 1) } })
  })
  afterAll(async () => {
    await test[Symbol.asyncDispose]()
    await kubelet.close()
  })

  const get = (path: string) => rawRequest({ port, caPem: test.pki.caPem, ...admin, path })

  it.each(['/api/v1/nodes/sly/proxy/pods', '/api/v1/nodes/sly:80/proxy/', `${PODS}/on-sly/log`])(
    'dials nobody but machines, whatever a node says where it is: %s',
    async (path) => {
      const answer = await get(path)
      expect([answer.code, answer.json().message]).toEqual([400, 'address not allowed'])
    },
  )

  it('passes logs on, with the options the kubelet knows, flags as clients of Python write them', async () => {
    const answer = await get(`${PODS}/web/log?container=web&follow=True&tailLines=5`)
    expect(answer.text).toBe('one\ntwo\n')
    expect(kubelet.asked.at(-1)).toBe('/containerLogs/default/web/web?tailLines=5&follow=true')
    expect(kubelet.clients.at(-1)).toBe('apiserver-kubelet-client')
  })

  it('gives logs to components in the process too', async () => {
    const chunks: Buffer[] = []
    for await (const chunk of await test.transport.stream({
      method: 'GET',
      path: `${PODS}/web/log`,
      query: { container: 'web' },
    })) {
      chunks.push(Buffer.from(chunk))
    }
    expect(Buffer.concat(chunks).toString()).toBe('one\ntwo\n')
  })

  it('passes on what the kubelet refuses', async () => {
    const answer = await get(`${PODS}/web/log?container=missing`)
    expect(answer.code).toBe(404)
    expect(answer.json().message).toBe('container not found ("missing")')
  })

  /** All messages until one of both closes. */
  function overWebSocket(path: string, protocols: string[], onMessage = (_socket: WebSocket) => {}) {
    const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, protocols, {
      ca: test.pki.caPem,
      cert: admin.certPem,
      key: admin.keyPem,
    })
    const heard: { text: string; isBinary: boolean }[] = []
    return new Promise<{ heard: typeof heard; code: number; protocol: string }>((resolve, reject) => {
      socket.on('message', (data: Buffer, isBinary) => {
        heard.push({ text: data.toString(), isBinary })
        onMessage(socket)
      })
      socket.on('close', (code) => resolve({ heard, code, protocol: socket.protocol }))
      socket.on('error', reject)
    })
  }
  const all = (heard: { text: string }[]) => heard.map(({ text }) => text).join('')

  it('sends logs in messages to whoever asks for WebSocket, the first of them empty', async () => {
    const log = `${PODS}/web/log?container=web`
    const binary = await overWebSocket(log, ['binary.k8s.io'])
    expect(binary).toMatchObject({ code: 1000, protocol: 'binary.k8s.io', heard: [{ text: '', isBinary: true }, {}] })
    expect(all(binary.heard)).toBe('one\ntwo\n')
    expect(all((await overWebSocket(log, [])).heard)).toBe('one\ntwo\n')
    const { heard } = await overWebSocket(log, ['base64.binary.k8s.io'])
    expect(heard[1]?.isBinary).toBe(false)
    expect(Buffer.from(all(heard), 'base64').toString()).toBe('one\ntwo\n')
    await expect(overWebSocket(log, ['v5.channel.k8s.io'])).rejects.toThrow('403')
    await expect(overWebSocket(`${PODS}/web/log?container=missing`, ['binary.k8s.io'])).rejects.toThrow('404')
  })

  it('sends a watch with one event in each message to whoever asks for WebSocket', async () => {
    const path = '/api/v1/namespaces/default/configmaps'
    const make = (name: string) =>
      test.transport.request({ method: 'POST', path, body: { metadata: { name }, data: { key: name } } })
    await make('one')
    let count = 0
    const { heard } = await overWebSocket(`${path}?watch=true`, [], (socket) => {
      if (++count === 1) void make('two')
      else socket.close()
    })
    const events = heard.map(({ text, isBinary }) => ({ isBinary, ...(JSON.parse(text) as object) }))
    expect(events).toMatchObject([
      { isBinary: false, type: 'ADDED', object: { kind: 'ConfigMap', data: { key: 'one' } } },
      { isBinary: false, type: 'ADDED', object: { kind: 'ConfigMap', data: { key: 'two' } } },
    ])
    // A browser says who it is by one of them.
    const protocols = ['base64url.bearer.authorization.k8s.io.YWJj', 'watch.example.com']
    const chosen = await overWebSocket(`${path}?watch=true`, protocols, (socket) => socket.close())
    expect(chosen.protocol).toBe('watch.example.com')
    await expect(overWebSocket(`${path}?watch=true&resourceVersion=99999999`, [])).rejects.toThrow('504')
  })

  it('has nothing to show of a pod that is nowhere yet', async () => {
    expect(await get(`${PODS}/waiting/log`)).toMatchObject({ code: 200, text: '' })
  })

  it('joins exec to the kubelet, both ways', async () => {
    const request = https.request({
      host: '127.0.0.1',
      port,
      ca: test.pki.caPem,
      cert: admin.certPem,
      key: admin.keyPem,
      path: `${PODS}/web/exec?container=web&command=ls&command=-l&stdin=true&stdout=true&tty=false`,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'x3JJHMbDL1EzLkh9GBhXDw==',
        'sec-websocket-version': '13',
        'sec-websocket-protocol': 'v5.channel.k8s.io',
      },
    })
    const heard = await new Promise<string>((resolve, reject) => {
      request.on('upgrade', (answer, socket) => {
        expect(answer.headers['sec-websocket-protocol']).toBe('v5.channel.k8s.io')
        socket.write('hello')
        socket.once('data', (chunk: Buffer) => {
          resolve(chunk.toString())
          socket.destroy()
        })
      })
      request.on('response', (answer) => reject(new Error(`answered ${answer.statusCode}`)))
      request.on('error', reject)
      request.end()
    })
    expect(heard).toBe('echo hello')
    const { pathname, searchParams } = new URL(kubelet.asked.at(-1) ?? '', 'https://kubelet')
    searchParams.sort()
    expect(`${pathname}?${searchParams}`).toBe(
      '/exec/default/web/web?command=ls&command=-l&input=1&output=1&stdin=1&stdout=1',
    )
  })

  it('asks for the ports that are to be forwarded by the name that kubelets have for them', async () => {
    await overWebSocket(`${PODS}/web/portforward?ports=80,81&ports=82`, ['v4.channel.k8s.io']).catch(() => undefined)
    expect(kubelet.asked.at(-1)).toBe('/portForward/default/web?port=80%2C81%2C82')
  })

  it('refuses exec to those who may not, before the kubelet hears of it', async () => {
    const before = kubelet.asked.length
    const learner = await test.pki.issue('learner')
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'x',
      'sec-websocket-version': '13',
    }
    const answer = await rawRequest({
      port,
      caPem: test.pki.caPem,
      ...learner,
      path: `${PODS}/web/exec?command=ls`,
      headers,
    })
    expect(answer.code).toBe(403)
    expect(kubelet.asked.length).toBe(before)
  })

  it('wants the right to create for exec over WebSocket too, though that is a GET', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    const post = (path: string, body: unknown) => test.transport.request({ method: 'POST', path, body })
    const rules = [{ apiGroups: [''], resources: ['pods', 'pods/exec', 'pods/portforward'], verbs: ['get'] }]
    await post(`${rbac}/clusterroles`, { metadata: { name: 'reader' }, rules })
    await post(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
    })
    const reader = await test.pki.issue('reader')
    const ask = (path: string) => rawRequest({ port, caPem: test.pki.caPem, ...reader, path })
    expect((await ask(`${PODS}/web`)).code).toBe(200)
    const before = kubelet.asked.length
    for (const what of ['exec?container=web&command=ls', 'portforward']) {
      const answer = await ask(`${PODS}/web/${what}`)
      expect(answer.code).toBe(403)
      expect(answer.json().message).toMatch(/User "reader" cannot create resource "pods\/(exec|portforward)"/)
    }
    expect(kubelet.asked.length).toBe(before)
  })

  it('says so when the node cannot be reached', async () => {
    await test.transport.request({
      method: 'POST',
      path: '/api/v1/nodes',
      body: {
        metadata: { name: 'gone' },
        status: {
          addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
          daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
        },
      },
    })
    await test.transport.request({
      method: 'POST',
      path: PODS,
      body: { metadata: { name: 'lost' }, spec: { nodeName: 'gone', containers: [{ name: 'a', image: 'b' }] } },
    })
    const answer = await get(`${PODS}/lost/log`)
    expect(answer.code).toBe(500)
    expect(answer.json().message).toBe(
      'Get "https://127.0.0.1:1/containerLogs/default/lost/a": dial tcp 127.0.0.1:1: connect: connection refused',
    )
  })
})

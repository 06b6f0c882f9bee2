import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { createClient } from './client.ts'
import { type HttpsTransport, httpsTransport } from './https-transport.ts'
import { parseKubeconfig, writeKubeconfig } from './kubeconfig.ts'
import { eachOf } from './transport.ts'

const stack: AsyncDisposableStack[] = []
beforeEach(() => void stack.push(new AsyncDisposableStack()))
afterEach(() => stack.pop()?.disposeAsync())

async function overHttps(): Promise<{ transport: HttpsTransport; server: TestServer }> {
  const server = await startTestServer({ clock: new FakeClock() })
  stack[0]?.use(server)
  const { port } = await server.server.listen({ host: '127.0.0.1', port: 0 })
  const identity = await server.pki.issue('admin', ['system:masters'])
  const config = parseKubeconfig(
    writeKubeconfig({ server: `https://127.0.0.1:${port}`, caPem: server.pki.caPem, ...identity }),
  )
  const transport = httpsTransport({ ...config, userAgent: 'test/https' })
  stack[0]?.use(transport)
  return { transport, server }
}

it('speaks with the real server: writes, reads, refusals, watches', async () => {
  const { transport } = await overHttps()
  const maps = createClient(transport).of(ConfigMap)
  const name = { namespace: 'default', name: 'grüße' }
  await expect(maps.create({ metadata: name })).rejects.toMatchObject({ reason: 'Invalid', code: 422 })
  const valid = { namespace: 'default', name: 'greetings' }
  const stop = new AbortController()
  const events = await transport.watch({
    method: 'GET',
    path: '/api/v1/configmaps',
    query: { watch: 'true' },
    signal: stop.signal,
  })
  await maps.create({ metadata: valid, data: { text: 'grüße 🎓' } })
  for await (const { type, object } of eachOf(events)) {
    if (object.metadata?.name !== 'greetings') continue
    expect({ type, data: (object as { data?: unknown }).data }).toEqual({ type: 'ADDED', data: { text: 'grüße 🎓' } })
    break
  }
  stop.abort()
  expect((await maps.get(valid)).data).toEqual({ text: 'grüße 🎓' })
  await maps.delete(valid)
  await expect(maps.get(valid)).rejects.toMatchObject({
    reason: 'NotFound',
    message: 'configmaps "greetings" not found',
  })
})

it('shows what it got last, in one file or in two, and lets what is under way end as it began', async () => {
  const { transport, server } = await overHttps()
  const who = async () =>
    (
      (await transport.request({
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      })) as { status: { userInfo: { username: string } } }
    ).status.userInfo.username
  const stop = new AbortController()
  const watching = { method: 'GET', path: '/api/v1/configmaps', query: { watch: 'true' }, signal: stop.signal } as const
  const events = (await transport.watch(watching))[Symbol.asyncIterator]()
  expect(await who()).toBe('admin')
  const { certPem, keyPem } = await server.pki.issue('otter', ['system:masters'])
  const both = `${certPem}\n${keyPem}`
  transport.renew({ certPem: both, keyPem: both })
  expect(await who()).toBe('otter')
  await createClient(transport)
    .of(ConfigMap)
    .create({ metadata: { namespace: 'default', name: 'news' } })
  for (;;) {
    const { value, done } = await events.next()
    expect(done).toBe(false)
    if (value?.some(({ object }: { object: { metadata?: { name?: string } } }) => object.metadata?.name === 'news'))
      break
  }
  stop.abort()
})

it('gets no more than the metadata when it asks for no more', async () => {
  const { transport, server } = await overHttps()
  await server.client.of(ConfigMap).create({ metadata: { name: 'secretive', namespace: 'default' }, data: { a: 'b' } })
  const answer = await transport.request({
    method: 'GET',
    path: '/api/v1/namespaces/default/configmaps/secretive',
    accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  })
  expect(answer).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'secretive' } })
  expect(answer).not.toHaveProperty('data')
})

it('ends an aborted watch without an error', async () => {
  const { transport } = await overHttps()
  const stop = new AbortController()
  const events = await transport.watch({
    method: 'GET',
    path: '/api/v1/configmaps',
    query: { watch: 'true', resourceVersion: '0' },
    signal: stop.signal,
  })
  const reading = (async () => {
    for await (const _ of events);
    return 'ended'
  })()
  stop.abort()
  expect(await reading).toBe('ended')
})

async function plainServer(answer: Parameters<typeof createServer>[1]): Promise<HttpsTransport> {
  const server: Server = createServer(answer as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const transport = httpsTransport({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    userAgent: 'x',
    token: 'secret',
    timeoutMs: 200,
  })
  stack[0]?.defer(() => {
    transport[Symbol.dispose]()
    server.closeAllConnections()
    server.close()
  })
  return transport
}

it('forgets owners that are too deep for its stack, of what is got, listed and watched', async () => {
  const fieldsV1 = `${'{"f:a":'.repeat(9_000)}{}${'}'.repeat(9_000)}`
  const object = `{"metadata":{"name":"a","managedFields":[{"manager":"deep","fieldsV1":${fieldsV1}}]},"long":1234567890123456}`
  const transport = await plainServer(({ url }, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json' })
    if (url?.includes('watch')) answer.end(`{"type":"ADDED","object":${object}}\n`)
    else answer.end(url?.includes('list') ? `{"items":[${object}]}` : object)
  })
  const expected = { metadata: { name: 'a' }, long: 1234567890123456 }
  expect(await transport.request({ method: 'GET', path: '/one' })).toEqual(expected)
  expect(await transport.request({ method: 'GET', path: '/list' })).toEqual({ items: [expected] })
  for await (const events of await transport.watch({ method: 'GET', path: '/watch' })) {
    expect(events).toEqual([{ type: 'ADDED', object: expected }])
  }
})

it('reads no answer that is too long, however small it came, and neither one that goes on', async () => {
  let ended = Promise.resolve()
  const transport = await plainServer(({ url }, answer) => {
    answer.writeHead(200, { 'content-encoding': 'gzip' })
    if (url?.includes('zeros')) return answer.end(gzipSync(Buffer.alloc(2 ** 20)))
    ended = new Promise((resolve) => answer.once('close', () => resolve()))
    const packing = createGzip()
    packing.pipe(answer)
    for (let piece = 0; piece < 64; piece++) packing.write(randomBytes(2 ** 14))
  })
  const ask = (path: string) => transport.request({ method: 'GET', path, mostBytes: 2 ** 18 })
  const words = 'the answer is longer than 262144 bytes'
  await expect(ask('/zeros')).rejects.toThrow(words)
  await expect(ask('/endless')).rejects.toThrow(words)
  await ended
})

it('puts characters together that were cut in two between chunks, and reads gzip', async () => {
  const line = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ü' } } })}\n`)
  const cut = line.indexOf(0xc3) + 1
  const transport = await plainServer((request, answer) => {
    if (request.url?.includes('watch')) {
      answer.writeHead(200, { 'content-type': 'application/json' })
      answer.write(line.subarray(0, cut))
      setImmediate(() => answer.end(line.subarray(cut)))
    } else {
      answer.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      answer.end(
        gzipSync(
          JSON.stringify({ authorization: request.headers.authorization, because: request.headers['podium-because'] }),
        ),
      )
    }
  })
  const names: (string | undefined)[] = []
  for await (const { object } of eachOf(await transport.watch({ method: 'GET', path: '/x', query: { watch: 'true' } })))
    names.push(object.metadata?.name)
  expect(names).toEqual(['ü'])
  expect(await transport.request({ method: 'GET', path: '/x', because: '42' })).toEqual({
    authorization: 'Bearer secret',
    because: '42',
  })
})

it('finds nothing where Go wrote null, and a null where somebody may have meant it', async () => {
  const kinds = [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: {}, rules: null },
    { apiVersion: 'v1', kind: 'PodList', metadata: {}, items: [{ status: { conditions: [{ lastProbeTime: null }] } }] },
    { apiVersion: 'example.com/v1', kind: 'Widget', metadata: {}, spec: { size: null } },
    { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: {}, data: { a: null } },
  ]
  const lines = kinds.map((object) => `${JSON.stringify({ type: 'ADDED', object })}\n`)
  const transport = await plainServer((request, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json' })
    answer.end(request.url === '/watch' ? lines.join('') : JSON.stringify(kinds[Number(request.url?.slice(1))]))
  })
  const expected = [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: {} },
    { apiVersion: 'v1', kind: 'PodList', metadata: {}, items: [{ status: { conditions: [{}] } }] },
    ...kinds.slice(2),
  ]
  const got = await Promise.all(kinds.map((_, at) => transport.request({ method: 'GET', path: `/${at}` })))
  expect(got).toEqual(expected)
  const heard: unknown[] = []
  for await (const { object } of eachOf(await transport.watch({ method: 'GET', path: '/watch' }))) heard.push(object)
  expect(heard).toEqual(expected)
})

it('turns what is no Status into a clear error, an ERROR event into its StatusError, and silence into an error', async () => {
  const transport = await plainServer((request, answer) => {
    if (request.url === '/proxy') answer.writeHead(503).end('<html>bad gateway</html>')
    else if (request.url === '/gone')
      answer.end(
        `{"type":"ADDED","object":{"metadata":{"name":"before"}}}\n${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', reason: 'Expired', code: 410, message: 'too old' } })}\n`,
      )
  })
  await expect(transport.request({ method: 'GET', path: '/proxy' })).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
    message: '<html>bad gateway</html>',
  })
  const heard: (string | undefined)[] = []
  const read = async () => {
    const pieces = await transport.watch({ method: 'GET', path: '/gone' })
    for await (const { object } of eachOf(pieces)) heard.push(object.metadata?.name)
  }
  await expect(read()).rejects.toMatchObject({ reason: 'Expired', message: 'too old' })
  expect(heard).toEqual(['before'])
  await expect(transport.request({ method: 'GET', path: '/silence' })).rejects.toThrow('no answer within 200 ms')
})

it.each([
  { name: 'no context', text: 'apiVersion: v1', message: 'no current-context is set' },
  { name: 'a context that is not there', text: 'current-context: x', message: 'context "x" does not exist' },
  { name: 'no map', text: '- a', message: 'kubeconfig is not an object' },
])('says what is wrong with a kubeconfig: $name', ({ text, message }) => {
  expect(() => parseKubeconfig(text)).toThrow(message)
})

// What Go's clients speak: many requests and watches on one connection.

import http2, { type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigMap } from '../../kinds/index.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

describe('HTTP/2', () => {
  let test: TestServer
  let session: ClientHttp2Session

  beforeAll(async () => {
    test = await startTestServer()
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const { certPem, keyPem } = await test.pki.issue('admin', ['system:masters'])
    session = http2.connect(`https://127.0.0.1:${port}`, { ca: test.pki.caPem, cert: certPem, key: keyPem })
  })
  afterAll(async () => {
    session.destroy()
    await test[Symbol.asyncDispose]()
  })

  const open = (headers: OutgoingHttpHeaders, body?: string) => {
    const stream = session.request(headers, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    return stream
  }
  const ask = async (headers: OutgoingHttpHeaders, body?: string) => {
    const stream = open(headers, body)
    let code = 0
    stream.on('response', (answer) => {
      code = Number(answer[':status'])
    })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return { code, text: Buffer.concat(chunks).toString() }
  }

  it('writes and reads', async () => {
    const made = await ask({ ':method': 'POST', ':path': MAPS }, '{"metadata":{"name":"a"},"data":{"b":"c"}}')
    expect(made.code).toBe(201)
    const read = await ask({ ':path': `${MAPS}/a` })
    expect(JSON.parse(read.text)).toMatchObject({ data: { b: 'c' } })
    expect((await ask({ ':path': `${MAPS}/none` })).code).toBe(404)
    const large = JSON.stringify({ metadata: { name: 'x' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } })
    expect((await ask({ ':method': 'POST', ':path': MAPS }, large)).code).toBe(413)
  })

  it('knows groups that come as headers of one name', async () => {
    const review = { ':method': 'POST', ':path': '/apis/authentication.k8s.io/v1/selfsubjectreviews' }
    const as = { 'impersonate-user': 'otter', 'impersonate-group': ['class-a', 'class-b'] }
    const { text } = await ask({ ...review, ...as }, '{}')
    expect(JSON.parse(text).status.userInfo.groups).toEqual(['class-a', 'class-b', 'system:authenticated'])
  })

  /** As the server itself counts them. */
  const watchers = async () => {
    const text = String(await test.transport.request({ method: 'GET', path: '/metrics' }))
    return Number(/longrunning_requests\{[^}]*resource="configmaps"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0)
  }

  it('has a watch open and answers beside it; the watch ends when its stream is closed', async () => {
    const before = await watchers()
    const watch = open({ ':path': `${MAPS}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dseen` })
    const line = new Promise<string>((resolve) => watch.once('data', (chunk: Buffer) => resolve(chunk.toString())))
    await new Promise((resolve) => watch.once('response', resolve))
    await test.client.of(ConfigMap).create({ metadata: { namespace: 'default', name: 'seen' } })
    expect(JSON.parse(await line)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'seen' } } })
    expect((await ask({ ':path': '/version' })).code).toBe(200)
    expect(await watchers()).toBe(before + 1)
    watch.close()
    await expect.poll(watchers, { timeout: 60_000 }).toBe(before)
  })
})

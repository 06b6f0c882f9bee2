// The door as another gRPC implementation sees it (etcdctl's view is in etcdctl.real.test.ts).

import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { get as httpsGet } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js'
import * as x509 from '@peculiar/x509'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import type { DecodedOf, MessageType } from '../../../base/protobuf.ts'
import { openStore, type Store } from '../store.ts'
import { type EtcdDoor, openEtcdDoor } from './door.ts'
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  MemberAddRequest,
  MemberListResponse,
  MemberRequest,
  MemberUpdateRequest,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  WatchRequest,
  WatchResponse,
} from './messages.ts'

let directory: string
let store: Store
let door: EtcdDoor
let client: Client
let clock: FakeClock

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-door-'))
  clock = new FakeClock()
  store = await openStore({ directory, clock })
  door = await openEtcdDoor({ store, clock })
  client = new Client(`127.0.0.1:${door.port}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 16 * 1024 * 1024,
  })
})

afterEach(async () => {
  client.close()
  await door.close()
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

function ask<Q, A>(
  path: string,
  request: MessageType<Q>,
  response: MessageType<A>,
  content: Partial<Q>,
  on = client,
): Promise<A> {
  return new Promise((resolve, reject) => {
    const encode = (message: Partial<Q>) => request.encode(message)
    on.makeUnaryRequest(
      `/etcdserverpb.${path}`,
      encode,
      (bytes: Buffer) => response.decode(bytes),
      content,
      (error, answer) => (error ? reject(error) : resolve(answer as A)),
    )
  })
}

const put = (key: string, value: string | Buffer = '1') =>
  ask('KV/Put', PutRequest, PutResponse, { key: Buffer.from(key), value: Buffer.from(value) })
const statusOf = (failing: Promise<unknown>) =>
  failing.then(
    () => 'succeeded',
    (error: ServiceError) => `${error.code} ${error.details}`,
  )

type WatchCall = ClientDuplexStream<object, DecodedOf<typeof WatchResponse>>
type WatchAsked = { create_request?: object; cancel_request?: object; progress_request?: object }

function openWatch() {
  const call: WatchCall = client.makeBidiStreamRequest(
    '/etcdserverpb.Watch/Watch',
    (message: WatchAsked) => WatchRequest.encode(message as Partial<DecodedOf<typeof WatchRequest>>),
    (bytes: Buffer) => WatchResponse.decode(bytes),
  )
  const seen: DecodedOf<typeof WatchResponse>[] = []
  let heard = () => {}
  call.on('error', () => {})
  call.on('data', (response) => {
    seen.push(response)
    heard()
  })
  const until = async (enough: () => boolean) => {
    while (!enough()) {
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
  }
  return { call, seen, until, ask: (message: WatchAsked) => call.write(message) }
}

const story = (responses: DecodedOf<typeof WatchResponse>[]) =>
  responses.map((each) => {
    if (each.created) return `${each.watch_id} created`
    if (each.canceled) return `${each.watch_id} canceled ${each.compact_revision}`
    if (each.events.length === 0) return `${each.watch_id} at ${each.header?.revision}`
    const events = each.events.map(({ type, kv }) => `${type === 0 ? '+' : '-'}${kv?.key}`)
    return `${each.watch_id} ${each.header?.revision} ${events.join(' ')}`
  })

describe('single calls', () => {
  it('put and get', async () => {
    expect((await put('a', '1')).header?.revision).toBe(2)
    const { kvs, count } = await ask('KV/Range', RangeRequest, RangeResponse, { key: Buffer.from('a') })
    expect({ count, value: kvs[0]?.value.toString() }).toEqual({ count: 1, value: '1' })
  })

  it('carry a megabyte each way', async () => {
    const large = Buffer.alloc(1024 * 1024, 'x')
    await put('a', large)
    const { kvs } = await ask('KV/Range', RangeRequest, RangeResponse, { key: Buffer.from('a') })
    expect(kvs[0]?.value.equals(large)).toBe(true)
  })

  it('fail with the codes and words that etcd has for it', async () => {
    expect(await statusOf(put(''))).toBe('3 etcdserver: key is not provided')
    expect(await statusOf(put('a', Buffer.alloc(1.6 * 1024 * 1024)))).toBe('3 etcdserver: request is too large')
    expect(await statusOf(put('a', Buffer.alloc(3 * 1024 * 1024)))).toBe('3 etcdserver: request is too large')
    const future = ask('KV/Range', RangeRequest, RangeResponse, { key: Buffer.from('a'), revision: 9 })
    expect(await statusOf(future)).toBe('11 etcdserver: mvcc: required revision is a future revision')
    expect(await statusOf(ask('KV/Nonsense', PutRequest, PutResponse, {}))).toBe(
      '12 unknown method Nonsense for service etcdserverpb.KV',
    )
    const endless = ask('Lease/LeaseGrant', LeaseGrantRequest, LeaseGrantResponse, { TTL: 9_000_000_001 })
    expect(await statusOf(endless)).toBe('11 etcdserver: too large lease TTL')
    await store.setAlarm('NOSPACE', true)
    expect(await statusOf(put('a'))).toBe('8 etcdserver: mvcc: database space exceeded')
    await store.setAlarm('NOSPACE', false)
    expect(await statusOf(ask('Nonsense/Put', PutRequest, PutResponse, {}))).toBe(
      '12 unknown service etcdserverpb.Nonsense',
    )
    await ask('Lease/LeaseGrant', LeaseGrantRequest, LeaseGrantResponse, { TTL: 10, ID: 5n })
    const again = ask('Lease/LeaseGrant', LeaseGrantRequest, LeaseGrantResponse, { TTL: 10, ID: 5n })
    expect(await statusOf(again)).toBe('9 etcdserver: lease already exists')
  })

  it.each([
    { ask: 'MemberAdd', content: { peerURLs: [] }, answer: '3 etcdserver: given member URLs are invalid' },
    {
      ask: 'MemberAdd',
      content: { peerURLs: ['10.0.0.2:2380'] },
      answer: '3 etcdserver: given member URLs are invalid',
    },
    {
      ask: 'MemberAdd',
      content: { peerURLs: ['http://10.0.0.2:2380'] },
      answer: /^12 podium: this store is its only member/,
    },
    { ask: 'MemberUpdate', content: { ID: 7, peerURLs: ['http://a:1'] }, answer: '5 etcdserver: member not found' },
    { ask: 'MemberRemove', content: { ID: 7 }, answer: '5 etcdserver: member not found' },
    {
      ask: 'MemberRemove',
      content: { ID: 1 },
      answer: '9 etcdserver: re-configuration failed due to not enough started members',
    },
    { ask: 'MemberPromote', content: { ID: 1 }, answer: '9 etcdserver: can only promote a learner member' },
  ])(
    'about members are answered as by an etcd that is alone: $ask $content',
    async ({ ask: name, content, answer }) => {
      const request = { MemberAdd: MemberAddRequest, MemberUpdate: MemberUpdateRequest }[name] ?? MemberRequest
      const said = await statusOf(ask(`Cluster/${name}`, request as MessageType<object>, MemberListResponse, content))
      expect(said).toEqual(typeof answer === 'string' ? answer : expect.stringMatching(answer))
    },
  )

  it('that are no message are refused, and nothing else suffers', async () => {
    const garbage = { ...PutRequest, encode: () => Buffer.from([0x0a, 200]) }
    expect(await statusOf(ask('KV/Put', garbage, PutResponse, {}))).toMatch(/^3 /)
    expect(await statusOf(put('a'))).toBe('succeeded')
  })
})

describe('watches', () => {
  it('share one stream, each with its own id, range, history and end', async () => {
    await put('a')
    await put('b')
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), start_revision: 2 } })
    watch.ask({ create_request: { key: Buffer.from('a'), range_end: Buffer.from('c'), filters: [0] } })
    watch.ask({ create_request: { key: Buffer.from('a'), watch_id: 1 } })
    await watch.until(() => watch.seen.length === 4)
    await store.txn({ compare: [], success: [{ type: 'delete', key: 'a' }], failure: [] })
    await watch.until(() => watch.seen.length === 6)
    watch.ask({ cancel_request: { watch_id: 0 } })
    await watch.until(() => watch.seen.length === 7)
    await put('a')
    await store.txn({ compare: [], success: [{ type: 'delete', key: 'b' }], failure: [] })
    await watch.until(() => watch.seen.length === 8)
    expect(story(watch.seen).sort()).toEqual(
      ['0 created', '1 created', '-1 created', '0 3 +a', '0 4 -a', '1 4 -a', '0 canceled 0', '1 6 -b'].sort(),
    )
    watch.call.end()
  })

  it('are told of the past a thousand revisions at a time, and by the header how new the store is', async () => {
    const put = () =>
      store.txn({ compare: [], success: [{ type: 'put', key: 'a', value: Buffer.from('x') }], failure: [] })
    await Promise.all(Array.from({ length: 1_500 }, put))
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), start_revision: 2 } })
    await watch.until(() => watch.seen.length === 3)
    await put()
    await watch.until(() => watch.seen.length === 4)
    const told = watch.seen.slice(1).map(({ header, events }) => [header?.revision, events.length])
    expect(told).toEqual([
      [1_501, 1_000],
      [1_501, 500],
      [1_502, 1],
    ])
    watch.call.end()
  })

  it('say that their start is compacted', async () => {
    for (let i = 0; i < 5; i++) await put('a')
    await store.compact(4)
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), start_revision: 3 } })
    await watch.until(() => watch.seen.length === 2)
    expect(story(watch.seen)).toEqual(['0 created', '0 canceled 4'])
    watch.call.end()
  })

  it('tell their progress only when all have come that far', async () => {
    for (let i = 0; i < 5; i++) await put('a')
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), start_revision: 2 } })
    watch.ask({ progress_request: {} })
    await watch.until(() => watch.seen.some((each) => each.watch_id === -1))
    expect(story(watch.seen).slice(-2)).toEqual(['0 6 +a +a +a +a +a', '-1 at 6'])
    watch.call.end()
  })

  it('tell their progress every ten minutes to whoever wants it', async () => {
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), progress_notify: true } })
    await watch.until(() => watch.seen.length === 1)
    await put('b')
    await clock.advance(10 * 60 * 1000)
    await watch.until(() => watch.seen.length === 2)
    expect(story(watch.seen)).toEqual(['0 created', '0 at 2'])
    watch.call.end()
  })

  it('of a reader who does not read cost no memory, and miss nothing when he goes on', async () => {
    const watch = openWatch()
    for (let id = 0; id < 2; id++) watch.ask({ create_request: { key: Buffer.from('a'), range_end: Buffer.from('c') } })
    await watch.until(() => watch.seen.length === 2)
    watch.call.pause()
    const write = () =>
      store.txn({ compare: [], success: [{ type: 'put', key: 'a', value: Buffer.alloc(20_000) }], failure: [] })
    // The first that finds the stream full lets both go.
    let written = 0
    for (; store.status().watchers > 0; written++) {
      await write()
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let more = 0; more < 20; more++, written++) await write()
    watch.call.resume()
    const heardBy = (id: number) =>
      watch.seen.flatMap((each) => (each.watch_id === id ? each.events.map(({ kv }) => kv?.mod_revision) : []))
    await watch.until(() => heardBy(0).length + heardBy(1).length >= 2 * written)
    for (const id of [0, 1]) {
      const revisions = heardBy(id)
      expect(revisions).toEqual(Array.from({ length: written }, (_, i) => i + 2))
    }
    watch.call.end()
  })

  it('come in fragments below the limit of a request when the client can put them together', async () => {
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), range_end: Buffer.from('b'), fragment: true } })
    watch.ask({ create_request: { key: Buffer.from('a'), range_end: Buffer.from('b') } })
    await watch.until(() => watch.seen.length === 2)
    await put('a0')
    await ask('Lease/LeaseGrant', LeaseGrantRequest, LeaseGrantResponse, { TTL: 60, ID: 5n })
    for (let i = 0; i < 4; i++) {
      const value = Buffer.alloc(600_000, 'x')
      await store.txn({ compare: [], success: [{ type: 'put', key: `a${i}`, value, lease: 5n }], failure: [] })
    }
    watch.seen.length = 0
    const again = openWatch()
    again.ask({ create_request: { key: Buffer.from('a'), range_end: Buffer.from('b'), fragment: true, prev_kv: true } })
    await again.until(() => again.seen.length === 1)
    // All four go in one revision, each with what was there before.
    await store.revokeLease(5n)
    await again.until(() => again.seen.at(-1)?.events.length !== 0 && again.seen.at(-1)?.fragment === false)
    const pieces = again.seen.slice(1)
    expect(pieces.map(({ fragment }) => fragment)).toEqual([true, false])
    expect(pieces.flatMap(({ events }) => events.map(({ kv }) => String(kv?.key)))).toEqual(['a0', 'a1', 'a2', 'a3'])
    expect(new Set(pieces.map(({ header }) => header?.revision)).size).toBe(1)
    watch.call.end()
    again.call.end()
  })

  it('from before the beginning are refused, and so is an id that is taken', async () => {
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), start_revision: -1 } })
    watch.ask({ create_request: { key: Buffer.from('a'), watch_id: 7 } })
    watch.ask({ create_request: { key: Buffer.from('a'), watch_id: 7 } })
    await watch.until(() => watch.seen.length === 3)
    expect(
      watch.seen.map(({ watch_id, canceled, cancel_reason }) => `${watch_id} ${canceled} ${cancel_reason}`),
    ).toEqual([
      '-1 true etcdserver: mvcc: required revision has been compacted',
      '7 false ',
      '-1 true mvcc: duplicate watch ID provided on the WatchStream',
    ])
    watch.call.end()
  })

  it('that were told something need not be told of their progress as well', async () => {
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a'), progress_notify: true } })
    await watch.until(() => watch.seen.length === 1)
    await put('a')
    await watch.until(() => watch.seen.length === 2)
    await clock.advance(10 * 60 * 1000)
    await put('b')
    await clock.advance(10 * 60 * 1000)
    await watch.until(() => watch.seen.length === 3)
    expect(story(watch.seen)).toEqual(['0 created', '0 2 +a', '0 at 3'])
    watch.call.end()
  })

  it('end when the client is gone', async () => {
    const watch = openWatch()
    watch.ask({ create_request: { key: Buffer.from('a') } })
    await watch.until(() => watch.seen.length === 1)
    expect(store.status().watchers).toBe(1)
    watch.call.cancel()
    while (store.status().watchers > 0) await new Promise((resolve) => setImmediate(resolve))
  })
})

describe('a connection', () => {
  it.each([
    'PR',
    'GET / HTTP/1.1\r\n',
    'GET // HTTP/1.1\r\nhost: a\r\n\r\n',
    '\x16\x03\x01',
    'PRI * HTTP/2.0\r\n\r\nnonsense',
  ])('that says %j and breaks off harms nobody', async (bytes) => {
    const socket = connect(door.port, '127.0.0.1')
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    socket.write(bytes)
    await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    expect(await statusOf(put('a'))).toBe('succeeded')
  })
})

describe('TLS', () => {
  it('lets in whom the authority has signed, for gRPC and JSON, and nobody else', async () => {
    const ca = await authority()
    const server = await ca.issue('server')
    const mine = await ca.issue('client')
    await using secure = await opened({ cert: server.cert, key: server.key, ca: ca.cert })
    const pem = (text: string) => Buffer.from(text)
    const good = new Client(
      `127.0.0.1:${secure.port}`,
      credentials.createSsl(pem(ca.cert), pem(mine.key), pem(mine.cert)),
    )
    const bad = new Client(`127.0.0.1:${secure.port}`, credentials.createSsl(pem(ca.cert)))
    const content = { key: Buffer.from('a') }
    expect(await statusOf(ask('KV/Range', RangeRequest, RangeResponse, content, good))).toBe('succeeded')
    expect(await statusOf(ask('KV/Range', RangeRequest, RangeResponse, content, bad))).toMatch(/^14 /)
    const health = await new Promise<string>((resolve, reject) => {
      httpsGet(`${secure.url}/health`, { ca: ca.cert, cert: mine.cert, key: mine.key, agent: false }, (response) => {
        response.on('data', (chunk) => resolve(String(chunk)))
      }).once('error', reject)
    })
    expect(JSON.parse(health)).toMatchObject({ health: 'true' })
    // As curl does, which takes HTTP/2 where it is offered.
    expect(await overHttp2(secure.url, { ca: ca.cert, cert: mine.cert, key: mine.key })).toEqual([
      '200 {"health":"true","reason":""}',
      expect.stringMatching(/^200 \{"header":\{.*"count":"1"/),
      '400 {"error":"etcdserver: request is too large","message":"etcdserver: request is too large","code":3}',
      expect.stringMatching(/^200 \{"result":\{.*"created":true.*\}\n\{"result":\{.*"events":\[/),
      '404 {"error":"Not Found","message":"Not Found","code":5}',
      '404 {"error":"Not Found","message":"Not Found","code":5}',
    ])
    good.close()
    bad.close()
  })
})

/** A page, a call, one that is too large, a stream of answers broken off after the second, and nothing, twice. */
async function overHttp2(url: string, tls: { ca: string; cert: string; key: string }): Promise<string[]> {
  const session = connectHttp2(url, tls)
  const ask = (path: string, body?: string, enough = (_: string) => false) =>
    new Promise<string>((resolve, reject) => {
      const request = session.request({ ':method': body ? 'POST' : 'GET', ':path': path })
      let text = ''
      request.on('error', reject)
      request.on('response', (headers) => {
        text = `${headers[':status']} `
      })
      request.on('data', (chunk) => {
        text += chunk
        if (enough(text)) request.close()
      })
      request.on('close', () => resolve(text.trimEnd()))
      request.end(body)
    })
  await put('a')
  const key = Buffer.from('a').toString('base64')
  const answers = [
    await ask('/health'),
    await ask('/v3/kv/range', JSON.stringify({ key })),
    await ask('/v3/kv/put', JSON.stringify({ key, value: 'x'.repeat(5 * 1024 * 1024) })),
    await ask('/v3/watch', JSON.stringify({ create_request: { key, start_revision: 2 } }), (text) =>
      text.includes('events":['),
    ),
    await ask('//'),
    await ask('/nowhere', 'x'.repeat(5 * 1024 * 1024)),
  ]
  await new Promise<void>((resolve) => session.close(resolve))
  return answers
}

async function opened(tls: { cert: string; key: string; ca: string }): Promise<EtcdDoor & AsyncDisposable> {
  const secure = await openEtcdDoor({ store, clock, tls })
  return { ...secure, [Symbol.asyncDispose]: () => secure.close() }
}

async function authority() {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const newKeys = () =>
    webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>
  const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2120-01-01') }
  const caKeys = await newKeys()
  const extensions = [new x509.BasicConstraintsExtension(true)]
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=ca',
    keys: caKeys,
    signingAlgorithm,
    extensions,
    ...validity,
  })
  return {
    cert: ca.toString('pem'),
    async issue(name: string) {
      const keys = await newKeys()
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: ca.subject,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        signingAlgorithm,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
        ...validity,
      })
      const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
      return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
    },
  }
}

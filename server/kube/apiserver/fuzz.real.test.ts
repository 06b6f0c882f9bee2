// Whatever comes over the wire is answered, in time, and never with an internal error: that is a mistake of ours.
// PODIUM_SEED has a failure again, PODIUM_FUZZ_ROUNDS looks further.

import https from 'node:https'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { diceOf } from '../store/testing/seeded-random.ts'
import { crontabs, define } from './testing/crontab.ts'
import { FREE_KIND, type OddRequest, OddRequests } from './testing/odd-requests.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const SEED = Number(process.env.PODIUM_SEED ?? 20261127)
const ROUNDS = Number(process.env.PODIUM_FUZZ_ROUNDS ?? 1500)
const AT_ONCE = 8
const MIB = 1024 * 1024

describe(`odd requests (PODIUM_SEED=${SEED})`, () => {
  let test: TestServer
  let agent: https.Agent
  let port: number

  beforeAll(async () => {
    test = await startTestServer()
    const { group, plural, kind } = FREE_KIND
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    const subresources = { status: {}, scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' } }
    const names = { plural, singular: kind.toLowerCase(), kind }
    const definition = crontabs({ schema, subresources }, { group, names })
    await define(test.transport, { ...definition, metadata: { name: `${plural}.${group}` } })
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    const { certPem, keyPem } = await test.pki.issue('admin', ['system:masters'])
    agent = new https.Agent({ keepAlive: true, maxSockets: AT_ONCE, ca: test.pki.caPem, cert: certPem, key: keyPem })
  })
  afterAll(async () => {
    agent.destroy()
    await test[Symbol.asyncDispose]()
  })

  const send = ({ method, path, headers, body }: OddRequest) =>
    new Promise<{ code: number; type: string; text: string }>((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      const request = https.request({
        host: '127.0.0.1',
        port,
        agent,
        method,
        path,
        headers: { ...headers, ...length },
      })
      request.setTimeout(30_000, () => request.destroy(new Error('no answer within 30 s')))
      request.on('response', (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () =>
          resolve({
            code: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString(),
          }),
        )
      })
      request.on('error', reject)
      request.end(body)
    })

  const many = (count: number, one: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => one(at)).join(',')
  const owner = (at: number) => `{"apiVersion":"v1","kind":"Pod","name":"p${at}","uid":"u"}`
  it.each([
    { name: 'finalizers', body: `{"metadata":{"name":"x","finalizers":[${many(100_000, () => '"a.b/c"')}]}}` },
    { name: 'owners', body: `{"metadata":{"name":"y","ownerReferences":[${many(18_000, owner)}]}}` },
    { name: 'keys in YAML', body: `{metadata: {name: z}, data: {${many(50_000, (at) => `k${at}: v`)}}}` },
    { name: 'levels in YAML', body: `${'{a: '.repeat(50_000)}1` },
    { name: 'levels in JSON', body: `{"metadata":{"name":"w","annotations":${'['.repeat(200_000)}` },
  ])('take no more than their share of time with many $name', { timeout: 120_000 }, async ({ body, name }) => {
    const from = performance.now()
    const headers = { 'content-type': name.includes('YAML') ? 'application/yaml' : 'application/json' }
    const path = '/api/v1/namespaces/default/configmaps?dryRun=All'
    const { code } = await send({ method: 'POST', path, headers, body })
    expect([201, 400, 413, 422]).toContain(code)
    // Square in their number each of them takes minutes, in which the process does nothing else.
    expect(performance.now() - from).toBeLessThan(20_000)
  })

  it('say 413 of what the store does not take, and 422 of what its kind does not', async () => {
    const post = (resource: string, body: object) => {
      const path = `/api/v1/namespaces/default/${resource}`
      return send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    }
    const large = 'x'.repeat(1_700_000)
    const [map, pod] = await Promise.all([
      post('configmaps', { metadata: { name: 'big' }, data: { large } }),
      post('services', { metadata: { name: 'big' }, spec: { ports: [{ port: 1 }], externalName: large } }),
    ])
    expect([map.code, pod.code], map.text + pod.text).toEqual([422, 413])
    expect(JSON.parse(pod.text)).toMatchObject({ message: 'etcdserver: request is too large' })
  })

  it('cut warnings short that would not fit into headers', async () => {
    const fields = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${'x'.repeat(1000)}${at}`, 1]))
    const body = JSON.stringify({ metadata: { name: 'warned' }, ...fields })
    const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Warn'
    expect(await send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body })).toMatchObject({
      code: 201,
    })
  })

  const shown = ({ method, path, headers, body }: OddRequest) => {
    const text = Buffer.isBuffer(body) ? `base64 ${body.toString('base64')}` : (body ?? '')
    return `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)} ${text.slice(0, 600)}`
  }

  async function play(requests: OddRequests, rounds: number, codes: Map<number, number>): Promise<void> {
    let left = rounds
    const worker = async () => {
      while (left-- > 0) {
        const request = requests.next()
        const answer = await send(request).catch((err: Error) => {
          throw new Error(`${err.message}: ${shown(request)}`)
        })
        codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1)
        const told = `${answer.code} ${answer.text.slice(0, 500)} for ${shown(request)}`
        expect(answer.code === 502 || (answer.code === 500 && !isUpstreams(answer.text)), told).toBe(false)
        if (answer.code >= 400 && answer.type === 'application/json' && request.method !== 'HEAD') {
          expect(JSON.parse(answer.text), told).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.code })
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  }

  it('are answered, leave the server well, and leave nothing behind in its memory', { timeout: 240_000 }, async () => {
    const requests = new OddRequests(diceOf(SEED), loadSchemas())
    const codes = new Map<number, number>()
    await play(requests, ROUNDS / 2, codes)
    const before = heapInUse()
    await play(requests, ROUNDS / 2, codes)
    const grown = (heapInUse() - before) / MIB
    expect(await send({ method: 'GET', path: '/readyz', headers: {} })).toMatchObject({ code: 200, text: 'ok' })
    for (const code of [200, 201, 400, 404, 405, 406, 415, 422]) expect([...codes.keys()]).toContain(code)
    expect(grown, 'MiB in the second half').toBeLessThan(24)
  })
})

/** What apply finds of the wrong type, and a revision of what is new, is a 500 without a reason in any cluster. */
const isUpstreams = (text: string) =>
  /failed to create typed patch object|resourceVersion should not be set on objects to be created/.test(text)

function heapInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

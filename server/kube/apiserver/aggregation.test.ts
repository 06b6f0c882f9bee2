import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { afterEach, expect, it } from 'vitest'
import { APIService, type ApiServiceWire } from '../kinds/api-service.ts'
import { ConfigMap, Endpoints } from '../kinds/index.ts'
import { crontabs, DEFINITIONS, define } from './testing/crontab.ts'
import { type FakeService, startFakeService } from './testing/fake-service.ts'
import { type RawAnswer, rawRequest } from './testing/raw-request.ts'
import { startTestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

let service: FakeService | undefined
afterEach(async () => {
  await service?.[Symbol.asyncDispose]()
  service = undefined
})

const PATH = '/apis/apiregistration.k8s.io/v1/apiservices'
const NAME = 'v1alpha1.wardle.example.com'
const asked: IncomingMessage[] = []
const FLUNDER = {
  type: 'object',
  description: 'A flatfish.',
  properties: { metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } },
}
const OPENAPI_V2 = {
  swagger: '2.0',
  info: { title: 'wardle', version: '1' },
  paths: {
    '/apis/wardle.example.com/v1alpha1/flunders': {
      get: { responses: { 200: { schema: { $ref: '#/definitions/com.example.wardle.Flunder' } } } },
    },
    '/healthz': { get: {} },
  },
  definitions: {
    'com.example.wardle.Flunder': FLUNDER,
    // Older than ours.
    'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': { type: 'object', description: 'From long ago.' },
    'com.example.wardle.Unused': { type: 'object' },
  },
}
const OPENAPI_V3 = { openapi: '3.0.0', info: { title: 'wardle', version: '1' }, paths: {}, components: { schemas: {} } }

/** The API server of the documentation's example, as far as it goes: it knows flunders. */
async function startWardle({ unanswered = 0 } = {}): Promise<FakeService> {
  asked.length = 0
  service = await startFakeService((request, response) => {
    asked.push(request)
    if (asked.length <= unanswered) return request.socket.destroy()
    response.setHeader('content-type', 'application/json')
    if (request.url === '/apis/wardle.example.com/v1alpha1') {
      const flunders = {
        name: 'flunders',
        singularName: 'flunder',
        namespaced: true,
        kind: 'Flunder',
        verbs: ['get', 'list'],
      }
      return response.end(
        JSON.stringify({ kind: 'APIResourceList', groupVersion: 'wardle.example.com/v1alpha1', resources: [flunders] }),
      )
    }
    const document = request.url === '/openapi/v2' ? OPENAPI_V2 : OPENAPI_V3
    if (request.url?.startsWith('/openapi/')) {
      response.setHeader('etag', '"1"')
      if (request.headers['if-none-match'] === '"1"') response.statusCode = 304
      return response.end(response.statusCode === 304 ? undefined : JSON.stringify(document))
    }
    const peer = (request.socket as TLSSocket).getPeerCertificate()
    response.end(JSON.stringify({ kind: 'FlunderList', headers: request.headers, peer: peer.subject?.CN }))
  })
  await service.test.client.of(APIService).create({
    metadata: { name: NAME },
    spec: {
      group: 'wardle.example.com',
      version: 'v1alpha1',
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { namespace: 'default', name: 'hook' },
      caBundle: service.caBundle,
    },
  })
  return service
}

async function untilAvailable(status: string, reason: string): Promise<void> {
  using log = await watchLog(service!.test.transport, PATH, { fieldSelector: `metadata.name=${NAME}` })
  for (let count = 1; ; count++) {
    await log.length(count)
    const { status: told } = log.events[count - 1]!.object as ApiServiceWire
    if (told?.conditions?.some((one) => one.status === status && one.reason === reason)) return
  }
}

async function clientOf({
  test,
}: FakeService): Promise<(path: string, headers?: Record<string, string>) => Promise<RawAnswer>> {
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('otter', ['system:masters'])
  return (path, headers = {}) => rawRequest({ port, caPem: test.pki.caPem, ...admin, path, headers })
}

it('carries requests of the control plane’s own loops as well', async () => {
  const { test } = await startWardle()
  await untilAvailable('True', 'Passed')
  const path = '/apis/wardle.example.com/v1alpha1/namespaces/default/flunders'
  const answer = await test.transport.request({ method: 'GET', path, query: { labelSelector: 'a=b' } })
  expect(answer).toMatchObject({
    kind: 'FlunderList',
    headers: { 'x-remote-user': 'admin' },
    peer: 'front-proxy-client',
  })
  expect(asked.map(({ url }) => url)).toContain(`${path}?labelSelector=a%3Db`)
})

it('carries requests to a server in the cluster, and tells it who asks', async () => {
  const ask = await clientOf(await startWardle())
  await untilAvailable('True', 'Passed')
  const answer = await ask('/apis/wardle.example.com/v1alpha1/namespaces/default/flunders', {
    'x-remote-user': 'somebody-else',
    'x-remote-extra-scopes': 'all',
  })
  expect(answer.json()).toMatchObject({
    kind: 'FlunderList',
    peer: 'front-proxy-client',
    headers: { 'x-remote-user': 'otter', 'x-remote-group': expect.stringContaining('system:masters') },
  })
  expect(answer.json().headers).not.toHaveProperty('x-remote-extra-scopes')
  expect(answer.json().headers).not.toHaveProperty('authorization')
  const told = await service!.test.client
    .of(ConfigMap)
    .get({ namespace: 'kube-system', name: 'extension-apiserver-authentication' })
  expect(told.data).toMatchObject({
    'requestheader-allowed-names': '["front-proxy-client"]',
    'client-ca-file': expect.any(String),
  })
})

it('shows what it serves among the rest', async () => {
  const ask = await clientOf(await startWardle())
  await untilAvailable('True', 'Passed')
  const groups = await ask('/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' })
  expect(groups.json().items).toContainEqual(
    expect.objectContaining({
      metadata: expect.objectContaining({ name: 'wardle.example.com' }),
      versions: [expect.objectContaining({ resources: [expect.objectContaining({ resource: 'flunders' })] })],
    }),
  )
})

it('says in OpenAPI what it serves, as it says itself', async () => {
  const ask = await clientOf(await startWardle())
  await untilAvailable('True', 'Passed')
  // Told in one step with discovery.
  const index = (await ask('/openapi/v3')).json() as { paths?: Record<string, { serverRelativeURL: string }> }
  const link = index.paths?.['apis/wardle.example.com/v1alpha1']?.serverRelativeURL ?? ''
  expect(link).toMatch(/^\/openapi\/v3\/apis\/wardle.example.com\/v1alpha1\?hash=[0-9A-F]{64}$/)
  expect((await ask(link)).json()).toEqual(OPENAPI_V3)
  expect((await ask(link)).headers['cache-control']).toBe('public, immutable')
  const { paths, definitions } = (await ask('/openapi/v2')).json() as {
    paths: Record<string, unknown>
    definitions: Record<string, { description?: string; properties: Record<string, { $ref: string }> }>
  }
  expect(paths).toHaveProperty(['/apis/wardle.example.com/v1alpha1/flunders'])
  expect(paths).not.toHaveProperty(['/healthz'])
  expect(definitions).not.toHaveProperty(['com.example.wardle.Unused'])
  // Of two definitions of one name, each goes on meaning what it meant.
  const name = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
  expect(definitions['com.example.wardle.Flunder']?.properties.metadata?.$ref).toBe(`#/definitions/${name}_v2`)
  expect(definitions[`${name}_v2`]?.description).toBe('From long ago.')
  expect(definitions[name]?.description).toContain('ObjectMeta is metadata')
  const old = await ask('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })
  expect(old.bytes.includes('wardle.example.com/v1alpha1/flunders')).toBe(true)
})

it('says why it is not available, and answers 503 until it is', async () => {
  const started = await startWardle()
  const ask = await clientOf(started)
  await untilAvailable('True', 'Passed')
  await started.test.client.of(Endpoints).delete({ namespace: 'default', name: 'hook' })
  await untilAvailable('False', 'EndpointsNotFound')
  const answer = await ask('/apis/wardle.example.com/v1alpha1/flunders')
  expect([answer.code, answer.json().message]).toEqual([503, 'service unavailable'])
})

it('is asked again in a moment while it does not answer yet', { timeout: 15_000 }, async () => {
  await startWardle({ unanswered: 3 })
  await untilAvailable('True', 'Passed')
  expect(asked.length).toBeGreaterThan(3)
})

it('lists what it serves itself, and the versions of custom resources as long as they are there', async () => {
  await using test = await startTestServer()
  const names = async () =>
    (await test.client.of(APIService).list()).items.map(
      ({ metadata, status }) => `${metadata?.name} ${status?.conditions?.[0]?.reason}`,
    )
  expect(await names()).toEqual(expect.arrayContaining(['v1. Local', 'v1.apps Local', 'v2.autoscaling Local']))
  using log = await watchLog(test.transport, PATH, { resourceVersion: String(test.store.revision) })
  await define(test.transport, crontabs())
  await log.length(1)
  expect(log.words).toEqual(['ADDED v1.stable.example.com'])
  await test.transport.request({ method: 'DELETE', path: `${DEFINITIONS}/crontabs.stable.example.com` })
  await log.length(2)
  expect(log.words.at(-1)).toBe('DELETED v1.stable.example.com')
})

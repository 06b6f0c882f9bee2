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

/** The API server of the documentation's example, as far as it goes: it knows flunders. */
async function startWardle(): Promise<FakeService> {
  asked.length = 0
  service = await startFakeService((request, response) => {
    asked.push(request)
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

it('says why it is not available, and answers 503 until it is', async () => {
  const started = await startWardle()
  const ask = await clientOf(started)
  await untilAvailable('True', 'Passed')
  await started.test.client.of(Endpoints).delete({ namespace: 'default', name: 'hook' })
  await untilAvailable('False', 'EndpointsNotFound')
  const answer = await ask('/apis/wardle.example.com/v1alpha1/flunders')
  expect([answer.code, answer.json().message]).toEqual([503, 'service unavailable'])
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

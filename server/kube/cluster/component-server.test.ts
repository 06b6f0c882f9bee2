import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import { rawRequest } from '../apiserver/testing/raw-request.ts'
import { testPki } from '../apiserver/testing/test-pki.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { createClient } from '../client/client.ts'
import { ClusterRole, ClusterRoleBinding, ServiceAccount } from '../kinds/index.ts'
import { type ComponentServer, startComponentServer } from './component-server.ts'

let test: TestServer
let component: ComponentServer
beforeAll(async () => {
  test = await startTestServer()
  const metrics = new Metrics()
  metrics.counter('workqueue_adds_total', 'Keys.').add({ name: 'job' })
  component = await startComponentServer({
    host: '127.0.0.1',
    port: 0,
    tls: await test.pki.issue('kube-scheduler'),
    client: createClient(
      test.server.transportFor({ user: 'system:kube-scheduler', groups: ['system:authenticated'], client: 'test' }),
    ),
    metrics,
    clock: systemClock,
    random: () => 0.5,
    logger: noLogger,
  })
})
afterAll(async () => {
  await component[Symbol.asyncDispose]()
  await test[Symbol.asyncDispose]()
})

const ask = (path: string, token?: string, holder?: { certPem: string; keyPem: string }) =>
  rawRequest({
    ...holder,
    port: component.port,
    caPem: test.pki.caPem,
    path,
    headers: token ? { authorization: `Bearer ${token}` } : {},
  })

async function tokenOf(name: string): Promise<string> {
  await test.client.of(ServiceAccount).create({ metadata: { namespace: 'default', name } })
  const { status } = (await test.transport.request({
    method: 'POST',
    path: `/api/v1/namespaces/default/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  })) as { status: { token: string } }
  return status.token
}

it('tells anybody that it is well', async () => {
  for (const path of ['/healthz', '/livez', '/readyz']) expect(await ask(path)).toMatchObject({ code: 200, text: 'ok' })
})

it('shows what it counts to those whom the API server lets see it, and to nobody else', async () => {
  expect(await ask('/metrics')).toMatchObject({
    code: 403,
    text: 'forbidden: User "system:anonymous" cannot get path "/metrics"\n',
  })
  expect(await ask('/metrics', 'made-up')).toMatchObject({ code: 401, text: 'Unauthorized\n' })
  const token = await tokenOf('prometheus')
  expect((await ask('/metrics', token)).text).toContain('User "system:serviceaccount:default:prometheus" cannot')
  await test.client.of(ClusterRole).create({
    metadata: { name: 'scrape' },
    rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
  })
  await test.client.of(ClusterRoleBinding).create({
    metadata: { name: 'scrape' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'scrape' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'prometheus' }],
  })
  expect(await ask('/metrics', token)).toMatchObject({
    code: 200,
    text: expect.stringContaining('workqueue_adds_total{name="job"} 1\n'),
  })
  expect((await ask('/nowhere', token)).code).toBe(403)
})

it('knows people by the certificates that the API server believes, and not by others', async () => {
  const known = await test.pki.issue('somebody', ['system:masters'])
  const seen = async () => (await ask('/metrics', undefined, known)).code === 200
  await vi.waitUntil(seen, { timeout: 20_000 })
  const stranger = await testPki()
  expect(await ask('/metrics', undefined, await stranger.issue('somebody', ['system:masters']))).toMatchObject({
    code: 401,
    text: 'Unauthorized\n',
  })
})

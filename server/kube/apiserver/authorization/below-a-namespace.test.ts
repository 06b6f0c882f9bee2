// Rights in one namespace end there: namespaces themselves are not below one, whatever a path says.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Transport } from '../../client/transport.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { watchLog } from '../testing/watch-log.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
let test: TestServer
let otter: Transport

beforeAll(async () => {
  test = await startTestServer()
  const post = (path: string, body: object) => test.transport.request({ method: 'POST', path, body })
  for (const name of ['mine', 'other']) await post('/api/v1/namespaces', { metadata: { name } })
  await post(`${RBAC}/namespaces/mine/rolebindings`, {
    metadata: { name: 'otter' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'otter', apiGroup: 'rbac.authorization.k8s.io' }],
  })
  otter = test.server.transportFor({ user: 'otter', groups: ['system:authenticated'], client: 'kubectl' })
})
afterAll(() => test[Symbol.asyncDispose]())

const label = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } }

it.each([
  { method: 'GET', path: 'namespaces/other' },
  { method: 'GET', path: 'namespaces' },
  { method: 'POST', path: 'namespaces', body: { metadata: { name: 'new' } } },
  { method: 'PUT', path: 'namespaces/other', body: { metadata: { name: 'other' } } },
  { method: 'PATCH', path: 'namespaces/other', body: label, contentType: 'application/merge-patch+json' },
  { method: 'PUT', path: 'namespaces/other/status', body: { metadata: { name: 'other' } } },
  { method: 'PUT', path: 'namespaces/other/finalize', body: { metadata: { name: 'other' } } },
  { method: 'DELETE', path: 'namespaces/other' },
  { method: 'DELETE', path: 'namespaces' },
] as const)('there is no $method of $path below a namespace', async ({ path, ...request }) => {
  const below = `/api/v1/namespaces/mine/${path}`
  await expect(otter.request({ ...request, path: below })).rejects.toMatchObject({ code: 404 })
  await expect(otter.request({ ...request, path: `/api/v1/${path}` })).rejects.toMatchObject({ code: 403 })
})

it('the namespace itself is under the rights that are given in it', async () => {
  const path = '/api/v1/namespaces/mine'
  expect(await otter.request({ method: 'GET', path })).toMatchObject({ metadata: { name: 'mine' } })
})

it('the old watch of one namespace shows that one', async () => {
  using log = await watchLog(otter, '/api/v1/watch/namespaces/mine')
  await test.transport.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'third' } } })
  await test.transport.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/mine',
    body: { metadata: { labels: { last: 'yes' } } },
    contentType: 'application/merge-patch+json',
  })
  await log.length(2)
  expect(log.words).toEqual(['ADDED mine', 'MODIFIED mine'])
})

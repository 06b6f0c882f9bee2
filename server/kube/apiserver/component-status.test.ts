// `kubectl get componentstatuses`: old, and still asked for.

import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { problemAt } from './endpoints/component-status.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const PATH = '/api/v1/componentstatuses'
let test: TestServer
let problem: string | undefined
beforeAll(async () => {
  test = await startTestServer({
    options: { components: { scheduler: async () => problem, 'controller-manager': async () => undefined } },
  })
})
afterAll(() => test[Symbol.asyncDispose]())

const ask = (path = PATH, query: Record<string, string> = {}) =>
  test.transport.request({ method: 'GET', path, query }) as Promise<{ items: { metadata: { name: string } }[] }>

it('asks each component when somebody asks, and says what is wrong', async () => {
  const condition = { type: 'Healthy', status: 'True', message: 'ok' }
  expect(await ask()).toEqual({
    kind: 'ComponentStatusList',
    apiVersion: 'v1',
    metadata: {},
    items: ['scheduler', 'controller-manager', 'etcd-0'].map((name) => ({
      kind: 'ComponentStatus',
      apiVersion: 'v1',
      metadata: { name },
      conditions: [condition],
    })),
  })
  problem = 'Get "https://127.0.0.1:10259/healthz": dial tcp 127.0.0.1:10259: connect: connection refused'
  expect(await ask(`${PATH}/scheduler`)).toMatchObject({ conditions: [{ status: 'False', message: problem }] })
})

it('picks by name and by label, of which there are none, and says what cannot be', async () => {
  const names = async (query: Record<string, string>) =>
    (await ask(PATH, query)).items.map(({ metadata }) => metadata.name)
  expect(await names({ fieldSelector: 'metadata.name=etcd-0' })).toEqual(['etcd-0'])
  expect(await names({ labelSelector: 'tier=control-plane' })).toEqual([])
  await expect(ask(`${PATH}/cloud`)).rejects.toMatchObject({ message: 'componentstatuses "cloud" not found' })
  for (const method of ['POST', 'DELETE'] as const) {
    const path = method === 'POST' ? PATH : `${PATH}/scheduler`
    await expect(test.transport.request({ method, path, body: {} })).rejects.toMatchObject({ code: 405 })
  }
})

it('shows rows, and warns that it is old', async () => {
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const told = await rawRequest({ port, caPem: test.pki.caPem, ...admin, path: `${PATH}/etcd-0`, headers })
  expect(told.headers.warning).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"')
  const table = told.json() as unknown as { columnDefinitions: { name: string }[]; rows: { cells: string[] }[] }
  expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Status', 'Message', 'Error'])
  expect(table.rows.map(({ cells }) => cells)).toEqual([['etcd-0', 'Healthy', 'ok', '']])
})

it('hears of a component in another process what its health page says', async () => {
  let code = 200
  const { certPem: cert, keyPem: key } = await test.pki.issue('kube-scheduler')
  const server = createServer({ cert, key }, (_, response) => response.writeHead(code).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`
  expect(await problemAt(url)).toBeUndefined()
  code = 500
  expect(await problemAt(url)).toBe('HTTP probe failed with statuscode: 500')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(await problemAt(url)).toMatch(/^Get "(.*)\/healthz": dial tcp 127\.0\.0\.1:\d+: connect: connection refused$/)
})

// What stands in the log of a real server, level by level, and what reaches a server outside.

import https from 'node:https'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { rawRequest } from '../testing/raw-request.ts'
import { testPki } from '../testing/test-pki.ts'
import { startTestServer } from '../testing/test-server.ts'
import type { AuditEvent } from './event.ts'
import { readAuditPolicy } from './policy.ts'
import { AuditWebhook } from './webhook.ts'

const PATH = '/api/v1/namespaces/default/configmaps'
const body = { metadata: { name: 'a' }, data: { key: 'value' } }

async function logOf(rules: string, act: (test: Awaited<ReturnType<typeof startTestServer>>) => Promise<unknown>) {
  const events: AuditEvent[] = []
  const policy = readAuditPolicy(`apiVersion: audit.k8s.io/v1\nkind: Policy\n${rules}`, 'policy.yaml')
  await using test = await startTestServer({
    options: { audit: { policy, write: (event) => void events.push(event) } },
  })
  await act(test)
  return events.filter(({ userAgent }) => userAgent === 'test')
}

const create = ({ transport }: Awaited<ReturnType<typeof startTestServer>>) =>
  transport.request({ method: 'POST', path: PATH, body })

it('tells who did what, and no contents, at level Metadata', async () => {
  const events = await logOf('rules: [{level: Metadata}]', create)
  expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete'])
  expect(events[0]).toMatchObject({ level: 'Metadata', verb: 'create', user: { username: 'admin' } })
  expect(events[0]?.responseStatus, 'nobody knows yet').toBeUndefined()
  expect(events[1]).toMatchObject({
    objectRef: { resource: 'configmaps', namespace: 'default' },
    responseStatus: { code: 201 },
  })
  expect(JSON.stringify(events)).not.toContain('value')
})

it('tells what was sent at level Request, and what was answered at RequestResponse', async () => {
  const [sent] = await logOf('omitStages: [RequestReceived]\nrules: [{level: Request}]', create)
  expect(sent?.requestObject).toMatchObject({ data: { key: 'value' } })
  expect(sent?.responseObject).toBeUndefined()
  const [both] = await logOf('omitStages: [RequestReceived]\nrules: [{level: RequestResponse}]', create)
  expect(both?.responseObject).toMatchObject({ kind: 'ConfigMap', metadata: { uid: expect.any(String) } })
  expect(both?.responseObject).toHaveProperty('metadata.managedFields')
})

it('leaves out the owners of fields where the policy says so', async () => {
  const rules = 'omitManagedFields: true\nomitStages: [RequestReceived]\nrules: [{level: RequestResponse}]'
  const events = await logOf(rules, async (test) => {
    await create(test)
    await test.transport.request({ method: 'GET', path: PATH })
  })
  expect(events).toHaveLength(2)
  expect(JSON.stringify(events)).not.toContain('managedFields')
  expect(events[1]?.responseObject).toMatchObject({ kind: 'ConfigMapList', items: expect.any(Array) })
})

it('tells what a refusal said', async () => {
  const rules = 'omitStages: [RequestReceived]\nrules: [{level: RequestResponse}]'
  const [event] = await logOf(rules, ({ transport }) =>
    transport.request({ method: 'GET', path: `${PATH}/nothing` }).catch(() => undefined),
  )
  expect(event).toMatchObject({
    responseStatus: { status: 'Failure', reason: 'NotFound', code: 404 },
    responseObject: { kind: 'Status', message: 'configmaps "nothing" not found' },
  })
})

it('writes nothing of what no rule is about', async () => {
  expect(await logOf('rules: [{level: None, users: [admin]}, {level: Metadata}]', create)).toEqual([])
})

it('sends events to a server outside, many at once, again when it fails', async () => {
  const pki = await testPki('authority of the webhook')
  const { certPem, keyPem } = await pki.issue('webhook')
  const received: { kind: string; items: AuditEvent[] }[] = []
  let code = 500
  const server = https.createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (code === 200) received.push(JSON.parse(text))
    response.writeHead(code, { 'content-type': 'application/json' }).end('{}')
    asked?.()
  })
  let asked: (() => void) | undefined
  const nextAsk = () =>
    new Promise<void>((resolve) => {
      asked = resolve
    })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const clock = new FakeClock()
  const config = { server: `https://127.0.0.1:${port}/events`, caPem: pki.caPem }
  const webhook = new AuditWebhook({ config, clock, logger: noLogger })
  const event = (auditID: string) => ({ auditID }) as AuditEvent
  const first = nextAsk()
  webhook.write(event('a'))
  webhook.write(event('b'))
  await clock.advance(30_000)
  await first
  // The refusal has been read when there is a timer for the next try.
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(received).toEqual([])
  code = 200
  const second = nextAsk()
  await clock.advance(10_000)
  await second
  expect(received.map(({ items }) => items.map(({ auditID }) => auditID))).toEqual([['a', 'b']])
  await webhook.close()

  received.length = 0
  const other = new AuditWebhook({ config, clock, logger: noLogger })
  const full = nextAsk()
  for (let at = 0; at < 400; at++) other.write(event(String(at)))
  await full
  other.write(event('last'))
  await other.close()
  expect(received.map(({ kind, items }) => [kind, items.length])).toEqual([
    ['EventList', 400],
    ['EventList', 1],
  ])
  await new Promise((resolve) => server.close(resolve))
})

it('reads a body of YAML as the server does', async () => {
  const yaml = async (test: Awaited<ReturnType<typeof startTestServer>>) => {
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const admin = await test.pki.issue('admin', ['system:masters'])
    const headers = { 'content-type': 'application/yaml', 'user-agent': 'test' }
    const sent = { port, caPem: test.pki.caPem, ...admin, method: 'POST', path: PATH, headers }
    await rawRequest({ ...sent, body: 'metadata: {name: a}\nimmutable: yes\ndata: {a: 1:30}' })
    await rawRequest({ ...sent, body: `data: ${'? '.repeat(300)}a` })
  }
  const [event, refused] = await logOf('omitStages: [RequestReceived]\nrules: [{level: Request}]', yaml)
  expect(event).toMatchObject({
    requestObject: { immutable: true, data: { a: '1:30' } },
    responseStatus: { code: 201 },
  })
  expect(refused).toMatchObject({ responseStatus: { code: 400 } })
  expect(refused).not.toHaveProperty('requestObject')
})

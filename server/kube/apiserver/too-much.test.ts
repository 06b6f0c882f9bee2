// Bodies whose sender meant them to be too much: over HTTPS, and written down by an audit that keeps what was sent.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { AuditEvent } from './audit/event.ts'
import { readAuditPolicy } from './audit/policy.ts'
import { crontabs, DEFINITIONS, define, TABS } from './testing/crontab.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const PODS = '/api/v1/namespaces/default/pods'
const MOST = 1_000_000
const APPLY = 'application/apply-patch+yaml'
const FREE = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

const events: AuditEvent[] = []
let test: TestServer
let send: (method: string, path: string, type: string, body: string) => ReturnType<typeof rawRequest>

beforeAll(async () => {
  const policy = readAuditPolicy(
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Request}]',
    'policy.yaml',
  )
  test = await startTestServer({ options: { audit: { policy, write: (event) => void events.push(event) } } })
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  send = (method, path, type, body) =>
    rawRequest({ port, caPem: test.pki.caPem, ...admin, method, path, headers: { 'content-type': type }, body })
  const map = { type: 'object', additionalProperties: { type: 'object', additionalProperties: { type: 'string' } } }
  const ruled = {
    type: 'object',
    additionalProperties: { type: 'string' },
    'x-kubernetes-validations': [{ rule: "!('bad' in self)" }],
  }
  const properties = { spec: FREE, maps: map, ruled }
  await define(test.transport, crontabs({ schema: { openAPIV3Schema: { type: 'object', properties } } }))
})
afterAll(() => test[Symbol.asyncDispose]())

const numbered = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x${at}`, 1]))
const long = 'a'.repeat(100_000)

it('an apply of unknown fields in a place with a long name', async () => {
  const pod = (name: string, containers: object[]) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers } })
  const path = `${PODS}/a?fieldManager=a`
  const answer = await send('PATCH', path, APPLY, pod('a', [{ name: long, ...numbered(2_000) }]))
  expect(answer.json().message).toContain('.x0: field not declared in schema')
  expect(answer.text.length).toBeLessThan(MOST)
  const few = await send('PATCH', path, APPLY, pod('a', [{ name: 'a', ...numbered(2_000) }]))
  expect(few.json().message?.split('\n')).toHaveLength(101)
})

it('a schema of fields without a type in such a place', async () => {
  const properties = Object.fromEntries(Object.keys(numbered(2_000)).map((name) => [name, {}]))
  const inner = { type: 'object', properties, allOf: [{ properties: { y: { properties } } }] }
  const schema = { openAPIV3Schema: { type: 'object', properties: { [long]: inner } } }
  const definition = { ...crontabs({ schema }, { group: 'b.c' }), metadata: { name: 'crontabs.b.c' } }
  const answer = await send('POST', DEFINITIONS, 'application/json', JSON.stringify(definition))
  expect([answer.code, answer.json().message]).toEqual([
    422,
    expect.stringContaining('must not be empty for specified'),
  ])
  expect(answer.text.length).toBeLessThan(MOST)
})

it('values of the wrong type and unknown fields in such a place', async () => {
  const tab = { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name: 'a' } }
  const wrong = await send(
    'POST',
    TABS,
    'application/json',
    JSON.stringify({ ...tab, maps: { [long]: numbered(2_000) } }),
  )
  expect(wrong.code).toBe(422)
  expect(wrong.json().message).toContain('.x0: Invalid value: "integer"')
  expect(wrong.text.length).toBeLessThan(MOST)
  const twice = `{"metadata":{"name":"a"},"spec":{"containers":[{"${long}":{${'"b":1,'.repeat(500)}"c":1}}],"${long}":{"a":1,"a":1}}}`
  const strict = await send('POST', `${PODS}?fieldValidation=Strict`, 'application/json', twice)
  expect(strict.code).toBe(400)
  expect(strict.text.length).toBeLessThan(MOST)
})

it.each([
  [
    'a definition',
    `${DEFINITIONS}/a.b.c`,
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\nspec: {versions: [{name: v1, schema: {openAPIV3Schema: &s {foo: 1, properties: {a: *s}}}}]}',
  ],
  [
    'a custom kind',
    `${TABS}/a`,
    'apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: a}\nspec: &s {b: *s, c: *s}',
  ],
  [
    'a kind of ours',
    '/api/v1/namespaces/default/configmaps/a',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: &s {b: *s, c: *s}',
  ],
])('YAML that contains itself, as %s', async (_what, path, body) => {
  const why = "yaml: anchor 's' value contains itself"
  events.length = 0
  const applied = await send('PATCH', `${path}?fieldManager=a`, APPLY, body)
  expect([applied.code, applied.json().message]).toEqual([
    400,
    `error decoding YAML: error converting YAML to JSON: ${why}`,
  ])
  const put = await send('PUT', path, 'application/yaml', body)
  expect([put.code, put.json().message]).toEqual([400, expect.stringContaining(why)])
  expect(events.map(({ requestObject }) => requestObject)).toEqual([undefined, undefined])
})

it.each([
  ['POST', TABS],
  ['PUT', `${TABS}/heavy`],
  ['PATCH', `${TABS}/heavy`],
  ['POST', `${TABS}?dryRun=All`],
])('more than the store takes, before rules are asked of it: %s %s', async (method, path) => {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const heavy = { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name: 'heavy' } }
  if (method !== 'POST') await send('POST', TABS, 'application/json', JSON.stringify(heavy))
  const { metadata } = (await send('GET', `${TABS}/heavy`, type, '')).json() as KubeObject
  const answerTo = async (ruled: object) => {
    const body = { ...heavy, metadata: { ...metadata, ...heavy.metadata }, ruled }
    const { code, json } = await send(method, path, type, JSON.stringify(body))
    return [code, json().message]
  }
  const long = 'a'.repeat(1_600_000)
  expect(await answerTo({ bad: '' })).toEqual([422, expect.stringContaining('failed rule')])
  expect(await answerTo({ bad: long })).toEqual([413, 'etcdserver: request is too large'])
  // As upstream: first what it is.
  expect(await answerTo({ bad: long, other: 1 })).toEqual([422, expect.stringContaining('must be of type string')])
})

// What upstream's integration tests of custom resources assert (apiextensions-apiserver/test/integration), where no other
// test of ours does.

import { afterEach, beforeEach, expect, it } from 'vitest'
import { crontab, crontabs, DEFINITIONS, define, TABS, untilCondition } from './testing/crontab.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

let test: TestServer
beforeEach(async () => {
  test = await startTestServer()
})
afterEach(() => test[Symbol.asyncDispose]())

const CLUSTER_TABS = '/apis/stable.example.com/v1/crontabs'
const SCALE = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }

const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) =>
  (await test.transport.request({ method, path, ...(body === undefined ? {} : { body }) })) as Record<string, unknown>
const merge = async (path: string, body: unknown) =>
  (await test.transport.request({
    method: 'PATCH',
    path,
    body,
    contentType: 'application/merge-patch+json',
  })) as Record<string, unknown>

/** A request as its bytes, answered as its bytes. */
async function listening() {
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  return (path: string, headers: Record<string, string> = {}) =>
    rawRequest({ port, caPem: test.pki.caPem, ...admin, path, headers })
}

it('scales what lies in no namespace, also by patches, and says nothing of what is not there', async () => {
  await define(test.transport, crontabs({ subresources: { scale: SCALE } }, { scope: 'Cluster' }))
  await ask('POST', CLUSTER_TABS, crontab('mine', { replicas: 3 }))
  const scaled = await merge(`${CLUSTER_TABS}/mine/scale`, { spec: { replicas: 7 }, status: { replicas: 7 } })
  expect(scaled).toMatchObject({ kind: 'Scale', spec: { replicas: 7 }, status: { replicas: 0 } })
  expect(await merge(`${CLUSTER_TABS}/mine/scale`, {})).toEqual(scaled)
  const scale = (await ask('GET', `${CLUSTER_TABS}/mine/scale`)) as { metadata: object; status: object }
  expect(Object.keys(scale.metadata)).toEqual(['name', 'uid', 'resourceVersion', 'creationTimestamp'])
  expect(scale.status).toEqual({ replicas: 0 })
})

it('documents by which fields a version is selected', async () => {
  await define(test.transport, crontabs())
  const get = await listening()
  // The document of before is kept, and is not the one of today.
  const before = await get('/openapi/v3/apis/stable.example.com/v1')
  expect(before.text).not.toContain('x-kubernetes-selectable-fields')
  const version = crontabs({ selectableFields: [{ jsonPath: '.spec.image' }] }).spec.versions[0]
  using log = await watchLog(test.transport, TABS)
  await merge(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { versions: [version] } })
  await log.ended
  const fields = [{ fieldPath: 'spec.image' }]
  const inVersion3 = (await get('/openapi/v3/apis/stable.example.com/v1')).json() as {
    components: { schemas: Record<string, object> }
  }
  const inVersion2 = (await get('/openapi/v2')).json() as { definitions: Record<string, object> }
  for (const definitions of [inVersion3.components.schemas, inVersion2.definitions]) {
    expect(definitions['com.example.stable.v1.CronTab']).toMatchObject({ 'x-kubernetes-selectable-fields': fields })
    expect(definitions['com.example.stable.v1.CronTabList']).toMatchObject({ 'x-kubernetes-selectable-fields': fields })
    const deployment = Object.entries(definitions).find(([name]) => name.endsWith('apps.v1.Deployment'))?.[1] ?? {}
    expect(deployment).not.toHaveProperty('x-kubernetes-selectable-fields')
  }
})

it('refuses to cut YAML into events, and says so in YAML', async () => {
  await define(test.transport, crontabs())
  const get = await listening()
  for (const accept of ['application/yaml', 'application/yaml, application/json']) {
    const { code, headers, text } = await get(`${TABS}?watch=true&timeoutSeconds=1`, { accept })
    expect([code, headers['content-type']]).toEqual([406, 'application/yaml'])
    expect(text).toContain('reason: NotAcceptable')
    expect(text.replace(/\s+/g, ' ')).toContain(
      'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    )
  }
  expect((await get(`${TABS}?watch=true&timeoutSeconds=1`, { accept: 'application/json' })).code).toBe(200)
})

it('does not read an object within whose kind is no text', async () => {
  const inner = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const openAPIV3Schema = { type: 'object', properties: { inner } }
  await define(test.transport, crontabs({ schema: { openAPIV3Schema } }))
  const object = { ...crontab('mine'), inner: { apiVersion: 'v1', kind: 7 } }
  await expect(ask('POST', TABS, object)).rejects.toMatchObject({
    reason: 'BadRequest',
    message: 'CronTab in version "v1" cannot be handled as a CronTab: inner.kind: Invalid value: 7: must be a string',
  })
})

it('keeps of defaults for the metadata of objects within what is metadata', async () => {
  const inner = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const texts = { name: { type: 'string', default: 'Bar' }, unknown: { type: 'string', default: 'unknown' } }
  const openAPIV3Schema = {
    type: 'object',
    properties: {
      fields: { ...inner, properties: { metadata: { type: 'object', properties: texts } } },
      whole: { ...inner, default: { apiVersion: 'v1', kind: 'Foo', metadata: { name: 'Bar', unknown: 'unknown' } } },
    },
  }
  await define(test.transport, crontabs({ schema: { openAPIV3Schema } }))
  const made = await ask('POST', TABS, { ...crontab('mine'), fields: { apiVersion: 'v1', kind: 'Foo', metadata: {} } })
  const expected = { apiVersion: 'v1', kind: 'Foo', metadata: { name: 'Bar' } }
  expect([made.fields, made.whole]).toEqual([expected, expected])
})

it('says of what is going which verbs are left', async () => {
  await define(test.transport, crontabs())
  await ask('POST', TABS, { ...crontab('mine'), metadata: { name: 'mine', finalizers: ['example.com/wait'] } })
  const verbs = async () =>
    ((await ask('GET', '/apis/stable.example.com/v1')) as { resources: { verbs: string[] }[] }).resources[0]?.verbs
  const all = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
  expect(await verbs()).toEqual(all)
  const path = `${DEFINITIONS}/crontabs.stable.example.com`
  await merge(path, { metadata: { finalizers: ['example.com/hold'] } })
  await test.transport.request({ method: 'DELETE', path })
  await untilCondition(test.transport, 'crontabs.stable.example.com', 'Terminating')
  expect(await verbs()).toEqual(['delete', 'deletecollection', 'get', 'list', 'watch'])
  await merge(`${TABS}/mine`, { metadata: { finalizers: null } })
  await untilCondition(test.transport, 'crontabs.stable.example.com', 'Terminating', 'False')
  expect(await verbs()).toEqual(all)
})

it('tells metadata of custom resources in protobuf, and nothing else of them', async () => {
  await define(test.transport, crontabs())
  await ask('POST', TABS, crontab('mine'))
  const get = await listening()
  const protobuf = 'application/vnd.kubernetes.protobuf'
  const as = (kind: string) => ({ accept: `${protobuf};as=${kind};v=v1;g=meta.k8s.io` })
  const object = await get(`${TABS}/mine`, as('PartialObjectMetadata'))
  expect([object.code, object.headers['content-type']]).toEqual([200, protobuf])
  expect(object.text).toMatch(/^k8s\0.*PartialObjectMetadata.*mine/s)
  const list = await get(TABS, as('PartialObjectMetadataList'))
  expect(list.text).toMatch(/^k8s\0.*PartialObjectMetadataList.*mine/s)
  const query =
    'watch=true&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
  const watch = await get(`${TABS}?${query}`, as('PartialObjectMetadata'))
  expect([watch.code, watch.headers['content-type']]).toEqual([200, `${protobuf};stream=watch`])
  expect(watch.text).toMatch(/ADDED.*PartialObjectMetadata.*mine.*BOOKMARK.*PartialObjectMetadata/s)
  for (const headers of [{ accept: protobuf }, as('Table')]) {
    const { code, text } = await get(`${TABS}/mine`, headers)
    expect([code, text]).toEqual([406, expect.stringContaining('NotAcceptable')])
  }
})

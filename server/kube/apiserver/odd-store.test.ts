// Whoever has the keys of the store may leave anything there. Nobody else's day ends with it.

import { expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { apiVersionOf } from '../kinds/define-kind.ts'
import { builtInKinds, CustomResourceDefinition } from '../kinds/index.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { assertShape, mendCustom } from '../schemas/stored-shape.ts'
import type { Store } from '../store/store.ts'
import { storageKey } from './registry/storage-keys.ts'
import { crontab, crontabs, define, TABS } from './testing/crontab.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const ODD: readonly object[] = [
  { spec: 7, status: [], subjects: {}, rules: 'all', data: 1, roleRef: 'a' },
  { metadata: { labels: 5 } },
  { metadata: { annotations: { a: 1 }, finalizers: 'x', ownerReferences: [null] } },
  { metadata: { name: 'other', namespace: 'elsewhere' } },
  { metadata: {} },
  { spec: {}, status: {}, metadata: { name: 7 } },
  { spec: {} },
]

async function leave(store: Store, key: string, text: string): Promise<void> {
  await store.txn({ compare: [], success: [{ type: 'put', key, value: Buffer.from(text) }], failure: [] })
}

async function leaveOdd(store: Store, name: string): Promise<void> {
  for (const kind of builtInKinds) {
    const namespace = kind.namespaced ? 'default' : ''
    const head = { kind: kind.kind, apiVersion: apiVersionOf(kind) }
    for (const [at, odd] of ODD.entries()) {
      const metadata = { name: `${name}${at}`, ...(namespace && { namespace }) }
      await leave(store, storageKey(kind, namespace, metadata.name), JSON.stringify({ ...head, metadata, ...odd }))
    }
    for (const [at, text] of ['', '{', '[]', '7', 'null', '{"metadata":null}'].entries()) {
      await leave(store, storageKey(kind, namespace, `${name}-${at}`), text)
    }
  }
}

async function expectWell({ transport }: TestServer, name: string): Promise<void> {
  const maps = '/api/v1/namespaces/default/configmaps'
  await transport.request({ method: 'POST', path: maps, body: { metadata: { name } } })
  await expect(transport.request({ method: 'GET', path: `${maps}/${name}` })).resolves.toMatchObject({
    kind: 'ConfigMap',
  })
  for (const kind of builtInKinds) {
    const path = `/${kind.group ? 'apis' : 'api'}/${apiVersionOf(kind)}/${kind.plural}`
    await expect(transport.request({ method: 'GET', path }), path).resolves.toHaveProperty('items')
  }
}

it('goes on, and begins again, with whatever lies in the store', async () => {
  await using test = await startTestServer()
  await leaveOdd(test.store, 'odd')
  await expectWell(test, 'during')
  await using second = await startTestServer({ options: { store: test.store } })
  await expectWell(second, 'after')
})

it('keeps of a custom resource what is metadata, and lets it be mended and deleted', async () => {
  await using test = await startTestServer()
  const definition = crontabs()
  const inner = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const openAPIV3Schema = { type: 'object', properties: { inner } }
  definition.spec.versions[0]!.schema = { openAPIV3Schema } as never
  await define(test.transport, definition)
  const { apiVersion, kind } = crontab('')
  const odd = { unknown: 42, annotations: { foo: 42, bar: 'abc' }, labels: { invalid: 'x y' } }
  const spoil = async () => {
    const metadata = { name: 'odd', namespace: 'default', ...odd }
    const object = { apiVersion, kind, metadata, inner: { apiVersion: 'v1', kind: 7, metadata: odd } }
    await leave(test.store, '/registry/stable.example.com/crontabs/default/odd', JSON.stringify(object))
    await expectWell(test, `after-${test.store.revision}`)
  }
  await spoil()
  await test.transport.request({ method: 'DELETE', path: `${TABS}/odd` })
  await spoil()
  const { items } = (await test.transport.request({ method: 'GET', path: TABS })) as { items: KubeObject[] }
  const { resourceVersion: _now, ...metadata } = items[0]?.metadata ?? {}
  expect(metadata).toEqual({ name: 'odd', namespace: 'default', generation: 1, labels: odd.labels })
  expect(items).toEqual([
    expect.objectContaining({ inner: { apiVersion: 'v1', metadata: { labels: { invalid: 'x y' } } } }),
  ])
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const sent = await rawRequest({ port, caPem: test.pki.caPem, ...admin, path: `${TABS}/odd` })
  expect(sent.json()).toEqual(items[0])
  const mend = { metadata: { labels: null }, inner: { kind: 'Pod', metadata: { labels: null } } }
  const patch = { method: 'PATCH', path: `${TABS}/odd`, contentType: 'application/merge-patch+json' } as const
  await expect(test.transport.request({ ...patch, body: {} })).rejects.toMatchObject({ reason: 'Invalid' })
  await expect(test.transport.request({ ...patch, body: mend })).resolves.toMatchObject({ inner: { kind: 'Pod' } })
})

it('has no more of what somebody has spoilt, whoever goes on to change it', async () => {
  await using test = await startTestServer()
  const maps = '/api/v1/namespaces/default/configmaps'
  await test.transport.request({ method: 'POST', path: maps, body: { metadata: { name: 'a' } } })
  await leave(
    test.store,
    '/registry/configmaps/default/a',
    '{"metadata":{"name":"a","namespace":"default","labels":5}}',
  )
  const contentType = 'application/merge-patch+json'
  const patch = { method: 'PATCH', path: `${maps}/a`, body: { data: { b: 'c' } }, contentType } as const
  await expect(test.transport.request(patch)).rejects.toMatchObject({ code: 404 })
  await expect(test.transport.request({ method: 'GET', path: `${maps}/a` })).rejects.toMatchObject({ code: 404 })
})

it('takes a custom resource for what it is, whatever its kind is called, and null for nothing', () => {
  const schemas = loadSchemas()
  const status = { kind: 'Status', metadata: { name: 'a', labels: { b: null }, generation: 1 }, code: {} }
  expect(mendCustom(schemas, status)).toBe(false)
  expect(status.metadata).toEqual({ name: 'a', labels: {}, generation: 1 })
  expect(() => mendCustom(schemas, { metadata: { name: 7 } })).toThrow('name is no string')
  const definition = { metadata: { creationTimestamp: null }, status: { conditions: null, storedVersions: null } }
  expect(() => assertShape(schemas, CustomResourceDefinition, definition)).not.toThrow()
  expect(definition).toEqual({ metadata: {}, status: {} })
  expect(() => assertShape(schemas, CustomResourceDefinition, { metadata: null })).toThrow('metadata is no object')
})

it('has of a type what Go could read as that', () => {
  const schemas = loadSchemas()
  const check = (fields: object) => () =>
    assertShape(schemas, CustomResourceDefinition, JSON.parse(JSON.stringify({ metadata: {}, ...fields })))
  expect(check({ spec: { versions: [{ schema: { openAPIV3Schema: { default: [1] } } }] } })).not.toThrow()
  expect(check({ spec: { versions: {} } })).toThrow('versions is no list')
  expect(check({ spec: { conversion: { webhook: { clientConfig: { service: { port: '1' } } } } } })).toThrow('int32')
  expect(check({ unknown: 7 })).not.toThrow()
})

// What Kubernetes' conformance tests do with one kind after another ("should support … API operations"): make three with a label, list,
// watch and change them by it, read and write the status beside them, and delete one and then the rest.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeList, KubeObject } from '../apimachinery/object-meta.ts'
import { collectionPath, objectPath } from '../client/client.ts'
import { apiVersionOf } from '../kinds/define-kind.ts'
import { builtInKinds } from '../kinds/index.ts'
import { servedKinds } from '../kinds/other-version.ts'
import { sampleOf } from './testing/sample-objects.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

let test: TestServer
beforeAll(async () => {
  test = await startTestServer()
  const body = { metadata: { name: 'default' } }
  await test.transport.request({ method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts', body })
})
afterAll(() => test[Symbol.asyncDispose]())

const MERGE = 'application/merge-patch+json'
const labelSelector = 'walk=three'

/** Not those whose names say something, of which no three are alike, and not Namespaces, which go one by one. */
const kinds = servedKinds(builtInKinds).filter(
  (kind) => sampleOf(kind) && !sampleOf(kind)?.name && kind.kind !== 'Namespace',
)

describe.each(kinds.map((kind) => ({ kind, name: `${apiVersionOf(kind)} ${kind.kind}` })))('$name', ({ kind }) => {
  it('is kept by label, and has its status beside it', async () => {
    const { request } = test.transport
    const sample = sampleOf(kind)!
    const namespace = kind.namespaced ? 'default' : undefined
    const path = collectionPath(kind, namespace)
    const body = { ...sample.object, metadata: { generateName: 'walk-', labels: { walk: 'three' } } }
    const names: string[] = []
    for (let at = 0; at < 3; at++) {
      const made = (await request({ method: 'POST', path, body })) as KubeObject
      expect(made.metadata?.name).toMatch(/^walk-[a-z0-9]{5}$/)
      names.push(made.metadata?.name ?? '')
    }
    const listed = async (at = path) =>
      (await request({ method: 'GET', path: at, query: { labelSelector } })) as KubeList<KubeObject>
    const { items, metadata } = await listed()
    expect(items.map((item) => item.metadata?.name)).toEqual([...names].sort())
    expect((await listed(collectionPath(kind))).items, 'in all namespaces').toHaveLength(3)

    const name = names[2] ?? ''
    const one = objectPath(kind, { name, ...(namespace ? { namespace } : {}) })
    using log = await watchLog(test.transport, path, { labelSelector, resourceVersion: metadata.resourceVersion ?? '' })
    const annotations = { patched: 'true' }
    const patched = (await request({
      method: 'PATCH',
      path: one,
      body: { metadata: { annotations } },
      contentType: MERGE,
    })) as KubeObject
    expect(patched.metadata?.annotations).toMatchObject(annotations)
    const isSeen = () => log.events.some(({ object }) => object.metadata?.annotations?.patched === 'true')
    for (let seen = 1; !isSeen(); seen++) await log.length(seen)
    expect(new Set(log.events.map(({ type }) => type))).toEqual(new Set(['MODIFIED']))

    if (kind.subresources.includes('status')) {
      const status = `${one}/status`
      const read = (await request({ method: 'GET', path: status })) as KubeObject
      expect(read).toMatchObject({ kind: kind.kind, metadata: { uid: patched.metadata?.uid } })
      await request({
        method: 'PATCH',
        path: status,
        body: { metadata: { annotations: { patchedstatus: 'true' } } },
        contentType: MERGE,
      })
      const again = (await request({ method: 'GET', path: status })) as KubeObject
      await request({ method: 'PUT', path: status, body: again })
    }

    await request({ method: 'DELETE', path: one, body: { gracePeriodSeconds: 0, propagationPolicy: 'Background' } })
    await request({
      method: 'DELETE',
      path,
      query: { labelSelector },
      body: { gracePeriodSeconds: 0, propagationPolicy: 'Background' },
    })
    const left = (await listed()).items
    expect(left.filter((item) => !item.metadata?.deletionTimestamp)).toEqual([])
  })
})

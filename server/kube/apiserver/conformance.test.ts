// Every kind goes through the same life, whatever is special about it. A new kind adds a sample and is held to it too.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeList, KubeObject } from '../apimachinery/object-meta.ts'
import { STALE } from '../apimachinery/status-error.ts'
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
  await test.transport.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts',
    body: { metadata: { name: 'default' } },
  })
})
afterAll(() => test[Symbol.asyncDispose]())

/** Loops of the server's own write to these, see {custom-resources,aggregation,serving,admission-order}.test.ts. */
const OWN = ['CustomResourceDefinition', 'APIService', 'FlowSchema', 'ValidatingAdmissionPolicy']
/** A status update of these changes no metadata. Upstream: ResetObjectMetaForStatus and the like in their strategies. */
const STATUS_ALONE = ['PriorityLevelConfiguration', 'ResourceClaim', 'ServiceCIDR', 'VolumeAttachment']
const plainKinds = builtInKinds.filter(({ kind }) => !OWN.includes(kind))

describe.each(servedKinds(plainKinds).map((kind) => ({ kind, name: `${apiVersionOf(kind)} ${kind.kind}` })))(
  '$name',
  ({ kind }) => {
    it('lives from create to delete', async () => {
      const { transport } = test
      const sample = sampleOf(kind)
      if (!sample) throw new Error(`no sample of ${kind.kind} in testing/sample-objects.ts`)
      const namespace = kind.namespaced ? 'default' : undefined
      const collection = collectionPath(kind, namespace)
      const name = sample.name ?? 'conform'
      const path = objectPath(kind, { name, ...(namespace ? { namespace } : {}) })
      const before = (await transport.request({ method: 'GET', path: collection })) as KubeList
      using log = await watchLog(transport, collection, { resourceVersion: before.metadata.resourceVersion ?? '' })

      const body = { ...sample.object, metadata: { name } }
      const made = (await transport.request({ method: 'POST', path: collection, body })) as KubeObject
      expect(made).toMatchObject({ kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: { name } })
      expect(made.metadata?.namespace).toBe(namespace)
      expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/)
      expect(made.metadata?.generation).toBe(kind.hasGeneration ? 1 : undefined)
      await expect(transport.request({ method: 'POST', path: collection, body })).rejects.toMatchObject({
        reason: 'AlreadyExists',
      })
      expect(await transport.request({ method: 'GET', path })).toBe(made)

      const again = await transport.request({ method: 'PUT', path, body: made })
      expect(again, 'an update that changes nothing writes nothing').toBe(made)

      const contentType = 'application/merge-patch+json'
      const patched = (await transport.request({
        method: 'PATCH',
        path,
        body: sample.patch,
        contentType,
      })) as KubeObject
      expect(patched).toMatchObject(sample.patch)
      expect(patched.metadata?.uid).toBe(made.metadata?.uid)

      const stale = { ...made, metadata: { ...made.metadata, labels: { late: 'yes' } } }
      await expect(transport.request({ method: 'PUT', path, body: stale })).rejects.toMatchObject({
        reason: 'Conflict',
        message: expect.stringContaining(STALE),
      })
      expect(await transport.request({ method: 'GET', path }), 'a refused update loses nothing').toBe(patched)

      // Jobs and ReplicationControllers would leave their pods behind, and wait until that is done.
      await transport.request({ method: 'DELETE', path, body: { propagationPolicy: 'Background' } })
      if (kind.kind === 'Namespace') {
        const going = (await transport.request({ method: 'GET', path })) as KubeObject & {
          spec: { finalizers?: string[] }
        }
        expect(going).toMatchObject({ status: { phase: 'Terminating' } })
        await transport.request({
          method: 'PUT',
          path: `${path}/finalize`,
          body: { ...going, spec: { finalizers: [] } },
        })
      }
      if (sample.isKept) {
        const body = { metadata: { finalizers: null } }
        await transport.request({ method: 'PATCH', path, body, contentType })
      }
      await expect(transport.request({ method: 'GET', path })).rejects.toMatchObject({ reason: 'NotFound' })

      const expected = ['ADDED', 'MODIFIED', 'DELETED'].map((word) => `${word} ${name}`)
      if (kind.kind === 'Namespace' || sample.isKept) expected.splice(2, 0, 'MODIFIED conform')
      await log.length(expected.length)
      expect(log.words).toEqual(expected)
      expect(log.events[0]?.object, 'watchers share the object of the answer').toBe(made)
      const revisions = log.events.map(({ object }) => Number(object.metadata?.resourceVersion))
      expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
      expect(new Set(revisions).size).toBe(revisions.length)
    })

    it('is found, watched and deleted by its labels, and has a status of its own', async () => {
      const { transport } = test
      const { object, name = 'labelled', isKept } = sampleOf(kind)!
      const namespace = kind.namespaced ? 'default' : undefined
      const collection = collectionPath(kind, namespace)
      const path = objectPath(kind, { name, ...(namespace ? { namespace } : {}) })
      const patch = (to: string, body: object) =>
        transport.request({ method: 'PATCH', path: to, body, contentType: 'application/merge-patch+json' })
      const mine = { labelSelector: 'conform=mine' }
      const found = async () =>
        ((await transport.request({ method: 'GET', path: collection, query: mine })) as KubeList).items
      const before = (await transport.request({ method: 'GET', path: collection })) as KubeList
      const resourceVersion = before.metadata.resourceVersion ?? ''
      using log = await watchLog(transport, collection, { ...mine, resourceVersion })

      const body = { ...object, metadata: { name, labels: { conform: 'mine' } } }
      const made = (await transport.request({ method: 'POST', path: collection, body })) as KubeObject
      expect((await found()).map(({ metadata }) => metadata?.uid)).toEqual([made.metadata?.uid])
      if (kind.subresources.includes('status')) {
        const status = (await transport.request({ method: 'GET', path: `${path}/status` })) as KubeObject
        expect(status.metadata?.uid).toBe(made.metadata?.uid)
        const changed = (await patch(`${path}/status`, { metadata: { annotations: { by: 'status' } } })) as KubeObject
        expect(changed.metadata?.annotations?.by).toBe(STATUS_ALONE.includes(kind.kind) ? undefined : 'status')
        expect(changed).toMatchObject({ metadata: { labels: { conform: 'mine' } } })
      }
      // Whoever selects it sees it go when its label does.
      await patch(path, { metadata: { labels: { conform: 'other' } } })
      expect(await found()).toEqual([])
      await patch(path, { metadata: { labels: { conform: 'mine' } } })

      const options = { propagationPolicy: 'Background' }
      if (kind.kind === 'Namespace') {
        // Of these there is no collection to delete, and they do not go at once.
        await transport.request({ method: 'DELETE', path, body: options })
        const going = (await transport.request({ method: 'GET', path })) as KubeObject
        await transport.request({ method: 'PUT', path: `${path}/finalize`, body: { ...going, spec: {} } })
      } else await transport.request({ method: 'DELETE', path: collection, query: mine, body: options })
      if (isKept) await patch(path, { metadata: { finalizers: null } })
      expect(await found()).toEqual([])
      const words = ['ADDED', 'DELETED', 'ADDED', 'DELETED']
      for (let count = words.length; log.words.filter((word) => word.startsWith('DELETED')).length < 2; count++) {
        await log.length(count)
      }
      expect(log.words.filter((word) => !word.startsWith('MODIFIED'))).toEqual(words.map((word) => `${word} ${name}`))
    })

    it('refuses names that are none', async () => {
      const namespace = kind.namespaced ? 'default' : undefined
      const body = { ...sampleOf(kind)?.object, metadata: { name: 'Not%A_Name' } }
      await expect(
        test.transport.request({ method: 'POST', path: collectionPath(kind, namespace), body }),
      ).rejects.toMatchObject({
        reason: 'Invalid',
        code: 422,
        message: expect.stringContaining('metadata.name: Invalid value'),
      })
    })

    it('has a column of names and prints every sample', async () => {
      const now = Date.parse('2026-01-01T00:00:00Z')
      for (const column of kind.columns) expect(() => column.value(sampleOf(kind)?.object, now)).not.toThrow()
      expect(kind.columns.some((column) => column.format === 'name')).toBe(true)
    })
  },
)

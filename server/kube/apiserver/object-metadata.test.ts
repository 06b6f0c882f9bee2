// What the metadata of any object may be, in upstream's words: apimachinery/pkg/api/validation/objectmeta.go.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject, ObjectMeta } from '../apimachinery/object-meta.ts'
import { crontab, crontabs, define, TABS } from './testing/crontab.ts'
import { type RawAnswer, rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'

let test: TestServer
let send: (method: string, path: string, body: object) => Promise<RawAnswer>
beforeAll(async () => {
  test = await startTestServer()
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const headers = { 'content-type': 'application/json' }
  send = (method, path, body) =>
    rawRequest({ port, caPem: test.pki.caPem, ...admin, method, path, headers, body: JSON.stringify(body) })
  await define(test.transport, crontabs())
})
afterAll(() => test[Symbol.asyncDispose]())

const owner = { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: '1', controller: true }

it.each<[string, ObjectMeta, string]>([
  [
    'a finalizer of no domain',
    { finalizers: ['mine'] },
    'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ],
  [
    'finalizers that exclude one another',
    { finalizers: ['orphan', 'foregroundDeletion'] },
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ],
  [
    'an owner of no version',
    { ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] },
    'metadata.ownerReferences[0].apiVersion: Invalid value: "a/b/c": version must not be empty',
  ],
  [
    'an Event for an owner',
    { ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'a', uid: '1' }] },
    'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"1"}: /v1, Kind=Event is disallowed from being an owner',
  ],
  [
    'two controllers',
    { ownerReferences: [owner, { ...owner, kind: 'Job', name: 'b' }] },
    `metadata.ownerReferences: Invalid value: ${JSON.stringify([owner, { ...owner, kind: 'Job', name: 'b' }])}: Only one reference can have Controller set to true. Found "true" in references for Pod/a and Job/b`,
  ],
  [
    'the same twice, told once',
    { labels: { a: '-', b: '-' } },
    `metadata.labels: Invalid value: "-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  ],
])('%s is refused', async (_, metadata, why) => {
  const { code, json } = await send('POST', MAPS, { metadata: { name: 'refused', ...metadata } })
  expect([code, json().message]).toEqual([422, `ConfigMap "refused" is invalid: ${why}`])
})

it('forgets the namespace that something names which lies in none', async () => {
  const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
  const role = (name: string) => ({ metadata: { name, namespace: 'elsewhere' } })
  for (const answer of [
    await send('POST', roles, role('of-nowhere')),
    await send('PUT', `${roles}/of-nowhere`, role('of-nowhere')),
    await send('PUT', `${roles}/put-nowhere`, role('put-nowhere')),
    await send('POST', '/api/v1/namespaces', role('named')),
  ]) {
    expect([answer.code < 300, (answer.json().metadata as ObjectMeta).namespace]).toEqual([true, undefined])
  }
})

it.each<[string, ObjectMeta, string]>([
  ['another name', { name: 'other' }, 'the name of the object (other) does not match the name on the URL (missing)'],
  ['no name', {}, 'the name of the object (missing based on URL) was undeterminable: name must be provided'],
  [
    'another namespace',
    { name: 'missing', namespace: 'elsewhere' },
    'the namespace of the provided object does not match the namespace sent on the request',
  ],
])('is looked at before the object is looked for: %s', async (_, metadata, message) => {
  const { code, json } = await send('PUT', `${MAPS}/missing`, { metadata })
  expect([code, json().message]).toEqual([400, message])
})

it('holds finalizers of any name where upstream has other rules, and warns of those of custom resources', async () => {
  const metadata = { name: 'finalized', finalizers: ['mine', 'example.com', 'orphan', 'example.com/mine'] }
  expect((await send('POST', LEASES, { metadata, spec: {} })).code).toBe(201)
  const { metadata: _, ...tab } = crontab('finalized')
  const made = await send('POST', TABS, { ...tab, metadata })
  expect([made.code, made.headers.warning]).toEqual([
    201,
    [
      `299 - "metadata.finalizers: \\"example.com\\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"`,
      `299 - "metadata.finalizers: \\"mine\\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"`,
    ].join(', '),
  ])
  const again = await send('PUT', `${TABS}/finalized`, made.json())
  expect([again.code, again.headers.warning]).toEqual([200, undefined])
})

it('keeps when an object was made, and lets nobody but DELETE mark one as going', async () => {
  const made = (await send('POST', MAPS, { metadata: { name: 'kept' } })).json() as KubeObject
  const creationTimestamp = '2001-01-01T00:00:00Z'
  const kept = await send('PUT', `${MAPS}/kept`, { metadata: { name: 'kept', creationTimestamp }, data: { a: 'b' } })
  expect(kept.json()).toMatchObject({ metadata: { creationTimestamp: made.metadata?.creationTimestamp } })
  const marked = { metadata: { name: 'kept', deletionTimestamp: creationTimestamp } }
  const { code, json } = await send('PUT', `${MAPS}/kept`, marked)
  expect([code, json().message]).toEqual([
    422,
    'ConfigMap "kept" is invalid: metadata.deletionTimestamp: Invalid value: "2001-01-01T00:00:00Z": field is immutable',
  ])
})

it('says of a generated name that is taken that there was no other, and when to try again', async () => {
  const metadata = { name: 'taken', generateName: 'ta' }
  await send('POST', MAPS, { metadata })
  const { code, headers, json } = await send('POST', MAPS, { metadata })
  expect([code, headers['retry-after'], json()]).toMatchObject([
    409,
    '1',
    {
      reason: 'AlreadyExists',
      message: 'configmaps "taken" already exists, the server was not able to generate a unique name for the object',
      details: { name: 'taken', kind: 'configmaps', retryAfterSeconds: 1 },
    },
  ])
})

it('of revision 0 is put in the place of whatever is there', async () => {
  const metadata = { name: 'zero', resourceVersion: '0' }
  const first = await send('POST', MAPS, { metadata })
  const put = await send('PUT', `${MAPS}/zero`, { metadata, data: { a: 'b' } })
  expect([first.code, put.code, put.json().data]).toEqual([201, 200, { a: 'b' }])
  const [made, now] = [first, put].map((answer) => Number((answer.json() as KubeObject).metadata?.resourceVersion))
  expect(made).toBeGreaterThan(0)
  expect(now).toBeGreaterThan(made!)
  const other = await send('PUT', `${MAPS}/zero`, { metadata: { name: 'zero', resourceVersion: '1' } })
  expect([other.code, other.json().reason]).toEqual([409, 'Conflict'])
})

it('is made by a PUT where its kind lets it, by whoever may make it', async () => {
  const lease = { metadata: { name: 'put' }, spec: { holderIdentity: 'a' } }
  const made = await send('PUT', `${LEASES}/put`, lease)
  expect(made.code).toBe(201)
  expect(made.json()).toMatchObject({ metadata: { uid: expect.any(String) } })
  const again = await send('PUT', `${LEASES}/put`, lease)
  expect([again.code, again.json().message]).toEqual([
    422,
    'Lease.coordination.k8s.io "put" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  ])
  const zero = await send('PUT', `${LEASES}/put`, { ...lease, metadata: { name: 'put', resourceVersion: '0' } })
  expect(zero.json().message).toBe(again.json().message)
  const next = await send('PUT', `${LEASES}/put`, { ...made.json(), spec: { holderIdentity: 'b' } })
  expect([next.code, next.json().spec]).toEqual([200, { holderIdentity: 'b' }])
  expect((await send('PUT', `${LEASES}/gone`, { metadata: { name: 'gone', uid: '1' } })).code).toBe(409)
  expect((await send('PUT', `${MAPS}/none`, { metadata: { name: 'none' } })).code).toBe(404)
  const range = `/api/v1/namespaces/default/limitranges/raced`
  const both = await Promise.all(
    ['a', 'b'].map((label) => send('PUT', range, { metadata: { name: 'raced', labels: { label } } })),
  )
  expect(both.map(({ code }) => code).sort()).toEqual([200, 201])
})

it('takes a uid in an update for a condition, and in a patch for a change', async () => {
  const made = (await send('POST', MAPS, { metadata: { name: 'same' } })).json() as KubeObject
  const update = await send('PUT', `${MAPS}/same`, { metadata: { name: 'same', uid: 'other' } })
  expect([update.code, update.json().message]).toEqual([
    409,
    `Operation cannot be fulfilled on configmaps "same": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/same, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ${made.metadata?.uid}`,
  ])
  const patch = (uid: string | undefined) =>
    test.transport.request({
      method: 'PATCH',
      path: `${MAPS}/same`,
      body: { metadata: { uid, labels: { a: 'b' } } },
      contentType: 'application/merge-patch+json',
    })
  await expect(patch('other')).rejects.toMatchObject({
    code: 422,
    message: 'ConfigMap "same" is invalid: metadata.uid: Invalid value: "other": field is immutable',
  })
  await expect(patch(made.metadata?.uid)).resolves.toMatchObject({ metadata: { labels: { a: 'b' } } })
})

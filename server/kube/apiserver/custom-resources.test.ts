import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { CRONTAB_SCHEMA, crontab, crontabs, DEFINITIONS, define, TABS, untilCondition } from './testing/crontab.ts'
import { rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

let test: TestServer
beforeEach(async () => {
  test = await startTestServer()
})
afterEach(() => test[Symbol.asyncDispose]())

type Tab = KubeObject & { spec: Record<string, unknown>; status?: Record<string, unknown> }
const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
  (await test.transport.request({ method, path, ...(body === undefined ? {} : { body }) })) as Tab
const patch = async (path: string, body: unknown, contentType = 'application/merge-patch+json', query = {}) =>
  (await test.transport.request({ method: 'PATCH', path, body, contentType, query })) as Tab

it('serves a resource as soon as its definition is established', async () => {
  const definition = await define(test.transport, crontabs())
  expect(definition).toMatchObject({
    status: {
      acceptedNames: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', listKind: 'CronTabList' },
      storedVersions: ['v1'],
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    },
  })
  const made = await ask('POST', TABS, crontab('mine'))
  expect(made).toMatchObject({ kind: 'CronTab', metadata: { generation: 1 }, spec: { image: 'nginx' } })
  expect(await ask('GET', TABS)).toMatchObject({ kind: 'CronTabList', items: [{ metadata: { name: 'mine' } }] })
  expect(await ask('GET', '/apis')).toMatchObject({
    groups: expect.arrayContaining([expect.objectContaining({ name: 'stable.example.com' })]),
  })
})

it.each([
  ['leases', 'Lease', 'coordination.k8s.io', 'v1'],
  ['apiservices', 'APIService', 'apiregistration.k8s.io', 'v1'],
])('leaves %s of its own as they are where a definition has their name', async (plural, kind, group, version) => {
  const name = `${plural}.${group}`
  const annotations = { 'api-approved.kubernetes.io': 'unapproved' }
  const names = { plural, singular: kind.toLowerCase(), kind }
  const schema = { openAPIV3Schema: { type: 'object' } }
  const versions = [version, 'v7'].map((name, at) => ({ name, served: true, storage: at === 0, schema }))
  await define(test.transport, { metadata: { name, annotations }, spec: { group, names, scope: 'Cluster', versions } })
  const path = kind === 'Lease' ? `/apis/${group}/v1/namespaces/default/leases` : `/apis/${group}/v1/${plural}`
  const spec = { group: 'example.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 }
  const own = kind === 'Lease' ? 'a' : 'v1.example.com'
  await ask('POST', path, { metadata: { name: own }, spec: kind === 'Lease' ? { holderIdentity: 'me' } : spec })
  expect(await ask('GET', `${path}/${own}`)).toMatchObject({ kind })
  await ask('DELETE', `${path}/${own}`)
  await ask('DELETE', `${DEFINITIONS}/${name}`)
  await expect.poll(() => ask('GET', `${DEFINITIONS}/${name}`).catch((err) => err.reason)).toBe('NotFound')
  await ask('POST', path, { metadata: { name: own }, spec: kind === 'Lease' ? { holderIdentity: 'me' } : spec })
  expect(await ask('GET', `${path}/${own}`)).toMatchObject({ kind })
})

it('serves a kind, formats and fields that are called as what all objects of JavaScript have', async () => {
  const texts = { type: 'string', format: 'constructor' }
  const openAPIV3Schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { toString: texts } } },
    'x-kubernetes-validations': [{ rule: '!has(self.spec) || !has(self.spec.toString)', message: 'none' }],
  }
  const names = { plural: 'odds', singular: 'odd', kind: 'hasOwnProperty', listKind: 'OddList' }
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }]
  const spec = { group: 'example.com', names, scope: 'Cluster', versions }
  await define(test.transport, { metadata: { name: 'odds.example.com' }, spec })
  const path = '/apis/example.com/v1/odds'
  await ask('POST', path, { metadata: { name: 'a' }, kind: 'hasOwnProperty', apiVersion: 'example.com/v1', spec: {} })
  await patch(`${path}/a`, { metadata: { labels: { a: 'b' } } })
  await expect(patch(`${path}/a`, { spec: { toString: 'x' } })).rejects.toMatchObject({ reason: 'Invalid' })
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  const table = await rawRequest({ port, caPem: test.pki.caPem, ...admin, path, headers })
  expect(JSON.parse(table.text)).toMatchObject({ kind: 'Table' })
})

it('answers 404 before, and again when the definition has gone; its objects go first', async () => {
  await expect(ask('GET', TABS)).rejects.toMatchObject({ reason: 'NotFound' })
  await define(test.transport, crontabs())
  await ask('POST', TABS, { ...crontab('mine'), metadata: { name: 'mine', finalizers: ['example.com/wait'] } })
  using log = await watchLog(test.transport, TABS)
  await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`)
  const { definition } = await untilCondition(test.transport, 'crontabs.stable.example.com', 'Terminating')
  expect(definition.metadata?.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io'])
  await log.length(2)
  await expect(ask('POST', TABS, crontab('other'))).rejects.toMatchObject({
    reason: 'Forbidden',
    message: expect.stringContaining('create not allowed while custom resource definition is terminating'),
  })
  await patch(`${TABS}/mine`, { metadata: { finalizers: null } })
  await log.ended
  expect(log.words).toEqual(['ADDED mine', 'MODIFIED mine', 'DELETED mine'])
  await expect(ask('GET', TABS)).rejects.toMatchObject({ reason: 'NotFound' })
  const again = await define(test.transport, crontabs())
  expect(again.metadata?.name).toBe('crontabs.stable.example.com')
  expect(await ask('GET', TABS)).toMatchObject({ items: [] })
})

it('takes its objects away too when no version is served any more, and asks no webhook', async () => {
  await define(test.transport, crontabs())
  await ask('POST', TABS, crontab('mine'))
  await ask('POST', TABS.replace('default', 'kube-system'), crontab('other'))
  await ask('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    metadata: { name: 'gone' },
    webhooks: [
      {
        name: 'gone.example.com',
        clientConfig: { url: 'https://127.0.0.1:9' },
        rules: [{ apiGroups: ['stable.example.com'], apiVersions: ['*'], operations: ['DELETE'], resources: ['*'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  })
  const path = `${DEFINITIONS}/crontabs.stable.example.com`
  await patch(path, [{ op: 'replace', path: '/spec/versions/0/served', value: false }], 'application/json-patch+json')
  await expect.poll(() => ask('GET', TABS).catch((err) => err.reason)).toBe('NotFound')
  using log = await watchLog(test.transport, DEFINITIONS, {
    fieldSelector: 'metadata.name=crontabs.stable.example.com',
  })
  await ask('DELETE', path)
  await expect.poll(() => log.words.at(-1)).toBe('DELETED crontabs.stable.example.com')
  const told = log.events.flatMap(
    ({ object }) => (object as Tab).status?.conditions as { type: string; reason: string }[],
  )
  const reasons = told.filter(({ type }) => type === 'Terminating').map(({ reason }) => reason)
  expect([...new Set(reasons)]).toEqual(['InstanceDeletionPending', 'InstanceDeletionInProgress'])
  await define(test.transport, crontabs())
  expect(await ask('GET', '/apis/stable.example.com/v1/crontabs')).toMatchObject({ items: [] })
})

it('finds definitions and objects again after a restart', async () => {
  await define(test.transport, crontabs())
  await ask('POST', TABS, crontab('mine'))
  const { store } = test
  const second = await startTestServer({ options: { store } })
  const found = (await second.transport.request({ method: 'GET', path: `${TABS}/mine` })) as Tab
  expect(found.spec.image).toBe('nginx')
  await second[Symbol.asyncDispose]()
})

describe('validity', () => {
  it('says what is wrong in upstream’s words', async () => {
    await define(test.transport, crontabs())
    const refused = (spec: Record<string, unknown>) =>
      ask('POST', TABS, crontab('bad', spec)).catch((err) => err.message)
    expect(await refused({ cronSpec: 'never' })).toBe(
      'CronTab.stable.example.com "bad" is invalid: spec.cronSpec: Invalid value: "never": spec.cronSpec in body should match \'^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$\'',
    )
    expect(await refused({ replicas: 15 })).toBe(
      'CronTab.stable.example.com "bad" is invalid: spec.replicas: Invalid value: 15: spec.replicas in body should be less than or equal to 10',
    )
    expect(await refused({ replicas: 'two' })).toBe(
      'CronTab.stable.example.com "bad" is invalid: [spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", <nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    )
    expect(await refused({ cronSpec: undefined })).toContain('spec.cronSpec: Required value')
  })

  it('prunes what the schema does not know, or refuses it when asked to', async () => {
    await define(test.transport, crontabs())
    const made = await ask('POST', TABS, crontab('mine', { someRandomField: 42 }))
    expect(made.spec).toEqual({ cronSpec: '* * * * */5', image: 'nginx' })
    const strict = test.transport.request({
      method: 'POST',
      path: TABS,
      query: { fieldValidation: 'Strict' },
      body: crontab('other', { someRandomField: 42 }),
    })
    await expect(strict).rejects.toMatchObject({
      reason: 'BadRequest',
      message:
        'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.someRandomField"',
    })
  })

  it('lets stay what was wrong before a schema became stricter', async () => {
    await define(test.transport, crontabs())
    await ask('POST', TABS, crontab('mine', { replicas: 8 }))
    const stricter = structuredClone(CRONTAB_SCHEMA)
    stricter.properties.spec.properties.replicas.maximum = 5
    const path = `${DEFINITIONS}/crontabs.stable.example.com`
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: stricter } }]
    using log = await watchLog(test.transport, TABS)
    await patch(path, { spec: { versions } })
    await log.ended
    expect((await patch(`${TABS}/mine`, { spec: { image: 'busybox' } })).spec).toMatchObject({ replicas: 8 })
    await expect(patch(`${TABS}/mine`, { spec: { replicas: 9 } })).rejects.toMatchObject({ reason: 'Invalid' })
  })

  it('warns of a rule that was broken before and is broken still, where nothing has changed', async () => {
    await define(test.transport, crontabs())
    await ask('POST', TABS, crontab('mine', { replicas: 8 }))
    const stricter = structuredClone(CRONTAB_SCHEMA)
    const rules = [{ rule: 'self <= 5', message: 'five are enough' }]
    Object.assign(stricter.properties.spec.properties.replicas, { 'x-kubernetes-validations': rules })
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: stricter } }]
    using log = await watchLog(test.transport, TABS)
    await patch(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { versions } })
    await log.ended
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const admin = await test.pki.issue('admin', ['system:masters'])
    const send = async (body: object) => {
      const headers = { 'content-type': 'application/merge-patch+json' }
      const path = `${TABS}/mine`
      const request = { port, caPem: test.pki.caPem, ...admin, method: 'PATCH', path, headers }
      const { code, headers: told } = await rawRequest({ ...request, body: JSON.stringify(body) })
      return [code, told.warning]
    }
    const words = 'spec.replicas: Invalid value: 8: five are enough'
    expect(await send({ spec: { image: 'busybox' } })).toEqual([200, `299 - "${words}"`])
    expect(await send({ spec: { replicas: 9 } })).toEqual([422, undefined])
  })

  it('holds objects to the rules of their schema, and changes to those that name the old value', async () => {
    const withRules = structuredClone(CRONTAB_SCHEMA)
    const rules = [
      { rule: 'self.replicas <= 3 || self.image != "nginx"', message: 'nginx runs in three at most' },
      {
        rule: 'self.cronSpec == oldSelf.cronSpec',
        fieldPath: '.cronSpec',
        reason: 'FieldValueForbidden',
        messageExpression: '"stays " + oldSelf.cronSpec',
      },
    ]
    Object.assign(withRules.properties.spec, { 'x-kubernetes-validations': rules })
    await define(test.transport, crontabs({ schema: { openAPIV3Schema: withRules } }))
    await expect(ask('POST', TABS, crontab('mine', { replicas: 4 }))).rejects.toMatchObject({
      message: 'CronTab.stable.example.com "mine" is invalid: spec: Invalid value: nginx runs in three at most',
    })
    await ask('POST', TABS, crontab('mine', { replicas: 2 }))
    await expect(patch(`${TABS}/mine`, { spec: { cronSpec: '1 * * * *' } })).rejects.toMatchObject({
      message: 'CronTab.stable.example.com "mine" is invalid: spec.cronSpec: Forbidden: stays * * * * */5',
    })
  })
})

describe('subresources', () => {
  const subresources = {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.labelSelector',
    },
  }

  it('keeps spec and status apart, and counts generations', async () => {
    await define(test.transport, crontabs({ subresources }))
    const made = await ask('POST', TABS, { ...crontab('mine', { replicas: 2 }), status: { replicas: 7 } })
    expect(made.status).toBeUndefined()
    const told = await ask('PUT', `${TABS}/mine/status`, { ...made, spec: { cronSpec: 'x' }, status: { replicas: 2 } })
    expect(told).toMatchObject({
      metadata: { generation: 1 },
      spec: { cronSpec: '* * * * */5' },
      status: { replicas: 2 },
    })
    const changed = await patch(`${TABS}/mine`, { spec: { replicas: 3 }, status: { replicas: 9 } })
    expect(changed).toMatchObject({ metadata: { generation: 2 }, status: { replicas: 2 } })
  })

  it('scales', async () => {
    await define(test.transport, crontabs({ subresources }))
    await ask('POST', TABS, crontab('mine', { replicas: 2 }))
    await patch(`${TABS}/mine/status`, { status: { replicas: 2, labelSelector: 'app=cron' } })
    expect(await ask('GET', `${TABS}/mine/scale`)).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 2 },
      status: { replicas: 2, selector: 'app=cron' },
    })
    await patch(`${TABS}/mine/scale`, { spec: { replicas: 5 } })
    const strategic = { contentType: 'application/strategic-merge-patch+json', body: { spec: { replicas: 6 } } }
    await expect(
      test.transport.request({ method: 'PATCH', path: `${TABS}/mine/scale`, ...strategic }),
    ).rejects.toMatchObject({ code: 415 })
    expect((await ask('GET', `${TABS}/mine`)).spec.replicas).toBe(5)
    await ask('POST', TABS, crontab('numberless'))
    await expect(ask('GET', `${TABS}/numberless/scale`)).rejects.toMatchObject({
      code: 500,
      message: 'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
    })
    await expect(patch(`${TABS}/mine/status`, { status: { replicas: 'two', labelSelector: 5 } })).rejects.toMatchObject(
      { code: 422 },
    )
    await expect(patch(`${TABS}/numberless/scale`, { metadata: { labels: { a: 'b' } } })).rejects.toMatchObject({
      code: 400,
      message: 'the spec replicas field ".spec.replicas" cannot be empty',
    })
    await expect(patch(`${TABS}/mine/scale`, { spec: { replicas: -1 } })).rejects.toMatchObject({
      code: 422,
      message: expect.stringMatching(
        /^CronTab.stable.example.com "mine" is invalid: .*should be a non-negative integer/,
      ),
    })
    // Nobody has to name a revision. Applied without a word of replicas, it keeps them.
    const put = { metadata: { name: 'mine' }, spec: { replicas: 4 } }
    expect((await ask('PUT', `${TABS}/mine/scale`, put)).spec.replicas).toBe(4)
    const stale = { ...put, metadata: { name: 'mine', resourceVersion: '1' } }
    await expect(ask('PUT', `${TABS}/mine/scale`, stale)).rejects.toMatchObject({ reason: 'Conflict' })
    const applied = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'mine' } }
    const said = { force: 'true', fieldManager: 'me' }
    expect((await patch(`${TABS}/mine/scale`, applied, 'application/apply-patch+yaml', said)).spec.replicas).toBe(4)
  })

  it('says of a scale that is older than its definition what is no number', async () => {
    const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    await define(test.transport, crontabs({ schema: open }))
    await ask('POST', TABS, crontab('mine', { replicas: 'two' }))
    using log = await watchLog(test.transport, TABS)
    const told = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' }
    const versions = [{ name: 'v1', served: true, storage: true, schema: open, subresources: { scale: told } }]
    await patch(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { versions } })
    await log.ended
    await expect(ask('GET', `${TABS}/mine/scale`)).rejects.toMatchObject({
      code: 500,
      message: '.spec.replicas accessor error: two is of the type string, expected int64',
    })
  })
})

it('keeps of the metadata of objects within what is metadata, and refuses what is of another type', async () => {
  const withTemplate = structuredClone(CRONTAB_SCHEMA)
  Object.assign(withTemplate.properties.spec.properties, {
    template: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    },
  })
  await define(test.transport, crontabs({ schema: { openAPIV3Schema: withTemplate } }))
  const tab = (name: string, metadata: object) => {
    const object = crontab(name, {})
    Object.assign(object.spec, { template: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { any: 1 } } })
    return object
  }
  await ask('POST', TABS, tab('mine', { labels: { a: 'b' }, more: 1 }))
  expect((await ask('GET', `${TABS}/mine`)).spec.template).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: { a: 'b' } },
    spec: { any: 1 },
  })
  expect((await ask('POST', TABS, tab('nothing', null as unknown as object))).spec.template).toMatchObject({
    metadata: {},
  })
  const strict = { method: 'POST', path: TABS, query: { fieldValidation: 'Strict' } } as const
  await expect(test.transport.request({ ...strict, body: tab('other', { more: 1 }) })).rejects.toMatchObject({
    message: expect.stringContaining('strict decoding error: unknown field "spec.template.metadata.more"'),
  })
  await expect(ask('POST', TABS, tab('other', { name: 5 }))).rejects.toMatchObject({
    reason: 'BadRequest',
    message: expect.stringContaining('spec.template.metadata: Invalid value: {"name":5}: '),
  })
  await expect(ask('POST', TABS, tab('other', { name: 'a/b', labels: { 'a b': 'c' } }))).rejects.toMatchObject({
    reason: 'Invalid',
    details: {
      causes: [
        { field: 'spec.template.metadata.name', message: 'Invalid value: "a/b": may not contain \'/\'' },
        { field: 'spec.template.metadata.labels' },
      ],
    },
  })
})

it('says who has approved a group of the project, and of one that goes while somebody else holds it what was done', async () => {
  const definition = crontabs()
  Object.assign(definition.metadata, {
    name: 'crontabs.stable.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' },
    finalizers: ['example.com/hold'],
  })
  definition.spec.group = 'stable.k8s.io'
  await ask('POST', DEFINITIONS, definition)
  const path = `${DEFINITIONS}/crontabs.stable.k8s.io`
  const conditionOf = async (type: string) =>
    ((await ask('GET', path)).status as { conditions?: { type: string }[] }).conditions?.find(
      (one) => one.type === type,
    )
  await expect
    .poll(() => conditionOf('KubernetesAPIApprovalPolicyConformant'))
    .toMatchObject({
      status: 'False',
      reason: 'UnapprovedAnnotation',
      message: 'not approved: "unapproved, a test"',
    })
  await ask('DELETE', path)
  await expect
    .poll(() => conditionOf('Terminating'))
    .toMatchObject({
      status: 'False',
      reason: 'InstanceDeletionCompleted',
      message: 'removed all instances',
    })
  expect((await ask('GET', path)).metadata?.finalizers).toEqual(['example.com/hold'])
})

it('is shown by the columns of its definition and selected by its fields', async () => {
  const additionalPrinterColumns = [
    { name: 'Spec', type: 'string', description: 'The cron spec', jsonPath: '.spec.cronSpec' },
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ]
  await define(test.transport, crontabs({ additionalPrinterColumns, selectableFields: [{ jsonPath: '.spec.image' }] }))
  await ask('POST', TABS, crontab('mine', { replicas: 2 }))
  await ask('POST', TABS, crontab('other', { image: 'busybox' }))
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const table = await rawRequest({
    port,
    caPem: test.pki.caPem,
    ...admin,
    path: `${TABS}?fieldSelector=spec.image%3Dnginx`,
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  })
  expect(table.json()).toMatchObject({
    columnDefinitions: [
      { name: 'Name' },
      { name: 'Spec', description: 'The cron spec' },
      { name: 'Replicas' },
      { name: 'Age', type: 'date' },
    ],
    rows: [{ cells: ['mine', '* * * * */5', 2, expect.any(String)] }],
  })
  const openApi = await rawRequest({
    port,
    caPem: test.pki.caPem,
    ...admin,
    path: '/openapi/v3/apis/stable.example.com/v1',
  })
  expect(openApi.json()).toMatchObject({
    components: {
      schemas: {
        'com.example.stable.v1.CronTab': { properties: { spec: { properties: { image: { default: 'nginx' } } } } },
      },
    },
  })
  const refused = async (headers: Record<string, string>, body?: string) =>
    (
      await rawRequest({
        port,
        caPem: test.pki.caPem,
        ...admin,
        path: `${TABS}/mine`,
        headers,
        ...(body ? { method: 'PATCH', body } : {}),
      })
    ).code
  expect(await refused({ accept: 'application/vnd.kubernetes.protobuf' })).toBe(406)
  expect(await refused({ 'content-type': 'application/strategic-merge-patch+json' }, '{}')).toBe(415)
})

it('is applied by field, with lists told apart by their keys', async () => {
  const schema = structuredClone(CRONTAB_SCHEMA)
  Object.assign(schema.properties.spec.properties, {
    hosts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, port: { type: 'integer' } },
      },
    },
  })
  await define(test.transport, crontabs({ schema: { openAPIV3Schema: schema } }))
  const apply = (manager: string, spec: object, query = {}) =>
    patch(`${TABS}/mine`, { ...crontab('mine'), spec }, 'application/apply-patch+yaml', {
      fieldManager: manager,
      ...query,
    })
  await apply('one', { cronSpec: '* * * * */5', hosts: [{ name: 'a', port: 1 }] })
  const both = await apply('two', { hosts: [{ name: 'b', port: 2 }] })
  expect(both.spec.hosts).toEqual([
    { name: 'a', port: 1 },
    { name: 'b', port: 2 },
  ])
  await expect(apply('two', { hosts: [{ name: 'a', port: 3 }] })).rejects.toMatchObject({
    reason: 'Conflict',
    message: expect.stringContaining('.spec.hosts[name="a"].port'),
  })
  await expect(apply('two', { host: [] })).rejects.toMatchObject({
    message: expect.stringContaining('.spec.host: field not declared in schema'),
  })
})

it('takes names only once in a group, and gives them to who waits when they are free', async () => {
  await define(test.transport, crontabs())
  const rival = crontabs()
  rival.metadata.name = 'tabs.stable.example.com'
  Object.assign(rival.spec.names, { plural: 'tabs', singular: 'tab' })
  await ask('POST', DEFINITIONS, rival)
  const { condition } = await untilCondition(test.transport, 'tabs.stable.example.com', 'NamesAccepted', 'False')
  expect(condition).toMatchObject({ reason: 'ListKindConflict', message: '"CronTabList" is already in use' })
  // A name that it has itself for another thing is in use too.
  const names = { shortNames: ['crontabs', 'ct', 'crontab'] }
  await patch(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { names } })
  const own = await untilCondition(test.transport, 'crontabs.stable.example.com', 'NamesAccepted', 'False')
  expect(own.condition).toMatchObject({
    reason: 'ShortNamesConflict',
    message: '["crontabs" is already in use, "crontab" is already in use]',
  })
  await ask('DELETE', `${DEFINITIONS}/crontabs.stable.example.com`)
  await untilCondition(test.transport, 'tabs.stable.example.com', 'Established')
})

it('serves several versions of what is stored in one', async () => {
  const schema = { openAPIV3Schema: CRONTAB_SCHEMA }
  const smaller = structuredClone(CRONTAB_SCHEMA) as typeof CRONTAB_SCHEMA
  delete (smaller.properties.spec.properties as Record<string, unknown>).replicas
  const versions = [
    { name: 'v1beta1', served: true, storage: false, deprecated: true, schema: { openAPIV3Schema: smaller } },
    { name: 'v1', served: true, storage: true, schema },
  ]
  await define(test.transport, crontabs({}, { versions }))
  const old = TABS.replace('/v1/', '/v1beta1/')
  await ask('POST', TABS, crontab('mine', { replicas: 2 }))
  using log = await watchLog(test.transport, old)
  const shown = await ask('GET', `${old}/mine`)
  expect(shown).toMatchObject({ apiVersion: 'stable.example.com/v1beta1', spec: { image: 'nginx' } })
  expect(shown.spec.replicas).toBeUndefined()
  await patch(`${old}/mine`, { spec: { image: 'busybox' } })
  await log.length(2)
  expect(log.events.map(({ object }) => object.apiVersion)).toEqual(Array(2).fill('stable.example.com/v1beta1'))
  const stored = await test.store.range({ key: '/registry/stable.example.com/crontabs/default/mine' })
  expect(JSON.parse(stored.kvs[0]?.value.toString() ?? '')).toMatchObject({
    apiVersion: 'stable.example.com/v1',
    spec: { image: 'busybox' },
  })
  expect(await ask('GET', '/apis/stable.example.com')).toMatchObject({ preferredVersion: { version: 'v1' } })
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  const warningAt = async (path: string) =>
    (await rawRequest({ port, caPem: test.pki.caPem, ...admin, path })).headers.warning
  const words = 'stable.example.com/v1beta1 CronTab is deprecated; use stable.example.com/v1 CronTab'
  expect([await warningAt(old), await warningAt(TABS)]).toEqual([`299 - "${words}"`, undefined])
  expect(await warningAt('/api/v1/endpoints')).toBe(
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
  )
})

it('reads what is stored with the defaults of today', async () => {
  await define(test.transport, crontabs())
  await ask('POST', TABS, crontab('mine'))
  const schema = structuredClone(CRONTAB_SCHEMA)
  Object.assign(schema.properties.spec.properties.replicas, { default: 3 })
  using log = await watchLog(test.transport, TABS)
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }]
  await patch(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { versions } })
  await log.ended
  expect((await ask('GET', `${TABS}/mine`)).spec.replicas).toBe(3)
})

it('stores no defaults of the stored version that a writer of another one did not bring', async () => {
  const withImage = (image: object) => {
    const schema = structuredClone(CRONTAB_SCHEMA)
    Object.assign(schema.properties.spec.properties, { image: { type: 'string', ...image } })
    return { openAPIV3Schema: schema }
  }
  const versions = (image: string) => [
    { name: 'v1', served: true, storage: true, schema: withImage({ default: image }) },
    { name: 'v2', served: true, storage: false, schema: withImage({}) },
  ]
  await define(test.transport, crontabs({}, { versions: versions('nginx') }))
  const made = { ...crontab('mine'), apiVersion: 'stable.example.com/v2' }
  expect((await ask('POST', TABS.replace('/v1/', '/v2/'), made)).spec.image).toBe('nginx')
  using log = await watchLog(test.transport, TABS)
  await patch(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { versions: versions('busybox') } })
  await log.ended
  expect((await ask('GET', `${TABS}/mine`)).spec.image).toBe('busybox')
})

it('stores an object anew when it is written as it is, in the version that is the stored one now', async () => {
  await define(test.transport, crontabs())
  const made = await ask('POST', TABS, crontab('mine'))
  const schema = { openAPIV3Schema: CRONTAB_SCHEMA }
  const versions = [
    { name: 'v1', served: true, storage: false, schema },
    { name: 'v2', served: true, storage: true, schema },
  ]
  using log = await watchLog(test.transport, TABS)
  const definition = await patch(`${DEFINITIONS}/crontabs.stable.example.com`, { spec: { versions } })
  expect(definition.status?.storedVersions).toEqual(['v1', 'v2'])
  await log.ended
  const again = await ask('PUT', `${TABS}/mine`, made)
  expect(again).toMatchObject({ apiVersion: 'stable.example.com/v1', spec: made.spec })
  const stored = await test.store.range({ key: '/registry/stable.example.com/crontabs/default/mine' })
  expect(JSON.parse(stored.kvs[0]?.value.toString() ?? '')).toMatchObject({ apiVersion: 'stable.example.com/v2' })
  expect((await ask('PUT', `${TABS}/mine`, again)).metadata?.resourceVersion).toBe(again.metadata?.resourceVersion)
})

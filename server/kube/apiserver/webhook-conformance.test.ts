// What Kubernetes' conformance tests ask of admission webhooks (test/e2e/apimachinery/webhook.go), with their hooks behind a
// service: what is denied, changed, skipped, waited for. The texts are those that the tests look for.

import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { DEFINITIONS, define } from './testing/crontab.ts'
import { type FakeService, startFakeService } from './testing/fake-service.ts'

interface Data {
  metadata?: KubeObject['metadata']
  data?: Record<string, string>
  spec?: { containers: { name: string }[] }
}
interface Review {
  request: { uid: string; operation: string; subResource?: string; object?: Data; oldObject?: Data }
}

let service: FakeService
const pending: (() => void)[] = []
const namespaces = ['hooked', 'skipped']

/** What each path of the service says to a review; undefined says nothing, for ever. */
const ANSWERS: Record<string, (review: Review['request']) => object | undefined> = {
  '/deny': () => deny('this webhook denies all requests'),
  '/data': ({ object, oldObject }) =>
    (object ?? oldObject)?.data?.test === 'disallow' ? deny('the configmap contains unwanted key and value') : {},
  '/pods': ({ object }) =>
    object?.spec?.containers.some(({ name }) => name === 'unwanted') ? deny('unwanted container name') : {},
  '/attach': () => deny("attaching to pod 'to-be-attached-pod' is not allowed"),
  '/hang': () => undefined,
  '/stages': ({ object }) => {
    const { start, 'stage-1': first } = object?.data ?? {}
    if (first) return patched({ op: 'add', path: '/data/stage-2', value: 'yes' })
    return start ? patched({ op: 'add', path: '/data/stage-1', value: 'yes' }) : {}
  },
  '/init': () => patched({ op: 'add', path: '/spec/initContainers', value: [{ name: 'added', image: 'added' }] }),
  '/label': () => patched({ op: 'add', path: '/metadata/labels', value: { added: 'yes' } }),
}
const deny = (message: string) => ({ allowed: false, status: { message } })
const patched = (...operations: object[]) => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})

beforeAll(async () => {
  service = await startFakeService(async (request, response) => {
    const { request: review } = JSON.parse(await text(request)) as Review
    const answer = ANSWERS[new URL(request.url ?? '', 'https://hook').pathname]?.(review)
    if (!answer) return void pending.push(() => response.end())
    const reply = { uid: review.uid, allowed: true, ...answer }
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: reply }))
  })
  for (const name of namespaces) {
    const labels = name === 'skipped' ? { skip: 'yes' } : {}
    await ask('POST', '/api/v1/namespaces', { metadata: { name, labels } })
    await ask('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } })
  }
})
afterAll(async () => {
  for (const end of pending) end()
  await service[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const kind of ['validating', 'mutating']) await ask('DELETE', `${ADMISSION}/${kind}webhookconfigurations`)
})

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const ask = async (method: Method, path: string, body?: object, query: Record<string, string> = {}) =>
  (await service.test.transport.request({
    method,
    path,
    query,
    ...(body ? { body } : {}),
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
  })) as KubeObject & Data
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const MAPS = '/api/v1/namespaces/hooked/configmaps'
const PODS = '/api/v1/namespaces/hooked/pods'
const map = (name: string, data: Record<string, string>) => ({ metadata: { name }, data })
const pod = (name: string, container: string) => ({
  metadata: { name },
  spec: { containers: [{ name: container, image: 'pause' }] },
})

interface Hook {
  path: string
  rule: [group: string, resource: string, ...operations: string[]]
  more?: object
}

function hookOf({ path, rule: [group, resource, ...operations], more }: Hook, at: number) {
  return {
    name: `hook-${at}.example.com`,
    clientConfig: { service: { namespace: 'default', name: 'hook', path }, caBundle: service.caBundle },
    rules: [{ operations, apiGroups: [group], apiVersions: ['*'], resources: [resource] }],
    namespaceSelector: { matchExpressions: [{ key: 'skip', operator: 'NotIn', values: ['yes'] }] },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  }
}
const register = (kind: 'Validating' | 'Mutating', name: string, ...hooks: Hook[]) =>
  ask('POST', `${ADMISSION}/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name, labels: { walk: 'yes' } },
    webhooks: hooks.map(hookOf),
  })

it('denies what is created, updated, patched or deleted, and nothing where it is not asked', async () => {
  await register('Validating', 'deny', { path: '/data', rule: ['', 'configmaps', 'CREATE', 'UPDATE', 'DELETE'] })
  const bad = { test: 'disallow' }
  const refusal = { message: expect.stringContaining('the configmap contains unwanted key and value') }
  await expect(ask('POST', MAPS, map('bad', bad))).rejects.toMatchObject(refusal)
  const made = await ask('POST', MAPS, map('good', { test: 'allow' }))
  await expect(ask('PUT', `${MAPS}/good`, { ...made, data: bad })).rejects.toMatchObject(refusal)
  await expect(ask('PATCH', `${MAPS}/good`, { data: bad })).rejects.toMatchObject(refusal)
  await ask('POST', MAPS.replace('hooked', 'skipped'), map('bad', bad))
})

it('denies pods, and that somebody attaches to one', async () => {
  const attach: Hook = { path: '/attach', rule: ['', 'pods/attach', 'CONNECT'] }
  await register('Validating', 'pods', { path: '/pods', rule: ['', 'pods', 'CREATE'] }, attach)
  await expect(ask('POST', PODS, pod('bad', 'unwanted'))).rejects.toMatchObject({
    message: 'admission webhook "hook-0.example.com" denied the request: unwanted container name',
  })
  await ask('POST', PODS, pod('to-be-attached-pod', 'c'))
  await expect(ask('POST', `${PODS}/to-be-attached-pod/attach`, undefined, { stdout: 'true' })).rejects.toMatchObject({
    message: expect.stringContaining("attaching to pod 'to-be-attached-pod' is not allowed"),
  })
})

it('waits for a webhook only as long as it is told, and then does as its policy says', async () => {
  const made = ['Fail', 'Ignore'].map(async (failurePolicy) => {
    const objectSelector = { matchLabels: { policy: failurePolicy } }
    await register('Validating', failurePolicy.toLowerCase(), {
      path: '/hang',
      rule: ['', 'configmaps', 'CREATE'],
      more: { failurePolicy, objectSelector, timeoutSeconds: 1 },
    })
    return ask('POST', MAPS, { metadata: { generateName: 'slow-', labels: { policy: failurePolicy } } })
  })
  const [strict, lenient] = await Promise.allSettled(made)
  expect(strict).toMatchObject({ reason: { message: expect.stringContaining('context deadline exceeded') } })
  expect(lenient).toMatchObject({ status: 'fulfilled' })
})

it('refuses everything when a webhook that must be asked is not believed', async () => {
  await register('Validating', 'closed', {
    path: '/data',
    rule: ['', 'configmaps', 'CREATE'],
    more: { clientConfig: { service: { namespace: 'default', name: 'hook', path: '/data' } }, failurePolicy: 'Fail' },
  })
  await expect(ask('POST', MAPS, map('closed', {}))).rejects.toMatchObject({ reason: 'InternalError', code: 500 })
})

it('changes what is written, by one webhook after the other, and fills in defaults afterwards', async () => {
  const stages: Hook = { path: '/stages', rule: ['', 'configmaps', 'CREATE'] }
  await register('Mutating', 'stages', stages, stages)
  await register('Mutating', 'init', { path: '/init', rule: ['', 'pods', 'CREATE'] })
  const { data } = await ask('POST', MAPS, map('to-be-mutated', { start: 'yes' }))
  expect(data).toEqual({ start: 'yes', 'stage-1': 'yes', 'stage-2': 'yes' })
  expect(await ask('POST', PODS, pod('to-be-mutated', 'c'))).toMatchObject({
    spec: { initContainers: [{ name: 'added', terminationMessagePolicy: 'File' }] },
  })
})

it('asks by conditions, which must compile', async () => {
  const condition = (expression: string): Hook => ({
    path: '/stages',
    rule: ['', 'configmaps', 'CREATE'],
    more: { matchConditions: [{ name: 'one', expression }] },
  })
  await register('Mutating', 'skip-me', condition("object.metadata.name != 'skip-me'"))
  expect((await ask('POST', MAPS, map('skip-me', { start: 'yes' }))).data).toEqual({ start: 'yes' })
  expect((await ask('POST', MAPS, map('changed', { start: 'yes' }))).data).toHaveProperty('stage-1')
  for (const kind of ['Mutating', 'Validating'] as const) {
    await expect(register(kind, 'broken', condition('... [] bad expression'))).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining('compilation failed'),
    })
  }
})

it('never asks about configurations of webhooks', async () => {
  const all: Hook['rule'] = ['admissionregistration.k8s.io', '*', 'CREATE', 'UPDATE', 'DELETE']
  await register('Validating', 'deny', { path: '/deny', rule: all })
  await register('Mutating', 'label', { path: '/label', rule: all })
  const made = await register('Validating', 'dummy', { path: '/deny', rule: ['', 'invalid', 'CREATE'] })
  expect(made.metadata?.labels).toEqual({ walk: 'yes' })
  await ask('DELETE', `${ADMISSION}/validatingwebhookconfigurations/dummy`)
})

it.each(['Validating', 'Mutating'] as const)(
  'hears of %s rules that are changed, and of a collection that is deleted',
  async (kind) => {
    const configurations = `${ADMISSION}/${kind.toLowerCase()}webhookconfigurations`
    const [path, data] = kind === 'Validating' ? ['/data', { test: 'disallow' }] : ['/stages', { start: 'yes' }]
    const isAsked = async () => {
      const made = await ask('POST', MAPS, map('changing', data)).catch(() => undefined)
      if (made) await ask('DELETE', `${MAPS}/changing`)
      return !made?.data || 'stage-1' in made.data
    }
    const made = await register(kind, 'data', { path, rule: ['', 'configmaps', 'UPDATE'] })
    expect(await isAsked()).toBe(false)
    const { webhooks } = made as unknown as { webhooks: { rules: object[] }[] }
    const [rule] = webhooks[0]?.rules ?? []
    const changed = { ...made, webhooks: [{ ...webhooks[0], rules: [{ ...rule, operations: ['CREATE'] }] }] }
    await ask('PUT', `${configurations}/data`, changed)
    expect(await isAsked()).toBe(true)
    const matchConditions = [{ name: 'never', expression: 'false' }]
    const never = { webhooks: [{ ...changed.webhooks[0], matchConditions }] }
    expect(await ask('PATCH', `${configurations}/data`, never)).toMatchObject({ webhooks: [{ matchConditions }] })
    expect(await isAsked()).toBe(false)
    await ask('PATCH', `${configurations}/data`, { webhooks: changed.webhooks })
    expect(await isAsked()).toBe(true)
    const walk = { labelSelector: 'walk=yes' }
    expect(await ask('GET', configurations, undefined, walk)).toMatchObject({ items: [{ metadata: { name: 'data' } }] })
    await ask('DELETE', configurations, undefined, walk)
    expect(await isAsked()).toBe(false)
  },
)

it('asks about custom resources, whose webhooks’ changes are pruned, in whichever version they are stored, and definitions', async () => {
  const own = {
    type: 'object',
    properties: { start: { type: 'string' }, 'stage-1': { type: 'string' }, test: { type: 'string' } },
  }
  const schema = { openAPIV3Schema: { type: 'object', properties: { data: own } } }
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema })
  const definition = (plural: string, kind: string) => ({
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [version('v1', true), version('v2', false)],
    },
  })
  const things = (at: string, name = '') => `/apis/example.com/${at}/namespaces/hooked/things${name}`
  const thing = (name: string, data: object) => ({
    apiVersion: 'example.com/v1',
    kind: 'Thing',
    metadata: { name },
    data,
  })
  await define(service.test.transport, definition('things', 'Thing'))

  await register('Mutating', 'stages', { path: '/stages', rule: ['example.com', 'things', 'CREATE', 'UPDATE'] })
  await register('Validating', 'data', { path: '/data', rule: ['example.com', 'things', 'CREATE', 'UPDATE', 'DELETE'] })
  await expect(ask('POST', things('v1'), thing('bad', { test: 'disallow' }))).rejects.toThrow('unwanted key')
  const made = await ask('POST', things('v1'), thing('a', { start: 'yes' }))
  expect(made.data).toEqual({ start: 'yes', 'stage-1': 'yes' })
  await expect(ask('PATCH', things('v1', '/a'), { data: { test: 'disallow' } })).rejects.toThrow('unwanted key')
  const versions = [version('v1', false), version('v2', true)]
  await ask('PATCH', `${DEFINITIONS}/things.example.com`, { spec: { versions } })
  const changed = await ask('PATCH', things('v1', '/a'), { data: { test: 'allow' } })
  // The second stage would add what the schema does not know.
  expect(changed).toMatchObject({
    apiVersion: 'example.com/v1',
    data: { start: 'yes', 'stage-1': 'yes', test: 'allow' },
  })
  expect(await ask('GET', things('v2', '/a'))).toMatchObject({ apiVersion: 'example.com/v2', data: changed.data })

  await register('Validating', 'crd', {
    path: '/deny',
    rule: ['apiextensions.k8s.io', 'customresourcedefinitions', 'CREATE'],
  })
  await expect(ask('POST', DEFINITIONS, definition('others', 'Other'))).rejects.toThrow('denies all requests')
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { ManagedFieldsEntry, ObjectMeta } from '../apimachinery/object-meta.ts'
import { SAMPLES } from './testing/sample-objects.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const DEFAULT = '/api/v1/namespaces/default'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

interface Stored {
  metadata: ObjectMeta & { managedFields?: ManagedFieldsEntry[] }
  spec: Record<string, unknown>
  status?: Record<string, unknown>
  data?: Record<string, string>
}

describe('server-side apply', () => {
  // One moment, so that entries stand in the order of their managers.
  const clock = new FakeClock()
  let test: TestServer
  beforeEach(async () => {
    test = await startTestServer({ clock })
    await request('POST', `${DEFAULT}/serviceaccounts`, { metadata: { name: 'default' } })
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const request = async (method: string, path: string, body?: unknown, query: Record<string, string> = {}) =>
    (await test.transport.request({ method, path, body, query } as never)) as Stored
  const patch = async (path: string, contentType: string, body: unknown, query: Record<string, string> = {}) =>
    (await test.transport.request({ method: 'PATCH', path, contentType, body, query })) as Stored
  const apply = (path: string, body: unknown, query: Record<string, string> = { fieldManager: 'alice' }) =>
    patch(path, 'application/apply-patch+yaml', body, query)
  const map = (data: Record<string, string>, metadata: object = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'colours', ...metadata },
    data,
  })
  const MAP = `${DEFAULT}/configmaps/colours`
  const deployment = (spec: object) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
      ...spec,
    },
  })
  const owners = ({ metadata }: Stored) =>
    (metadata.managedFields ?? []).map(({ manager, operation, subresource }) =>
      [manager, operation, subresource].filter(Boolean).join(' '),
    )
  const fieldsOf = ({ metadata }: Stored, manager: string) =>
    metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1

  describe('every write', () => {
    it.each<{ query: Record<string, string>; manager: string }>([
      { query: { fieldManager: 'someone' }, manager: 'someone' },
      { query: {}, manager: 'test' },
    ])('is known by $manager', async ({ query, manager }) => {
      const made = await request('POST', `${DEFAULT}/configmaps`, map({ sky: 'blue' }), query)
      expect(made.metadata.managedFields).toEqual([
        {
          manager,
          operation: 'Update',
          apiVersion: 'v1',
          time: made.metadata.creationTimestamp,
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { '.': {}, 'f:sky': {} } },
        },
      ])
    })

    it('takes what it changes, by whatever verb', async () => {
      await request('POST', `${DEFAULT}/configmaps`, map({ a: '1', b: '1', c: '1' }), { fieldManager: 'maker' })
      await request('PUT', MAP, map({ a: '2', b: '1', c: '1' }), { fieldManager: 'putter' })
      await patch(MAP, 'application/merge-patch+json', { data: { b: '2' } }, { fieldManager: 'merger' })
      const jsonPatch = [{ op: 'replace', path: '/data/c', value: '2' }]
      const last = await patch(MAP, 'application/json-patch+json', jsonPatch, { fieldManager: 'jsoner' })
      expect(fieldsOf(last, 'maker')).toEqual({ 'f:data': {} })
      expect(fieldsOf(last, 'putter')).toEqual({ 'f:data': { 'f:a': {} } })
      expect(fieldsOf(last, 'merger')).toEqual({ 'f:data': { 'f:b': {} } })
      expect(fieldsOf(last, 'jsoner')).toEqual({ 'f:data': { 'f:c': {} } })
    })

    it('does without owners, if only with them it is larger than the store takes', async () => {
      const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, '']))
      const made = await request('POST', `${DEFAULT}/configmaps`, map(keys(60_000)))
      expect(made.metadata.managedFields).toBeUndefined()
      expect(Object.keys(made.data ?? {})).toHaveLength(60_000)
      const changed = await patch(
        MAP,
        'application/merge-patch+json',
        { data: { more: 'x' } },
        { fieldManager: 'more' },
      )
      expect(changed.metadata.managedFields, 'and nobody is asked after').toBeUndefined()
      const many = map(keys(110_000))
      await expect(request('PUT', MAP, many)).rejects.toMatchObject({ reason: 'RequestEntityTooLarge' })
    })

    it('to a subresource is told apart', async () => {
      await request('POST', DEPLOYMENTS, deployment({ replicas: 1 }), { fieldManager: 'kubectl-create' })
      const status = { status: { observedGeneration: 1, replicas: 1 } }
      const contentType = 'application/merge-patch+json'
      const counted = await patch(`${DEPLOYMENTS}/web/status`, contentType, status, { fieldManager: 'controller' })
      expect(owners(counted)).toEqual(['controller Update status', 'kubectl-create Update'])
      expect(fieldsOf(counted, 'controller')).toEqual({
        'f:status': { 'f:observedGeneration': {}, 'f:replicas': {} },
      })
      const scale = { spec: { replicas: 3 } }
      await patch(`${DEPLOYMENTS}/web/scale`, contentType, scale, { fieldManager: 'kubectl' })
      const scaled = await request('GET', `${DEPLOYMENTS}/web`)
      expect(fieldsOf(scaled, 'kubectl')).toEqual({ 'f:spec': { 'f:replicas': {} } })
      expect(owners(scaled)[0], 'without a time, so it comes first').toBe('kubectl Update scale')
      expect(fieldsOf(scaled, 'kubectl-create')).not.toHaveProperty('f:spec.f:replicas')
    })

    it('owns neither a status it may not write nor what the server gives', async () => {
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }
      const made = await request('POST', `${DEFAULT}/services`, service, { fieldManager: 'kubectl-create' })
      expect(made.spec.clusterIP).toBeTruthy()
      const fields = fieldsOf(made, 'kubectl-create') as Record<string, Record<string, unknown>>
      expect(Object.keys(fields)).toEqual(['f:spec'])
      expect(Object.keys(fields['f:spec'] ?? {})).toEqual([
        'f:internalTrafficPolicy',
        'f:ports',
        'f:sessionAffinity',
        'f:type',
      ])
    })

    it.each(['POST', 'PUT'])('by %s does not own the status it tells of', async (method) => {
      const told = { ...deployment({ replicas: 1 }), status: { replicas: 7 } }
      if (method === 'PUT') await request('POST', DEPLOYMENTS, deployment({ replicas: 1 }), { fieldManager: 'maker' })
      const path = method === 'PUT' ? `${DEPLOYMENTS}/web` : DEPLOYMENTS
      const written = await request(method, path, told, { fieldManager: 'teller' })
      expect(JSON.stringify(fieldsOf(written, 'teller') ?? {})).not.toContain('f:status')
      const applied = await apply(`${DEPLOYMENTS}/web`, told)
      expect(JSON.stringify(fieldsOf(applied, 'alice'))).not.toContain('f:status')
    })

    it('that changes nothing leaves time and revision alone', async () => {
      const made = await request('POST', `${DEFAULT}/configmaps`, map({ a: '1' }), { fieldManager: 'maker' })
      expect(await request('PUT', MAP, map({ a: '1' }), { fieldManager: 'other' })).toEqual(made)
      const applied = await apply(MAP, map({ a: '1' }))
      expect(owners(applied), 'to own the same is a change').toEqual(['alice Apply', 'maker Update'])
      expect(await apply(MAP, map({ a: '1' }))).toEqual(applied)
    })

    it.each([{ reset: [] }, { reset: [{}] }])('may forget all owners by $reset', async ({ reset }) => {
      await request('POST', `${DEFAULT}/configmaps`, map({ a: '1' }))
      const forgotten = await request('PUT', MAP, map({ a: '1' }, { managedFields: reset }))
      expect(forgotten.metadata).not.toHaveProperty('managedFields')
    })

    it.each<{ why: string; wrong: ManagedFieldsEntry }>([
      { why: 'an operation', wrong: { operation: 'Guess' } },
      { why: 'a form', wrong: { fieldsType: 'FieldsV2' } },
      { why: 'a step', wrong: { fieldsV1: { 'x:data': {} } } },
      { why: 'a key', wrong: { fieldsV1: { 'f:data': { 'k:{not JSON': {} } } } },
    ])('believes no owners with $why that nobody knows', async ({ wrong }) => {
      const made = await request('POST', `${DEFAULT}/configmaps`, map({ a: '1' }), { fieldManager: 'maker' })
      const [entry] = made.metadata.managedFields ?? []
      const put = await request('PUT', MAP, map({ a: '1' }, { managedFields: [{ ...entry, ...wrong }] }))
      expect(put.metadata.managedFields).toEqual(made.metadata.managedFields)
    })

    it('refuses names that cannot be printed or are too long', async () => {
      const make = (fieldManager: string) =>
        request('POST', `${DEFAULT}/configmaps`, map({}), { fieldManager, dryRun: 'All' })
      await expect(make('a\u0007b')).rejects.toMatchObject({
        code: 422,
        message:
          'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\u0007b": invalid character U+0007 (at position 1)',
      })
      await expect(make('x'.repeat(129))).rejects.toMatchObject({
        message: expect.stringContaining('fieldManager: Too long: may not be more than 128 bytes'),
      })
      await make('x'.repeat(128))
    })

    it('of a pod is shared between who made it, who binds it and who runs it', async () => {
      await request('POST', `${DEFAULT}/pods`, { ...SAMPLES.pods?.object, metadata: { name: 'web' } })
      const binding = { metadata: { name: 'web' }, target: { kind: 'Node', name: 'node-1' } }
      await request('POST', `${DEFAULT}/pods/web/binding`, binding)
      const running = { status: { phase: 'Running' } }
      const contentType = 'application/strategic-merge-patch+json'
      const pod = await patch(`${DEFAULT}/pods/web/status`, contentType, running, { fieldManager: 'kubelet' })
      expect(owners(pod), 'a binding is owned by nobody, as upstream').toEqual(['kubelet Update status', 'test Update'])
      expect(JSON.stringify(fieldsOf(pod, 'test'))).not.toMatch(/nodeName|kube-api-access/)
    })
  })

  describe('an apply', () => {
    it('makes what is not there', async () => {
      const made = await apply(MAP, map({ sky: 'blue' }))
      expect(owners(made)).toEqual(['alice Apply'])
      expect(made.metadata.managedFields?.[0]?.time).toBe(made.metadata.creationTimestamp)
    })

    it('needs a name for its manager, and only it may use force', async () => {
      await expect(apply(MAP, map({}), {})).rejects.toMatchObject({
        code: 422,
        reason: 'Invalid',
        message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      })
      await expect(patch(MAP, 'application/merge-patch+json', {}, { force: 'true' })).rejects.toMatchObject({
        message: 'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      })
    })

    it('conflicts in the words of kubectl, until it is forced', async () => {
      await request('POST', DEPLOYMENTS, deployment({ replicas: 2 }), { fieldManager: 'kube-controller-manager' })
      const wanted = deployment({ replicas: 3 })
      await expect(apply(`${DEPLOYMENTS}/web`, wanted)).rejects.toMatchObject({
        code: 409,
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "kube-controller-manager" using apps/v1: .spec.replicas',
        details: {
          causes: [
            {
              reason: 'FieldManagerConflict',
              message: 'conflict with "kube-controller-manager" using apps/v1',
              field: '.spec.replicas',
            },
          ],
        },
      })
      const forced = await apply(`${DEPLOYMENTS}/web`, wanted, { fieldManager: 'alice', force: 'true' })
      expect(forced.spec.replicas).toBe(3)
      expect(fieldsOf(forced, 'kube-controller-manager')).not.toHaveProperty('f:spec.f:replicas')
      expect(forced.metadata.generation).toBe(2)
    })

    it('names every conflict, by manager, nearest field first', async () => {
      await apply(`${DEPLOYMENTS}/web`, deployment({ replicas: 1 }), { fieldManager: 'carol' })
      await request('PUT', `${DEPLOYMENTS}/web`, deployment({ replicas: 1, paused: true }), { fieldManager: 'bob' })
      const wanted = deployment({
        replicas: 2,
        paused: false,
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'other' }] } },
      })
      await expect(apply(`${DEPLOYMENTS}/web`, wanted)).rejects.toMatchObject({
        message: [
          'Apply failed with 3 conflicts: conflicts with "bob" using apps/v1:',
          '- .spec.paused',
          'conflicts with "carol":',
          '- .spec.replicas',
          '- .spec.template.spec.containers[name="web"].image',
        ].join('\n'),
      })
    })

    it('says which subresource the other wrote', async () => {
      await apply(`${DEPLOYMENTS}/web`, deployment({}), { fieldManager: 'carol' })
      await patch(`${DEPLOYMENTS}/web/scale`, 'application/merge-patch+json', { spec: { replicas: 4 } })
      await expect(apply(`${DEPLOYMENTS}/web`, deployment({ replicas: 2 }))).rejects.toMatchObject({
        message:
          'Apply failed with 1 conflict: conflict with "test" with subresource "scale" using apps/v1: .spec.replicas',
      })
    })

    it('gives up what it no longer names, and the field goes when nobody else has it', async () => {
      await apply(MAP, map({ a: '1', b: '1' }))
      await apply(MAP, map({ b: '1' }), { fieldManager: 'bob' })
      const left = await apply(MAP, map({ a: '1' }))
      expect(left.data, 'bob has it too').toEqual({ a: '1', b: '1' })
      const { data: _, ...nothing } = map({})
      const alone = await apply(MAP, nothing, { fieldManager: 'bob' })
      expect(alone.data).toEqual({ a: '1' })
      expect(owners(alone)).toEqual(['alice Apply'])
    })

    it('of replicas can be handed over: dropped from the configuration, they stay as they are', async () => {
      await apply(`${DEPLOYMENTS}/web`, deployment({ replicas: 3 }))
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 3 } }
      await apply(`${DEPLOYMENTS}/web/scale`, scale, { fieldManager: 'autoscaler' })
      const handed = await apply(`${DEPLOYMENTS}/web`, deployment({}))
      expect(handed.spec.replicas).toBe(3)
      expect(owners(handed)).toEqual(['autoscaler Apply scale', 'alice Apply'])
      const dropped = await apply(`${DEPLOYMENTS}/web`, deployment({}), { fieldManager: 'alice' })
      expect(dropped.spec.replicas).toBe(3)
      await expect(
        apply(`${DEPLOYMENTS}/web/scale`, { ...scale, spec: { replicas: 5 } }, { fieldManager: 'other' }),
      ).rejects.toMatchObject({
        message: 'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale": .spec.replicas',
      })
    })

    it('to the status is about nothing else', async () => {
      await apply(`${DEPLOYMENTS}/web`, deployment({ replicas: 1 }))
      const status = { ...deployment({ replicas: 9 }), status: { readyReplicas: 1, replicas: 1 } }
      const applied = await apply(`${DEPLOYMENTS}/web/status`, status, { fieldManager: 'controller' })
      expect(applied.spec.replicas).toBe(1)
      expect(applied.status).toMatchObject({ readyReplicas: 1 })
      expect(fieldsOf(applied, 'controller')).toEqual({ 'f:status': { 'f:readyReplicas': {}, 'f:replicas': {} } })
      await expect(
        apply(`${DEPLOYMENTS}/none/status`, { ...status, metadata: { name: 'none' } }),
      ).rejects.toMatchObject({
        code: 404,
      })
    })

    it('holds to the uid and the resourceVersion it names', async () => {
      const made = await apply(MAP, map({ a: '1' }))
      const { uid, resourceVersion } = made.metadata
      const changed = await apply(MAP, map({ a: '2' }, { uid, resourceVersion }))
      await expect(apply(MAP, map({ a: '3' }, { resourceVersion }))).rejects.toMatchObject({
        code: 409,
        message: expect.stringContaining('the object has been modified'),
      })
      await expect(apply(MAP, map({ a: '3' }, { uid: 'other' }))).rejects.toMatchObject({ code: 409 })
      expect(await request('GET', MAP)).toEqual(changed)
      await expect(apply(`${DEFAULT}/configmaps/new`, map({}, { name: 'new', uid: 'other' }))).rejects.toMatchObject({
        message:
          'Operation cannot be fulfilled on configmaps "new": uid mismatch: the provided object specified uid other, and no existing object was found',
      })
      const anew = await apply(`${DEFAULT}/configmaps/new`, map({}, { name: 'new', resourceVersion: '5' }))
      expect(anew.metadata.name).toBe('new')
    })

    it('is all let through when many come at once', async () => {
      const keys = ['a', 'b', 'c', 'd']
      await Promise.all(keys.map((key) => apply(MAP, map({ [key]: '1' }), { fieldManager: key })))
      const all = await request('GET', MAP)
      expect(Object.keys(all.data ?? {}).sort()).toEqual(keys)
      expect(owners(all)).toEqual(keys.map((key) => `${key} Apply`))
    })

    it('for show changes nothing', async () => {
      const query = { fieldManager: 'alice', dryRun: 'All' }
      expect((await apply(MAP, map({ a: '1' }), query)).data).toEqual({ a: '1' })
      await expect(request('GET', MAP)).rejects.toMatchObject({ code: 404 })
      const made = await apply(MAP, map({ a: '1' }))
      expect((await apply(MAP, map({ a: '2' }), query)).data).toEqual({ a: '2' })
      expect(await request('GET', MAP)).toEqual(made)
    })

    it.each([
      { why: 'owners in it', body: map({}, { managedFields: [] }), message: 'metadata.managedFields must be nil' },
      {
        why: 'another name',
        body: map({}, { name: 'other' }),
        message: 'the name of the object (other) does not match the name on the URL (colours)',
      },
      {
        why: 'another namespace',
        body: map({}, { namespace: 'other' }),
        message: 'the namespace of the provided object does not match the namespace sent on the request',
      },
      {
        why: 'another kind',
        body: { ...map({}), apiVersion: 'apps/v1', kind: 'Deployment' },
        message: 'invalid object type: apps/v1, Kind=Deployment',
      },
      { why: 'no kind', body: { metadata: { name: 'colours' } }, message: 'invalid object type: /, Kind=' },
      {
        why: 'no name',
        body: { apiVersion: 'v1', kind: 'ConfigMap' },
        message: 'the name of the object (colours based on URL) was undeterminable: name must be provided',
      },
    ])('is refused with $why', async ({ body, message }) => {
      await expect(apply(MAP, body)).rejects.toMatchObject({ code: 400, reason: 'BadRequest', message })
    })

    it.each([
      { spec: { bogus: 1 }, problem: '.spec.bogus: field not declared in schema' },
      { spec: { replicas: 'two' }, problem: '.spec.replicas: expected numeric (int or float), got string' },
      { spec: { paused: 'yes' }, problem: '.spec.paused: expected boolean, got &{yes}' },
      { spec: { selector: ['a', 1] }, problem: '.spec.selector: expected map, got &{[a 1]}' },
      {
        spec: { template: { spec: { containers: { name: 'a' } } } },
        problem: '.spec.template.spec.containers: expected list, got &{map[name:a]}',
      },
      {
        spec: { strategy: { rollingUpdate: { maxSurge: { a: true } } } },
        problem: '.spec.strategy.rollingUpdate.maxSurge: expected any scalar, got &{map[a:true]}',
      },
      {
        spec: { strategy: { type: { b: [1, 'x', null], a: { c: 1.5 } } } },
        problem:
          '.spec.strategy.type: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":map[string]interface {}{"c":1.5}, "b":[]interface {}{1, "x", interface {}(nil)}}}',
      },
      {
        spec: { template: { spec: { containers: [{ name: 'a', imagee: 'x' }] } } },
        problem: '.spec.template.spec.containers[name="a"].imagee: field not declared in schema',
      },
      {
        spec: { template: { spec: { containers: [{ name: 'a', env: [{ name: 'E', value: 1 }] }] } } },
        problem:
          '.spec.template.spec.containers[name="a"].env[name="E"].value: expected string, got &value.valueUnstructured{Value:1}',
      },
      {
        spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } },
        problem: '.spec.template.spec.containers: duplicate entries for key [name="a"]',
      },
      {
        spec: { template: { spec: { containers: [{ image: 'x' }] } } },
        problem:
          '.spec.template.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
      },
      {
        spec: { a: 1, b: 2 },
        problem: 'errors:\n  .spec.a: field not declared in schema\n  .spec.b: field not declared in schema',
      },
    ])('is refused for $problem', async ({ spec, problem }) => {
      await expect(apply(`${DEPLOYMENTS}/web`, deployment(spec))).rejects.toMatchObject({
        code: 500,
        message: `failed to create typed patch object (/web; apps/v1, Kind=Deployment): ${problem}`,
      })
    })

    it('makes nothing for who may patch but not create', async () => {
      const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] }]
      await request('POST', `${RBAC}/roles`, { metadata: { name: 'patcher' }, rules })
      await request('POST', `${RBAC}/rolebindings`, {
        metadata: { name: 'patcher' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'patcher' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'pat' }],
      })
      const pat = test.server.transportFor({ user: 'pat', groups: ['system:authenticated'], client: 'test' })
      const contentType = 'application/apply-patch+yaml'
      const query = { fieldManager: 'pat' }
      const applying = () => pat.request({ method: 'PATCH', path: MAP, contentType, body: map({ a: '1' }), query })
      await expect(applying()).rejects.toMatchObject({
        code: 403,
        message:
          'configmaps "colours" is forbidden: User "pat" cannot create resource "configmaps" in API group "" in the namespace "default"',
      })
      await request('POST', `${DEFAULT}/configmaps`, map({}))
      expect(await applying()).toMatchObject({ data: { a: '1' } })
    })
  })
})

describe('the time of an owner', () => {
  const clock = new FakeClock()
  let test: TestServer
  beforeEach(async () => {
    test = await startTestServer({ clock })
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const send = async (method: string, path: string, body: object, contentType = 'application/json') =>
    (await test.transport.request({ method, path, body, contentType, query: { fieldManager: 'm' } } as never)) as Stored
  const timeOf = ({ metadata }: Stored) => metadata.managedFields?.map(({ time }) => Date.parse(time ?? ''))
  const MAPS = `${DEFAULT}/configmaps`

  it('is when it last changed something', async () => {
    const madeAt = clock.now()
    const made = await send('POST', MAPS, { metadata: { name: 'a' }, data: { a: '1' } })
    expect(timeOf(made)).toEqual([madeAt])
    await clock.advance(5_000)
    expect(await send('PUT', `${MAPS}/a`, { metadata: { name: 'a' }, data: { a: '1' } })).toEqual(made)
    const changed = await send('PUT', `${MAPS}/a`, { metadata: { name: 'a' }, data: { a: '2' } })
    expect(timeOf(changed)).toEqual([madeAt + 5_000])
    await clock.advance(5_000)
    const labels = { labels: { of: 'another' } }
    const other = { ...changed, metadata: { ...changed.metadata, ...labels } }
    const query = { fieldManager: 'other' }
    const last = await test.transport.request({ method: 'PUT', path: `${MAPS}/a`, body: other, query })
    expect(timeOf(last as Stored)).toEqual([madeAt + 5_000, madeAt + 10_000])
  })

  it('is no change by itself', async () => {
    const made = await send('POST', MAPS, { metadata: { name: 'a', generateName: 'a-' } })
    await clock.advance(5_000)
    const put = await send('PUT', `${MAPS}/a`, { metadata: { name: 'a', generateName: 'b-' } })
    expect(put, 'a generateName stays what it was, so nothing has changed').toEqual(made)
  })
})

// Authorization as requests meet it: the whole server, its default policy, and people who are no superusers.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { RequestTrace, TraceEvent } from '../../../base/trace.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { Transport } from '../../client/transport.ts'
import { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../kinds/index.ts'
import { type AuditEvent, METADATA_OF_ALL } from '../index.ts'
import { rawRequest } from '../testing/raw-request.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { allow, clusterRole, clusterRoleBinding, role, roleBinding } from './testing/policies.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const traces: TraceEvent[] = []
const audited: AuditEvent[] = []
let test: TestServer

beforeAll(async () => {
  test = await startTestServer({
    trace: { emit: (event) => void traces.push(event) },
    options: { audit: { policy: METADATA_OF_ALL, write: (event) => void audited.push(event) } },
  })
  await post(test.transport, '/api/v1/namespaces', { metadata: { name: 'shop' } })
})
afterAll(() => test[Symbol.asyncDispose]())
beforeEach(() => {
  traces.length = 0
  audited.length = 0
})

const as = (user: string, ...groups: string[]): Transport =>
  test.server.transportFor({ user, groups: [...groups, 'system:authenticated'], client: 'kubectl' })
const post = (transport: Transport, path: string, body: object) =>
  transport.request({ method: 'POST', path, body }) as Promise<Record<string, unknown>>
const put = (transport: Transport, path: string, body: object) => transport.request({ method: 'PUT', path, body })
const get = (transport: Transport, path: string) => transport.request({ method: 'GET', path })
const roles = `${RBAC}/namespaces/shop/roles`
const bindings = `${RBAC}/namespaces/shop/rolebindings`
const lastRequest = () => traces.findLast((event): event is RequestTrace => event.type === 'request')

async function give(user: string, name: string, ...rules: ReturnType<typeof allow>[]): Promise<void> {
  await post(test.transport, roles, role(`shop/${name}`, rules))
  await post(test.transport, bindings, roleBinding(`shop/${name}`, `Role ${name}`, `User ${user}`))
}

describe('requests', () => {
  it('are let through as soon as the binding is answered, and no sooner', async () => {
    const otter = as('otter')
    const path = '/api/v1/namespaces/shop/configmaps'
    await expect(get(otter, path)).rejects.toMatchObject({
      code: 403,
      message:
        'configmaps is forbidden: User "otter" cannot list resource "configmaps" in API group "" in the namespace "shop"',
    })
    await give('otter', 'maps', allow('list', 'configmaps'))
    await get(otter, path)
    await test.client.of(RoleBinding).delete({ namespace: 'shop', name: 'maps' })
    await expect(get(otter, path)).rejects.toMatchObject({ code: 403 })
  })

  it('keep the reason: in the trace as a value, in the audit log in upstream’s words', async () => {
    await give('wren', 'wren-maps', allow('get list', 'configmaps', { names: 'x' }), allow('create', 'configmaps'))
    await post(as('wren'), '/api/v1/namespaces/shop/configmaps', { metadata: { name: 'x' } })
    expect(lastRequest()?.decision).toEqual({
      allowed: true,
      authenticator: 'in process',
      groups: ['system:authenticated'],
      asked: [
        { authorizer: 'system:masters', verdict: 'no opinion', reason: '' },
        { authorizer: 'Node', verdict: 'no opinion', reason: '' },
        {
          authorizer: 'RBAC',
          verdict: 'allow',
          reason: 'RBAC: allowed by RoleBinding "wren-maps/shop" of Role "wren-maps" to User "wren"',
        },
      ],
      by: {
        subject: { kind: 'User', name: 'wren', namespace: '' },
        binding: { kind: 'RoleBinding', name: 'wren-maps', namespace: 'shop' },
        role: { kind: 'Role', name: 'wren-maps', namespace: 'shop' },
        rule: 1,
      },
    })
    expect(audited.at(-1)?.annotations).toEqual({
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "wren-maps/shop" of Role "wren-maps" to User "wren"',
    })
    await expect(get(as('wren'), '/api/v1/namespaces/shop/configmaps/y')).rejects.toMatchObject({ code: 403 })
    expect(lastRequest()?.decision).toMatchObject({
      allowed: false,
      nearest: [
        { rule: 0, fits: { place: true, group: true, resource: true, name: false, verb: true } },
        { rule: 1, fits: { verb: false } },
      ],
    })
    expect(audited.at(-1)?.annotations).toEqual({
      'authorization.k8s.io/decision': 'forbid',
      'authorization.k8s.io/reason': '',
    })
  })

  it('let a list of one object through to whoever may read that object', async () => {
    await give('kite', 'kite-map', allow('get list watch', 'configmaps', { names: 'one' }))
    const list = (fieldSelector: string) =>
      as('kite').request({ method: 'GET', path: '/api/v1/namespaces/shop/configmaps', query: { fieldSelector } })
    await list('metadata.name=one')
    await expect(list('metadata.name=two')).rejects.toMatchObject({ code: 403 })
    await expect(list('metadata.name!=one')).rejects.toMatchObject({ code: 403 })
  })
})

describe('nobody gives away what they do not have', () => {
  beforeAll(async () => {
    await give(
      'boss',
      'boss',
      allow('create get list update patch delete', 'roles rolebindings', { groups: 'rbac.authorization.k8s.io' }),
      allow('get list', 'pods'),
    )
    await post(
      test.transport,
      `${RBAC}/clusterroles`,
      clusterRole('all-roles', [
        allow('*', 'clusterroles clusterrolebindings', { groups: 'rbac.authorization.k8s.io' }),
      ]),
    )
    await post(
      test.transport,
      `${RBAC}/clusterrolebindings`,
      clusterRoleBinding('all-roles', 'all-roles', 'User chief'),
    )
  })

  it('refuses a role with more rights than its writer’s, and names what is missing', async () => {
    await post(as('boss'), roles, role('shop/fine', [allow('get', 'pods')]))
    const tooMuch = role('shop/much', [allow('delete get watch', 'pods'), allow('get', 'secrets', { names: 'a' })])
    await expect(post(as('boss'), roles, tooMuch)).rejects.toMatchObject({
      code: 403,
      message:
        'roles.rbac.authorization.k8s.io "much" is forbidden: user "boss" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["a"], Verbs:["get"]}',
    })
  })

  it('refuses to widen a role, and allows to label it', async () => {
    const made = (await get(test.transport, `${roles}/boss`)) as KubeObject & { rules: unknown[] }
    const wider = { ...made, rules: [...made.rules, allow('delete', 'pods')] }
    await expect(put(as('boss'), `${roles}/boss`, wider)).rejects.toMatchObject({ code: 403 })
    await put(as('boss'), `${roles}/boss`, { ...made, metadata: { ...made.metadata, labels: { seen: 'yes' } } })
  })

  it('refuses to bind a stronger role, and takes `bind` on that role for a yes', async () => {
    const binding = roleBinding('shop/up', 'ClusterRole cluster-admin', 'User boss')
    await expect(post(as('boss'), bindings, binding)).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining(
        'rolebindings.rbac.authorization.k8s.io "up" is forbidden: user "boss" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
      ),
    })
    await expect(
      post(as('boss'), bindings, roleBinding('shop/none', 'Role nowhere', 'User boss')),
    ).rejects.toMatchObject({ code: 404 })
    await give(
      'boss',
      'may-bind',
      allow('bind', 'clusterroles', { groups: 'rbac.authorization.k8s.io', names: 'view' }),
    )
    await post(as('boss'), bindings, roleBinding('shop/viewers', 'ClusterRole view', 'Group class-a'))
    await expect(
      post(as('boss'), bindings, roleBinding('shop/editors', 'ClusterRole cluster-admin', 'Group class-a')),
    ).rejects.toMatchObject({ code: 403 })
  })

  it('takes `escalate` for a yes, and no binding of a namespace for one of the cluster', async () => {
    await expect(
      post(as('boss'), `${RBAC}/clusterroles`, clusterRole('mine', [allow('get', 'pods')])),
    ).rejects.toMatchObject({ code: 403 })
    const wants = clusterRole('wants', [allow('get', 'secrets')])
    // `*` on clusterroles holds the verb escalate too.
    await post(as('chief'), `${RBAC}/clusterroles`, wants)
  })

  it('lets only a cluster-admin gather rules', async () => {
    await post(
      test.transport,
      `${RBAC}/clusterroles`,
      clusterRole('plain-roles', [allow('create update get', 'clusterroles', { groups: 'rbac.authorization.k8s.io' })]),
    )
    await post(test.transport, `${RBAC}/clusterrolebindings`, clusterRoleBinding('plain', 'plain-roles', 'User clerk'))
    const gathers = {
      metadata: { name: 'gathers' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    }
    await expect(post(as('clerk'), `${RBAC}/clusterroles`, gathers)).rejects.toMatchObject({
      code: 403,
      message:
        'clusterroles.rbac.authorization.k8s.io "gathers" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    })
    await post(test.transport, `${RBAC}/clusterroles`, gathers)
  })

  it('keeps the role of a binding', async () => {
    const made = (await get(test.transport, `${bindings}/boss`)) as KubeObject
    const other = { ...made, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' } }
    await expect(put(test.transport, `${bindings}/boss`, other)).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining('cannot change roleRef'),
    })
  })
})

describe('the default policy', () => {
  it('lets everybody look around, and the public ask for health', async () => {
    await get(as('anybody'), '/apis')
    const anonymous = test.server.transportFor({
      user: 'system:anonymous',
      groups: ['system:unauthenticated'],
      client: 'curl',
    })
    await get(anonymous, '/healthz')
    await expect(get(anonymous, '/apis')).rejects.toMatchObject({ code: 403 })
  })

  it('has upstream’s labels and annotations', async () => {
    expect(await test.client.of(ClusterRole).get({ name: 'edit' })).toMatchObject({
      metadata: {
        labels: {
          'kubernetes.io/bootstrapping': 'rbac-defaults',
          'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
        },
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
      },
    })
  })

  it.each<[string, string, Omit<PolicyRule, 'verbs'>]>([
    ['system:aggregate-to-view', 'watch', { apiGroups: ['events.k8s.io'], resources: ['events'] }],
    ['system:aggregate-to-edit', 'delete', { apiGroups: ['events.k8s.io'], resources: ['events'] }],
    ['system:node', 'create', { apiGroups: ['events.k8s.io'], resources: ['events'] }],
    ['system:node', 'get', { apiGroups: [''], resources: ['serviceaccounts'] }],
    ['system:monitoring', 'get', { apiGroups: [''], resources: ['nodes/metrics'] }],
    ['system:monitoring', 'get', { nonResourceURLs: ['/flagz'] }],
    ['system:heapster', 'list', { apiGroups: [''], resources: ['nodes'] }],
    ['system:kube-scheduler', 'update', { apiGroups: [''], resources: ['pods/finalizers'] }],
    ['system:kube-scheduler', 'create', { apiGroups: ['coordination.k8s.io'], resources: ['leasecandidates'] }],
    [
      'system:controller:pvc-protection-controller',
      'update',
      { apiGroups: [''], resources: ['persistentvolumeclaims/status'] },
    ],
    [
      'system:controller:selinux-warning-controller',
      'list',
      { apiGroups: ['storage.k8s.io'], resources: ['csidrivers'] },
    ],
  ])(
    'lets who has %s %s what v1.36 lets them',
    async (name, verb, { apiGroups = [], resources = [], nonResourceURLs = [] }) => {
      const { rules = [] } = await test.client.of(ClusterRole).get({ name })
      const gives = (rule: PolicyRule) =>
        rule.verbs.includes(verb) &&
        apiGroups.every((group) => rule.apiGroups?.includes(group)) &&
        resources.every((resource) => rule.resources?.includes(resource)) &&
        nonResourceURLs.every((url) => rule.nonResourceURLs?.includes(url))
      expect(rules.filter(gives)).toHaveLength(1)
    },
  )

  it('lets leaders be told by Leases, and no more by ConfigMaps', async () => {
    const { rules } = await test.client
      .of(Role)
      .get({ namespace: 'kube-system', name: 'system::leader-locking-kube-scheduler' })
    expect(rules?.map(({ resources }) => resources)).toEqual([['leases'], ['leasecandidates']])
  })

  it('comes back at the next start: what was taken is added, what was added stays, what opted out is left alone', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises')
    const directory = await mkdtemp('/tmp/podium-default-policy-')
    const first = await startTestServer({ directory })
    const { client } = first
    const discovery = await client.of(ClusterRole).get({ name: 'system:discovery' })
    const extra = { nonResourceURLs: ['/extra'], verbs: ['get'] }
    await client.of(ClusterRole).update({ ...discovery, rules: [extra] })
    const basic = await client.of(ClusterRole).get({ name: 'system:basic-user' })
    const optedOut = { ...basic.metadata?.annotations, 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
    await client.of(ClusterRole).update({ ...basic, metadata: { ...basic.metadata, annotations: optedOut }, rules: [] })
    await client.of(ClusterRoleBinding).delete({ name: 'cluster-admin' })
    await client.of(Role).delete({ namespace: 'kube-system', name: 'extension-apiserver-authentication-reader' })
    await first[Symbol.asyncDispose]()

    const second = await startTestServer({ directory })
    const again = second.client.of(ClusterRole)
    expect((await again.get({ name: 'system:discovery' })).rules).toEqual([extra, ...(discovery.rules ?? [])])
    expect((await again.get({ name: 'system:basic-user' })).rules).toEqual([])
    await second.client.of(ClusterRoleBinding).get({ name: 'cluster-admin' })
    await second.client.of(Role).get({ namespace: 'kube-system', name: 'extension-apiserver-authentication-reader' })
    const { revision } = second.store
    await second[Symbol.asyncDispose]()

    const third = await startTestServer({ directory })
    expect(third.store.revision, 'nothing is written when nothing is missing').toBe(revision)
    await third[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
})

describe('reviews', () => {
  const review = (transport: Transport, group: string, plural: string, spec: object, namespace = '') =>
    post(transport, `/apis/${group}/v1${namespace && `/namespaces/${namespace}`}/${plural}`, { spec }) as Promise<{
      status: Record<string, unknown>
    }>
  const AUTHORIZATION = 'authorization.k8s.io'
  const maps = { verb: 'get', resource: 'configmaps', namespace: 'shop' }

  it('answer for oneself, for others, and inside a namespace', async () => {
    await give('swan', 'swan', allow('get', 'configmaps'))
    const own = await review(as('swan'), AUTHORIZATION, 'selfsubjectaccessreviews', { resourceAttributes: maps })
    expect(own.status).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "swan/shop" of Role "swan" to User "swan"',
    })
    const about = (user: string) => ({ user, resourceAttributes: maps })
    const other = await review(test.transport, AUTHORIZATION, 'subjectaccessreviews', about('swan'))
    expect(other.status.allowed).toBe(true)
    const none = await review(test.transport, AUTHORIZATION, 'subjectaccessreviews', about('nobody'))
    expect(none.status).toEqual({ allowed: false })
    const local = await review(test.transport, AUTHORIZATION, 'localsubjectaccessreviews', about('swan'), 'shop')
    expect(local.status.allowed).toBe(true)
    await expect(
      review(test.transport, AUTHORIZATION, 'localsubjectaccessreviews', about('swan'), 'default'),
    ).rejects.toMatchObject({ code: 400, message: 'spec.resourceAttributes.namespace must match namespace: default' })
    await expect(
      review(as('swan'), AUTHORIZATION, 'subjectaccessreviews', about('boss')),
      'asking about others is a right of its own',
    ).rejects.toMatchObject({ code: 403 })
  })

  it.each([
    [{ user: 'a' }, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'],
    [{ resourceAttributes: maps }, 'at least one of user or group must be specified'],
    [
      { user: 'a', resourceAttributes: maps, nonResourceAttributes: { path: '/', verb: 'get' } },
      'cannot be specified in combination with resourceAttributes',
    ],
  ])('refuse %j', async (spec, message) => {
    await expect(review(test.transport, AUTHORIZATION, 'subjectaccessreviews', spec)).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining(message),
    })
  })

  it('list what one may do, and say when that is not all', async () => {
    const mine = await review(as('swan'), AUTHORIZATION, 'selfsubjectrulesreviews', { namespace: 'shop' })
    expect(mine.status).toMatchObject({
      incomplete: false,
      resourceRules: expect.arrayContaining([{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }]),
      nonResourceRules: expect.arrayContaining([
        { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
      ]),
    })
    const node = as('system:node:node-1', 'system:nodes')
    const nodes = await review(node, AUTHORIZATION, 'selfsubjectrulesreviews', { namespace: 'shop' })
    expect(nodes.status.incomplete).toBe(true)
  })

  it('take a field selector for a part of the question', async () => {
    const may = async (fieldSelector: object) => {
      const attributes = { verb: 'list', resource: 'pods', fieldSelector }
      const who = { user: 'system:node:node-1', groups: ['system:nodes'] }
      const asked = { ...who, resourceAttributes: attributes }
      return (await review(test.transport, AUTHORIZATION, 'subjectaccessreviews', asked)).status.allowed
    }
    expect(await may({ rawSelector: 'spec.nodeName=node-1' })).toBe(true)
    expect(await may({ rawSelector: 'spec.nodeName=node-2' })).toBe(false)
    const told = (operator: string, ...values: string[]) => ({
      requirements: [{ key: 'spec.nodeName', operator, values }],
    })
    expect(await may(told('In', 'node-1'))).toBe(true)
    expect(await may(told('NotIn', 'node-1'))).toBe(false)
    expect(await may(told('In', 'node-1', 'node-2'))).toBe(false)
    await expect(may({ rawSelector: 'a=b', ...told('In', 'node-1') })).rejects.toMatchObject({
      code: 422,
      message: expect.stringContaining('fieldSelector.rawSelector'),
    })
  })

  it('say which role is missing where a list of rights cannot be whole', async () => {
    await post(test.transport, bindings, roleBinding('shop/hollow', 'Role to-come', 'User moth'))
    const told = await review(as('moth'), AUTHORIZATION, 'selfsubjectrulesreviews', { namespace: 'shop' })
    expect(told.status.evaluationError).toBe('role.rbac.authorization.k8s.io "to-come" not found')
  })

  it('know a token by its audience', async () => {
    await post(test.transport, '/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'robot' } })
    const path = '/api/v1/namespaces/shop/serviceaccounts/robot/token'
    const made = (await post(test.transport, path, { spec: { audiences: ['vault'] } })) as { status: { token: string } }
    const { token } = made.status
    const asked = (audiences?: string[]) =>
      review(test.transport, 'authentication.k8s.io', 'tokenreviews', { token, ...(audiences ? { audiences } : {}) })
    expect((await asked(['vault', 'other'])).status).toMatchObject({
      authenticated: true,
      audiences: ['vault'],
      user: { username: 'system:serviceaccount:shop:robot' },
    })
    expect((await asked()).status.authenticated).toBeUndefined()
  })
})

describe('impersonation', () => {
  let port: number
  beforeAll(async () => {
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    await give('teacher', 'teacher', allow('impersonate', 'serviceaccounts'))
    await post(
      test.transport,
      `${RBAC}/clusterroles`,
      clusterRole('act', [
        allow('impersonate', 'users', { names: 'otter' }),
        allow('impersonate', 'groups', { names: 'class-a class-b' }),
        allow('impersonate', 'userextras/scopes', { groups: 'authentication.k8s.io', names: 'dev' }),
        allow('impersonate', 'uids', { groups: 'authentication.k8s.io', names: '007' }),
      ]),
    )
    await post(test.transport, `${RBAC}/clusterrolebindings`, clusterRoleBinding('act', 'act', 'User teacher'))
  })

  async function whoAmI(headers: Record<string, string | string[]>) {
    const pair = await test.pki.issue('teacher')
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    return rawRequest({
      port,
      caPem: test.pki.caPem,
      ...pair,
      method: 'POST',
      path,
      body: '{}',
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  it('makes a user of what was asked, group by group', async () => {
    const answer = await whoAmI({
      'Impersonate-User': 'otter',
      'Impersonate-Group': ['class-a', 'class-b'],
      'Impersonate-Uid': '007',
      'Impersonate-Extra-Scopes': 'dev',
    })
    expect(answer.json().status).toEqual({
      userInfo: {
        username: 'otter',
        uid: '007',
        groups: ['class-a', 'class-b', 'system:authenticated'],
        extra: { scopes: ['dev'] },
      },
    })
    expect(lastRequest()).toMatchObject({ user: 'otter', decision: { authenticator: 'x509', impersonator: 'teacher' } })
    expect(audited.at(-1)).toMatchObject({ user: { username: 'teacher' }, impersonatedUser: { username: 'otter' } })
  })

  it('gives a service account its groups', async () => {
    const answer = await whoAmI({ 'Impersonate-User': 'system:serviceaccount:shop:robot' })
    expect(answer.json().status).toEqual({
      userInfo: {
        username: 'system:serviceaccount:shop:robot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      },
    })
  })

  // The constrained way is tried first, and its no is told when the old one says no as well.
  it.each([
    [{ 'Impersonate-User': 'heron' }, `forbidden: User "teacher" cannot impersonate-on:user-info:create`],
    [{ 'Impersonate-User': 'otter', 'Impersonate-Group': 'system:masters' }, 'impersonate-on:user-info:create'],
    [{ 'Impersonate-User': 'otter', 'Impersonate-Extra-Scopes': 'prod' }, 'impersonate-on:user-info:create'],
    [{ 'Impersonate-User': 'system:serviceaccount:default:x' }, 'impersonate-on:serviceaccount:create'],
  ])('refuses %j', async (headers, message) => {
    const answer = await whoAmI(headers)
    expect(answer.code).toBe(403)
    expect(answer.json().message).toContain(message)
  })

  it('is of a user, or of nobody', async () => {
    const answer = await whoAmI({ 'Impersonate-Group': 'class-a' })
    expect(answer.code).toBe(400)
    expect(answer.json().message).toBe(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"class-a"}, Extra:map[string][]string(nil)} without impersonating a user name',
    )
  })
})

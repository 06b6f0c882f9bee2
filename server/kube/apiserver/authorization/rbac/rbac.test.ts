// Who may do what, reasoned from upstream's documentation (reference/access-authn-authz/rbac).

import { describe, expect, it } from 'vitest'
import {
  allow,
  allowPaths,
  clusterRole,
  clusterRoleBinding,
  question,
  robot,
  role,
  roleBinding,
} from '../testing/policies.ts'
import { explain, reachOf, whoCan } from './explain.ts'
import { policyOf } from './policy.ts'
import { rbacAuthorizer } from './rbac-authorizer.ts'

const otter = { name: 'otter', groups: ['class-a', 'system:authenticated'] }
const heron = { name: 'heron', groups: ['system:authenticated'] }

const policy = policyOf([
  role('shop/deployer', [
    allow('get list watch create update patch', 'deployments', { groups: 'apps' }),
    allow('get list watch delete', 'pods'),
  ]),
  role('shop/one-map', [allow('get update', 'configmaps', { names: 'prices' })]),
  role('shop/logs', [allow('get', 'pods/log'), allow('update', '*/scale', { groups: '*' })]),
  clusterRole('reader', [allow('get list watch', '*', { groups: '*' })]),
  clusterRole('nodes', [allow('get', 'nodes'), allow('create', 'pods')]),
  clusterRole('health', [allowPaths('get', '/healthz /healthz/*'), allowPaths('*', '/debug*')]),
  clusterRole('anything-on-jobs', [allow('*', 'jobs', { groups: 'batch' })]),
  roleBinding('shop/ci-deploys', 'Role deployer', 'ServiceAccount robot', 'User otter'),
  roleBinding('shop/prices', 'Role one-map', 'Group class-a'),
  roleBinding('shop/logs', 'Role logs', 'User otter'),
  roleBinding('shop/jobs', 'ClusterRole anything-on-jobs', 'User otter'),
  roleBinding('shop/read', 'ClusterRole reader', 'Group system:serviceaccounts:shop'),
  roleBinding('shop/to-come', 'Role not-yet', 'User heron'),
  clusterRoleBinding('nodes-for-class', 'nodes', 'Group class-a'),
  clusterRoleBinding('health', 'health', 'Group system:authenticated'),
])
const authorizer = rbacAuthorizer(policy)
const may = (user: typeof otter, text: string) => authorizer.authorize(user, question(text)).decision === 'allow'

describe('RBAC', () => {
  it.each([
    // A Role gives what its rules say, in its namespace.
    ['otter', 'patch shop deployments.apps web', true],
    ['otter', 'delete shop deployments.apps web', false],
    ['otter', 'delete shop pods web-1', true],
    ['otter', 'create shop pods', true],
    ['otter', 'get bank pods web-1', false],
    ['otter', 'list - pods', false],
    ['otter', 'get shop deployments web', false],
    ['otter', 'get shop deployments.extensions web', false],
    // Names narrow a rule, and so what has no name is never allowed by it.
    ['otter', 'get shop configmaps prices', true],
    ['otter', 'update shop configmaps prices', true],
    ['otter', 'get shop configmaps other', false],
    ['otter', 'list shop configmaps', false],
    ['otter', 'create shop configmaps', false],
    ['otter', 'deletecollection shop configmaps', false],
    ['otter', 'delete shop configmaps prices', false],
    // A subresource is a resource of its own.
    ['otter', 'get shop pods/log web-1', true],
    ['otter', 'create shop pods/exec web-1', false],
    ['otter', 'get shop deployments.apps/status web', false],
    ['otter', 'update shop deployments.apps/scale web', true],
    ['otter', 'update shop replicationcontrollers/scale web', true],
    ['otter', 'patch shop deployments.apps/scale web', false],
    ['robot', 'get shop pods/log web-1', true],
    // Verbs of one's own, and all of them.
    ['otter', 'sing shop jobs.batch daily', true],
    ['otter', 'delete shop jobs.batch/status daily', false],
    ['otter', 'get shop jobs other', false],
    // A ClusterRole bound in a namespace holds there and only there; bound for the cluster it holds everywhere.
    ['robot', 'list shop secrets', true],
    ['robot', 'list bank secrets', false],
    ['robot', 'list - nodes', false],
    ['robot', 'create shop secrets', false],
    ['otter', 'get - nodes node-1', true],
    ['otter', 'create bank pods', true],
    ['heron', 'get - nodes node-1', false],
    // Service accounts: by name, in the binding's namespace when it says none; and by the groups of all of a namespace.
    ['robot', 'patch shop deployments.apps web', true],
    ['other robot', 'patch shop deployments.apps web', false],
    ['other robot', 'get shop deployments.apps web', true],
    ['robot of bank', 'get shop deployments.apps web', false],
    // Paths: whole, or by how they begin. They are nobody's namespace.
    ['heron', 'get /healthz', true],
    ['heron', 'get /healthz/etcd', true],
    ['heron', 'get /healthzz', false],
    ['heron', 'post /healthz', false],
    ['heron', 'post /debug', true],
    ['heron', 'get /debug/pprof', true],
    ['heron', 'get /metrics', false],
    // Nobody is bound to nothing.
    ['heron', 'get shop pods web-1', false],
    ['nobody', 'get /healthz', false],
  ])('%s may %s: %s', (who, text, expected) => {
    const users: Record<string, typeof otter> = {
      otter,
      heron,
      nobody: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
      robot: robot('shop', 'robot'),
      'other robot': robot('shop', 'other'),
      'robot of bank': robot('bank', 'robot'),
    }
    const user = users[who] ?? otter
    expect(may(user, text)).toBe(expected)
    expect(explain(policy, user, question(text)).allowed, 'the explanation agrees').toBe(expected)
  })

  it('says which rule of which role by which binding, in upstream’s words', () => {
    expect(authorizer.authorize(heron, question('get /healthz'))).toEqual({
      decision: 'allow',
      reason: 'RBAC: allowed by ClusterRoleBinding "health" of ClusterRole "health" to Group "system:authenticated"',
      by: {
        subject: { kind: 'Group', name: 'system:authenticated', namespace: '' },
        binding: { kind: 'ClusterRoleBinding', name: 'health', namespace: '' },
        role: { kind: 'ClusterRole', name: 'health', namespace: '' },
        rule: 0,
      },
    })
    const verdict = authorizer.authorize(robot('shop', 'robot'), question('delete shop pods web'))
    expect(verdict.by?.rule).toBe(1)
    expect(verdict.reason).toBe(
      'RBAC: allowed by RoleBinding "ci-deploys/shop" of Role "deployer" to ServiceAccount "robot/shop"',
    )
  })

  it('says which role a binding waits for', () => {
    expect(authorizer.authorize(heron, question('get shop pods web'))).toEqual({
      decision: 'no opinion',
      reason: 'RBAC: role.rbac.authorization.k8s.io "not-yet" not found',
    })
  })

  it('shows what came nearest: the right thing with a wrong verb before another thing with the right one', () => {
    const { nearest, looked } = explain(policy, robot('shop', 'robot'), question('delete shop deployments.apps web'))
    expect(nearest.map(({ role: { name }, rule, fits }) => [name, rule, fits])).toEqual([
      ['deployer', 0, { place: true, group: true, resource: true, name: true, verb: false }],
      ['reader', 0, { place: true, group: true, resource: true, name: true, verb: false }],
      ['deployer', 1, { place: true, group: false, resource: false, name: true, verb: true }],
    ])
    expect(looked).toEqual({ bindings: 3, rules: 5 })
  })

  it('shows a rule that would do, were it not for the place', () => {
    const [first] = explain(policy, robot('shop', 'robot'), question('get bank pods web')).nearest
    expect(first).toMatchObject({
      binding: { name: 'ci-deploys', namespace: 'shop' },
      rule: 1,
      fits: { place: false, group: true, resource: true, verb: true },
    })
  })

  it('tells everything that reaches a user, with its rules', () => {
    const reach = reachOf(policy, otter)
    expect(reach.map(({ binding }) => binding.name).sort()).toEqual([
      'ci-deploys',
      'health',
      'jobs',
      'logs',
      'nodes-for-class',
      'prices',
    ])
    expect(reachOf(policy, heron).find(({ binding }) => binding.name === 'to-come')?.rules).toBeUndefined()
  })

  it('tells who can, and by what', () => {
    const holders = whoCan(policy, question('get shop pods web'))
    expect(holders.map(({ subject, by }) => [subject.name, by.map(({ binding }) => binding.name)])).toEqual([
      ['robot', ['ci-deploys']],
      ['otter', ['ci-deploys']],
      ['system:serviceaccounts:shop', ['read']],
    ])
    expect(whoCan(policy, question('get bank pods web'))).toEqual([])
  })

  it('follows changes', () => {
    const changing = policyOf([
      role('shop/r', [allow('get', 'pods')]),
      roleBinding('shop/b', 'Role r', 'User otter', 'User heron'),
    ])
    const asks = (user: typeof otter) =>
      rbacAuthorizer(changing).authorize(user, question('get shop pods a')).decision === 'allow'
    changing.put('RoleBinding', roleBinding('shop/b', 'Role r', 'User heron'))
    expect([asks(otter), asks(heron)]).toEqual([false, true])
    changing.put('Role', role('shop/r', [allow('list', 'pods')]))
    expect(asks(heron)).toBe(false)
    changing.put('Role', role('shop/r', [allow('get', 'pods')]))
    changing.remove('RoleBinding', { metadata: { namespace: 'shop', name: 'b' } })
    expect(asks(heron)).toBe(false)
    changing.put('RoleBinding', roleBinding('shop/b', 'Role r', 'User heron'))
    changing.clear('RoleBinding')
    expect(asks(heron)).toBe(false)
  })
})

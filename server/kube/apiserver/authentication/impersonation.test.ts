// Who may act as whom, and do what: the constrained ways and the old one (docs: User Impersonation).

import { describe, expect, it } from 'vitest'
import { policyOf } from '../authorization/rbac/policy.ts'
import { rbacAuthorizer } from '../authorization/rbac/rbac-authorizer.ts'
import { superusers } from '../authorization/superusers.ts'
import {
  allow,
  allowPaths,
  clusterRole,
  clusterRoleBinding,
  question,
  robot,
  role,
  roleBinding,
} from '../authorization/testing/policies.ts'
import type { Impersonation } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { impersonate } from './impersonation.ts'

const AUTHN = { groups: 'authentication.k8s.io' }
const chain = [
  superusers,
  rbacAuthorizer(
    policyOf([
      // To be jane, of class-a, with a scope; and as anybody of that sort: to list pods in shop, and to look for health.
      clusterRole('jane', [
        allow('impersonate:user-info', 'users', { ...AUTHN, names: 'jane' }),
        allow('impersonate:user-info', 'groups', { ...AUTHN, names: 'class-a' }),
        allow('impersonate:user-info', 'userextras/example.com/scope', { ...AUTHN, names: 'dev' }),
        allow('impersonate:user-info', 'uids', { ...AUTHN, names: '007' }),
        allowPaths('impersonate-on:user-info:get', '/healthz'),
      ]),
      role('shop/as-people', [allow('impersonate-on:user-info:list', 'pods')]),
      clusterRoleBinding('jane', 'jane', 'User teacher'),
      roleBinding('shop/as-people', 'Role as-people', 'User teacher', 'User half'),
      // Any groups whatever.
      clusterRole('groups', [
        allow('impersonate:user-info', 'users groups', AUTHN),
        allow('impersonate-on:user-info:list', 'pods'),
      ]),
      clusterRoleBinding('groups', 'groups', 'User gatherer'),
      // To be an account of shop, and to read its maps.
      role('shop/robot', [
        allow('impersonate:serviceaccount', 'serviceaccounts', { ...AUTHN, names: 'robot' }),
        allow('impersonate-on:serviceaccount:get', 'configmaps'),
      ]),
      roleBinding('shop/robot', 'Role robot', 'User teacher'),
      // An agent on every node may be its own node, to read pods; an operator may be node-1.
      clusterRole('own-node', [
        allow('impersonate:associated-node', 'nodes', AUTHN),
        allow('impersonate-on:associated-node:get', 'pods'),
      ]),
      clusterRoleBinding('own-node', 'own-node', 'ServiceAccount shop/agent'),
      clusterRole('node-1', [
        allow('impersonate:arbitrary-node', 'nodes', { ...AUTHN, names: 'node-1' }),
        allow('impersonate-on:arbitrary-node:get', 'pods'),
      ]),
      clusterRoleBinding('node-1', 'node-1', 'User operator'),
      // The old way.
      clusterRole('old', [
        allow('impersonate', 'users', { names: 'jane' }),
        allow('impersonate', 'groups', { names: 'class-b' }),
      ]),
      clusterRoleBinding('old', 'old', 'User veteran'),
    ]),
  ),
]

const person = (name: string): UserInfo => ({ name, groups: ['system:authenticated'] })
const agent = (node: string): UserInfo => ({
  ...robot('shop', 'agent'),
  extra: { 'authentication.kubernetes.io/node-name': [node] },
})
const be = (user: string, more: Partial<Impersonation> = {}): Impersonation => ({
  user,
  groups: [],
  uid: '',
  extra: {},
  ...more,
})
const act = (requester: UserInfo, wanted: Impersonation, asks: string) =>
  impersonate(chain, { requester, wanted, request: question(asks) })

describe('acting as somebody else', () => {
  it.each<[who: UserInfo, wanted: Impersonation, asks: string, by: string, groups: string[]]>([
    [person('teacher'), be('jane'), 'list shop pods', 'impersonate:user-info', ['system:authenticated']],
    [
      person('teacher'),
      be('jane', { groups: ['class-a'], uid: '007', extra: { 'example.com/scope': ['dev'] } }),
      'list shop pods',
      'impersonate:user-info',
      ['class-a', 'system:authenticated'],
    ],
    [person('teacher'), be('jane'), 'get /healthz', 'impersonate:user-info', ['system:authenticated']],
    [
      person('teacher'),
      be('system:serviceaccount:shop:robot'),
      'get shop configmaps a',
      'impersonate:serviceaccount',
      ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    ],
    [
      person('gatherer'),
      be('x', { groups: ['a', 'b', 'c', 'd', 'e'] }),
      'list - pods',
      'impersonate:user-info',
      ['a', 'b', 'c', 'd', 'e', 'system:authenticated'],
    ],
    [
      agent('node-1'),
      be('system:node:node-1'),
      'get shop pods a',
      'impersonate:associated-node',
      ['system:nodes', 'system:authenticated'],
    ],
    [
      person('operator'),
      be('system:node:node-1'),
      'get shop pods a',
      'impersonate:arbitrary-node',
      ['system:nodes', 'system:authenticated'],
    ],
    [person('veteran'), be('jane'), 'delete shop secrets a', '', ['system:authenticated']],
    [
      person('veteran'),
      be('jane', { groups: ['class-b'] }),
      'delete shop secrets a',
      '',
      ['class-b', 'system:authenticated'],
    ],
    // Whoever may everything may this: by the new way where it goes, by the old where the new never would.
    [
      { name: 'root', groups: ['system:masters'] },
      be('jane'),
      'get shop pods a',
      'impersonate:user-info',
      ['system:authenticated'],
    ],
    [
      { name: 'root', groups: ['system:masters'] },
      be('jane', { groups: ['system:masters'] }),
      'get shop pods a',
      '',
      ['system:masters', 'system:authenticated'],
    ],
    [
      { name: 'root', groups: ['system:masters'] },
      be('system:anonymous'),
      'get /healthz',
      'impersonate:user-info',
      ['system:unauthenticated'],
    ],
  ])('lets %j be %j to %s, by %s', async (who, wanted, asks, constraint, groups) => {
    const acting = await act(who, wanted, asks)
    expect(acting.constraint).toBe(constraint)
    expect(acting.user).toMatchObject({ name: wanted.user, groups })
  })

  it.each<[who: UserInfo, wanted: Impersonation, asks: string, words: string]>([
    // Nobody may do more as somebody than was said, though jane herself may.
    [
      person('teacher'),
      be('jane'),
      'delete shop pods a',
      'pods "a" is forbidden: User "teacher" cannot impersonate-on:user-info:delete resource "pods" in API group "" in the namespace "shop"',
    ],
    [
      person('teacher'),
      be('jane'),
      'list bank pods',
      'cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "bank"',
    ],
    [
      person('teacher'),
      be('jane'),
      'get /metrics',
      'forbidden: User "teacher" cannot impersonate-on:user-info:get path "/metrics"',
    ],
    [
      person('teacher'),
      be('john'),
      'list shop pods',
      'users.authentication.k8s.io "john" is forbidden: User "teacher" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope',
    ],
    [person('half'), be('jane'), 'list shop pods', 'cannot impersonate:user-info resource "users"'],
    [
      person('teacher'),
      be('jane', { groups: ['class-b'] }),
      'list shop pods',
      'groups.authentication.k8s.io "class-b" is forbidden',
    ],
    [person('teacher'), be('jane', { uid: '008' }), 'list shop pods', 'uids.authentication.k8s.io "008" is forbidden'],
    [
      person('teacher'),
      be('jane', { extra: { 'example.com/scope': ['prod'] } }),
      'list shop pods',
      'cannot impersonate:user-info resource "userextras/example.com/scope"',
    ],
    [
      person('teacher'),
      be('jane', { extra: { scope: ['dev'] } }),
      'list shop pods',
      'impersonating an invalid key in extra is not allowed',
    ],
    [
      person('gatherer'),
      be('x', { groups: ['system:masters'] }),
      'list - pods',
      'impersonating the system:masters group is not allowed',
    ],
    [
      person('gatherer'),
      be('x', { groups: [''] }),
      'list - pods',
      'impersonating the empty string group is not allowed',
    ],
    // Accounts and nodes are no ordinary users.
    [
      person('gatherer'),
      be('system:serviceaccount:shop:robot'),
      'list - pods',
      'cannot impersonate-on:serviceaccount:list',
    ],
    [person('gatherer'), be('system:node:node-1'), 'list - pods', 'cannot impersonate-on:arbitrary-node:list'],
    [agent('node-2'), be('system:node:node-1'), 'get shop pods a', 'cannot impersonate-on:arbitrary-node:get'],
    [agent('node-1'), be('system:node:node-1'), 'delete shop pods a', 'cannot impersonate-on:associated-node:delete'],
    [robot('shop', 'agent'), be('system:node:node-1'), 'get shop pods a', 'cannot impersonate-on:arbitrary-node:get'],
    [
      person('operator'),
      be('system:node:node-2'),
      'get shop pods a',
      'nodes.authentication.k8s.io "node-2" is forbidden',
    ],
    // Groups that a node has are not for the asking.
    [
      person('operator'),
      be('system:node:node-1', { groups: ['system:nodes'] }),
      'get shop pods a',
      'cannot impersonate resource "users" in API group ""',
    ],
    [person('veteran'), be('john'), 'list shop pods', 'cannot impersonate-on:user-info:list'],
  ])('does not let %j be %j to %s', async (who, wanted, asks, words) => {
    await expect(act(who, wanted, asks)).rejects.toMatchObject({ code: 403, message: expect.stringContaining(words) })
  })
})

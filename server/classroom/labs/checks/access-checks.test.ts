import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from 'kubernetes-types/rbac/v1'
import { describe } from 'vitest'
import { type AccessQuestion, accessText, type ClusterView } from '../cluster-view.ts'
import { mayDo, mayNot, noWildcards, podActsAs, serviceAccountExists } from './access-checks.ts'
import { judge } from './testing/judged.ts'
import { pod, view } from './testing/objects.ts'

const named = (name: string) => ({ metadata: { name, namespace: 'default' } })
const rule = (verbs: string[], resources = ['pods'], apiGroups = ['']): PolicyRule => ({ verbs, resources, apiGroups })
const role = (...rules: PolicyRule[]): Role => ({ ...named('pod-reader'), rules })
const reader: Subject = { kind: 'ServiceAccount', name: 'reader', namespace: 'default' }
const binding = (subject: Subject = reader, roleName = 'pod-reader'): RoleBinding => ({
  ...named('reads'),
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: roleName },
  subjects: [subject],
})
const list: AccessQuestion = { as: 'reader', verb: 'list', resource: 'pods' }
const elsewhere: AccessQuestion = { ...list, namespace: 'kube-system' }
const cluster = (parts: Partial<ClusterView>, access: [AccessQuestion, boolean][] = []): ClusterView =>
  view({
    serviceAccounts: [named('reader')],
    ...parts,
    access: Object.fromEntries(access.map(([question, allowed]) => [accessText(question), allowed])),
  })
const no: [AccessQuestion, boolean][] = [[list, false]]
const yes: [AccessQuestion, boolean][] = [[list, true]]
const may = mayDo('reader', [{ verb: 'list', resource: 'pods' }])
const mustNot = mayNot('reader', [{ verb: 'list', resource: 'pods' }])

describe('what is allowed', () => {
  judge([
    { name: 'by the API server', check: may, cluster: cluster({}, yes), state: 'ok' },
    { name: 'not asked yet', check: may, cluster: cluster({}), state: 'waiting', says: 'Asking the API server.' },
    {
      name: 'to nobody of that name',
      check: may,
      cluster: { ...cluster({}, no), serviceAccounts: [] },
      state: 'waiting',
      says: 'There is no ServiceAccount `reader` yet.',
    },
    {
      name: 'to somebody who is not bound',
      check: may,
      cluster: cluster({ roles: [role(rule(['list']))] }, no),
      state: 'waiting',
      says: 'No binding names ServiceAccount `reader` yet',
    },
    {
      name: 'to a user of the same name',
      check: may,
      cluster: cluster({ roleBindings: [binding({ kind: 'User', name: 'reader' })] }, no),
      state: 'failed',
      says: 'binds a User called `reader`, not the ServiceAccount',
    },
    {
      name: 'to its namesake elsewhere',
      check: may,
      cluster: cluster({ roleBindings: [binding({ ...reader, namespace: 'kube-public' })] }, no),
      state: 'failed',
      says: 'of namespace `kube-public`; this one lives in `default`',
    },
    {
      name: 'by a role that does not exist',
      check: may,
      cluster: cluster({ roleBindings: [binding(reader, 'podreader')] }, no),
      state: 'failed',
      says: 'names Role `podreader`, and there is none of that name',
    },
    {
      name: 'by a rule without the verb',
      check: may,
      cluster: cluster({ roles: [role(rule(['get', 'watch']))], roleBindings: [binding()] }, no),
      state: 'failed',
      says: 'Role `pod-reader` allows `get` and `watch` on pods; nothing allows `list`.',
    },
    {
      name: 'by a rule for another kind',
      check: may,
      cluster: cluster({ roles: [role(rule(['list'], ['services']))], roleBindings: [binding()] }, no),
      state: 'failed',
      says: 'has no rule for `pods` in API group `""`',
    },
  ])
})

describe('what is not allowed', () => {
  const everywhere: ClusterRoleBinding = {
    metadata: { name: 'quick-fix' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [reader],
  }
  const admin: ClusterRole = { metadata: { name: 'admin' }, rules: [rule(['*'], ['*'], ['*'])] }
  judge([
    { name: 'rightly', check: mustNot, cluster: cluster({}, no), state: 'ok' },
    {
      name: 'and yet is, by a role here',
      check: mustNot,
      cluster: cluster({ roles: [role(rule(['*']))], roleBindings: [binding()] }, yes),
      state: 'failed',
      says: '`reader` may list pods: Role `pod-reader` allows it, bound by RoleBinding `reads`.',
    },
    {
      name: 'and yet is elsewhere, which no role here can have done',
      check: mayNot('reader', [{ verb: 'list', resource: 'pods', namespace: 'kube-system' }]),
      cluster: cluster(
        {
          roles: [role(rule(['*']))],
          roleBindings: [binding()],
          clusterRoles: [admin],
          clusterRoleBindings: [everywhere],
        },
        [[elsewhere, true]],
      ),
      state: 'failed',
      says: 'may list pods in `kube-system`: ClusterRole `admin` allows it, bound by ClusterRoleBinding `quick-fix`.',
    },
    {
      name: 'by a star',
      check: noWildcards('reader'),
      cluster: cluster({ roles: [role(rule(['*']))], roleBindings: [binding()] }),
      state: 'failed',
      says: 'Role `pod-reader` has a rule with `*`',
    },
    {
      name: 'with every verb by its name',
      check: noWildcards('reader'),
      cluster: cluster({ roles: [role(rule(['get', 'list']))], roleBindings: [binding()] }),
      state: 'ok',
    },
  ])
})

describe('who asks', () => {
  const robot = pod('robot')
  judge([
    { name: 'an account that is there', check: serviceAccountExists('reader'), cluster: cluster({}), state: 'ok' },
    {
      name: 'an account of another namespace',
      check: serviceAccountExists('reader'),
      cluster: view({ serviceAccounts: [{ metadata: { name: 'reader', namespace: 'kube-public' } }] }),
      state: 'waiting',
      says: 'is in namespace `kube-public`',
    },
    {
      name: 'a Pod as its account',
      check: podActsAs('robot', 'reader'),
      cluster: view({ pods: [{ ...robot, spec: { ...robot.spec!, serviceAccountName: 'reader' } }] }),
      state: 'ok',
    },
    {
      name: 'a Pod as nobody in particular',
      check: podActsAs('robot', 'reader'),
      cluster: view({ pods: [robot] }),
      state: 'failed',
      says: 'acts as ServiceAccount `default`',
    },
  ])
})

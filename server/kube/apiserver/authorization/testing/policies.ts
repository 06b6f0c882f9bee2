// Policies and questions for tests, told shortly.

import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from 'kubernetes-types/rbac/v1'
import type { Attributes } from '../authorizer.ts'

const GROUP = 'rbac.authorization.k8s.io'

export const allow = (
  verbs: string,
  resources: string,
  { groups = '', names = '' }: { groups?: string; names?: string } = {},
): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups.split(' '),
  resources: resources.split(' '),
  ...(names ? { resourceNames: names.split(' ') } : {}),
})

export const allowPaths = (verbs: string, urls: string): PolicyRule => ({
  verbs: verbs.split(' '),
  nonResourceURLs: urls.split(' '),
})

export const role = (place: string, rules: PolicyRule[]): Role => {
  const [namespace = '', name = ''] = place.split('/')
  return { kind: 'Role', metadata: { namespace, name }, rules }
}

export const clusterRole = (name: string, rules: PolicyRule[]): ClusterRole => ({
  kind: 'ClusterRole',
  metadata: { name },
  rules,
})

/** `User otter`, `Group class-a`, `ServiceAccount shop/robot`. */
export function subject(text: string): Subject {
  const [kind = '', place = ''] = text.split(' ')
  if (kind !== 'ServiceAccount') return { kind, name: place, apiGroup: GROUP }
  const [namespace, name] = place.includes('/') ? place.split('/') : [undefined, place]
  return { kind, name: name ?? '', ...(namespace ? { namespace } : {}) }
}

export const roleBinding = (place: string, ref: string, ...subjects: string[]): RoleBinding => {
  const [namespace = '', name = ''] = place.split('/')
  const [kind = '', to = ''] = ref.split(' ')
  return {
    kind: 'RoleBinding',
    metadata: { namespace, name },
    roleRef: { apiGroup: GROUP, kind, name: to },
    subjects: subjects.map(subject),
  }
}

export const clusterRoleBinding = (name: string, to: string, ...subjects: string[]): ClusterRoleBinding => ({
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: to },
  subjects: subjects.map(subject),
})

/** `get shop pods/log web`, `create shop deployments.apps`, `list - nodes`, `get /healthz`. */
export function question(text: string): Attributes {
  const [verb = '', place = '', what = '', name = ''] = text.split(' ')
  const none = { group: '', namespace: '', resource: '', subresource: '', name: '', path: '' }
  if (place.startsWith('/')) return { ...none, isResource: false, verb, path: place }
  const [full = '', subresource = ''] = what.split('/')
  const [resource = '', ...group] = full.split('.')
  return {
    ...none,
    isResource: true,
    verb,
    namespace: place === '-' ? '' : place,
    resource,
    group: group.join('.'),
    subresource,
    name,
  }
}

export const robot = (namespace: string, name: string) => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
})

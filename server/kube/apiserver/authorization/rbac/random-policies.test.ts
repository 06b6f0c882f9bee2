// The indexed policy against a naive walk over everything, on random policies; the seed is printed with a failure.

import type { PolicyRule, RoleBinding, Subject } from 'kubernetes-types/rbac/v1'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../store/testing/seeded-random.ts'
import type { Attributes } from '../authorizer.ts'
import { explain, whoCan } from './explain.ts'
import { type PolicyKind, type PolicyObject, policyOf } from './policy.ts'
import { rbacAuthorizer } from './rbac-authorizer.ts'

const SEED = Number(process.env.PODIUM_SEED ?? 20261127)
const NAMESPACES = ['shop', 'bank', 'zoo']
const NAMES = ['a', 'b', 'c', 'd']
const USERS = ['otter', 'heron', 'system:serviceaccount:shop:robot', 'system:serviceaccount:bank:robot']
const GROUPS = ['class-a', 'class-b', 'system:authenticated']

describe(`random policies (seed ${SEED})`, () => {
  const random = seededRandom(SEED)
  const below = (count: number) => Math.floor(random() * count)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
  const some = <T>(from: readonly T[]) => from.filter(() => random() < 0.4)

  function randomRule(): PolicyRule {
    if (random() < 0.2) return { verbs: some(['get', 'post', '*']), nonResourceURLs: some(['/a', '/a/*', '*', '/b*']) }
    return {
      verbs: some(['get', 'list', 'create', '*']),
      apiGroups: some(['', 'apps', '*']),
      resources: some(['pods', 'pods/log', '*/log', 'deployments', '*']),
      ...(random() < 0.3 ? { resourceNames: some(['x', 'y']) } : {}),
    }
  }

  function randomSubject(): Subject {
    const kind = pick(['User', 'Group', 'ServiceAccount'])
    if (kind === 'User') return { kind, name: pick(USERS) }
    if (kind === 'Group') return { kind, name: pick(GROUPS) }
    return { kind, name: 'robot', ...(random() < 0.5 ? { namespace: pick(NAMESPACES) } : {}) }
  }

  function randomObject(): PolicyObject {
    const kind = pick<PolicyKind>(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'])
    const isNamespaced = kind === 'Role' || kind === 'RoleBinding'
    const metadata = { name: pick(NAMES), ...(isNamespaced ? { namespace: pick(NAMESPACES) } : {}) }
    if (kind === 'Role' || kind === 'ClusterRole') {
      return { kind, metadata, rules: Array.from({ length: below(3) }, randomRule) } as PolicyObject
    }
    const refKind = kind === 'RoleBinding' && random() < 0.5 ? 'Role' : 'ClusterRole'
    const roleRef = { apiGroup: '', kind: refKind, name: pick(NAMES) }
    return { kind, metadata, roleRef, subjects: Array.from({ length: below(3) }, randomSubject) } as PolicyObject
  }

  function randomQuestion(): Attributes {
    const none = { namespace: '', group: '', resource: '', subresource: '', name: '', path: '' }
    if (random() < 0.2)
      return { ...none, isResource: false, verb: pick(['get', 'post']), path: pick(['/a', '/a/b', '/bc', '/d']) }
    return {
      ...none,
      isResource: true,
      verb: pick(['get', 'list', 'create']),
      namespace: pick(['', ...NAMESPACES]),
      group: pick(['', 'apps']),
      resource: pick(['pods', 'deployments']),
      subresource: pick(['', '', 'log']),
      name: pick(['', 'x', 'z']),
    }
  }

  it('decide as a walk over everything does, through every change', () => {
    const objects = new Map<string, PolicyObject>()
    const policy = policyOf([])
    const authorizer = rbacAuthorizer(policy)
    for (let step = 0; step < 3000; step++) {
      const object = randomObject()
      const key = `${object.kind}/${object.metadata?.namespace}/${object.metadata?.name}`
      const kind = object.kind as PolicyKind
      if (random() < 0.25) {
        objects.delete(key)
        policy.remove(kind, object)
      } else {
        objects.set(key, object)
        policy.put(kind, object)
      }
      const user = { name: pick(USERS), groups: some(GROUPS) }
      const asked = randomQuestion()
      const expected = naive([...objects.values()], user, asked)
      const told = `step ${step}: ${JSON.stringify({ user, asked })}`
      expect(authorizer.authorize(user, asked).decision === 'allow', told).toBe(expected)
      expect(explain(policy, user, asked).allowed, told).toBe(expected)
      const holders = whoCan(policy, asked).map(({ subject }) =>
        subject.kind === 'ServiceAccount' ? `system:serviceaccount:${subject.namespace}:${subject.name}` : subject.name,
      )
      const isHolder = [user.name, ...user.groups].some((name) => holders.includes(name))
      expect(isHolder, `who can; ${told}`).toBe(expected)
    }
  })
})

function naive(objects: PolicyObject[], user: { name: string; groups: string[] }, asked: Attributes): boolean {
  const has = (values: string[] | undefined, value: string) =>
    values?.some((one) => one === '*' || one === value) ?? false
  const allows = (rule: PolicyRule) => {
    if (!has(rule.verbs, asked.verb)) return false
    if (!asked.isResource) {
      return (rule.nonResourceURLs ?? []).some((url) =>
        url.endsWith('*') ? asked.path.startsWith(url.slice(0, -1)) : url === asked.path,
      )
    }
    const { resource, subresource } = asked
    const full = subresource ? `${resource}/${subresource}` : resource
    const fits = has(rule.resources, full) || (subresource && rule.resources?.includes(`*/${subresource}`))
    return (
      has(rule.apiGroups, asked.group) &&
      fits &&
      (!rule.resourceNames?.length || rule.resourceNames.includes(asked.name))
    )
  }
  return objects.some((object) => {
    if (object.kind !== 'RoleBinding' && object.kind !== 'ClusterRoleBinding') return false
    const { metadata, roleRef, subjects } = object as RoleBinding
    const namespace = metadata?.namespace ?? ''
    if (object.kind === 'RoleBinding' && (namespace === '' || namespace !== asked.namespace)) return false
    const isBound = subjects?.some((subject) => {
      if (subject.kind === 'User') return subject.name === user.name
      if (subject.kind === 'Group') return user.groups.includes(subject.name)
      const of = subject.namespace || namespace
      return user.name === `system:serviceaccount:${of}:${subject.name}`
    })
    if (!isBound) return false
    const found = objects.find(
      (one) =>
        one.kind === roleRef.kind &&
        one.metadata?.name === roleRef.name &&
        (roleRef.kind === 'ClusterRole' || one.metadata?.namespace === namespace),
    )
    return ((found as { rules?: PolicyRule[] } | undefined)?.rules ?? []).some(allows)
  })
}

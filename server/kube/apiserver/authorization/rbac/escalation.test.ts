// What one must hold to give something away. Upstream: component-helpers/auth/rbac/validation/policy_comparator_test.go.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { describe, expect, it } from 'vitest'
import { allow, allowPaths, clusterRole, clusterRoleBinding, role, roleBinding } from '../testing/policies.ts'
import { escalationProblem, missingAtoms } from './escalation.ts'
import { policyOf } from './policy.ts'

describe('what is held', () => {
  it.each<[string, PolicyRule[], PolicyRule, boolean]>([
    ['the same', [allow('get', 'pods')], allow('get', 'pods'), true],
    ['more verbs', [allow('get list', 'pods')], allow('get', 'pods'), true],
    ['fewer verbs', [allow('get', 'pods')], allow('get list', 'pods'), false],
    ['all verbs', [allow('*', 'pods')], allow('sing', 'pods'), true],
    ['one verb of all', [allow('get list watch', 'pods')], allow('*', 'pods'), false],
    ['in several rules', [allow('get', 'pods'), allow('list', 'pods')], allow('get list', 'pods'), true],
    ['another group', [allow('get', 'deployments')], allow('get', 'deployments', { groups: 'apps' }), false],
    ['all groups', [allow('get', 'x', { groups: '*' })], allow('get', 'x', { groups: 'a b' }), true],
    ['all resources', [allow('get', '*')], allow('get', 'pods pods/log'), true],
    ['a resource for its subresource', [allow('get', 'pods')], allow('get', 'pods/log'), false],
    ['a subresource of all', [allow('update', '*/scale')], allow('update', 'pods/scale'), true],
    ['a subresource of all for all', [allow('update', '*/scale')], allow('update', '*'), false],
    ['everything for one name', [allow('get', 'maps')], allow('get', 'maps', { names: 'a' }), true],
    ['one name for everything', [allow('get', 'maps', { names: 'a' })], allow('get', 'maps'), false],
    ['one name of two', [allow('get', 'maps', { names: 'a' })], allow('get', 'maps', { names: 'a b' }), false],
    ['two names', [allow('get', 'maps', { names: 'a b' })], allow('get', 'maps', { names: 'b' }), true],
    ['a path', [allowPaths('get', '/a')], allowPaths('get', '/a'), true],
    ['what begins so', [allowPaths('get', '/a/*')], allowPaths('get', '/a/b /a/c/*'), true],
    ['one that begins so for all', [allowPaths('get', '/a/b')], allowPaths('get', '/a/*'), false],
    ['resources for paths', [allow('*', '*', { groups: '*' })], allowPaths('get', '/a'), false],
  ])('%s', (_name, held, given, covers) => {
    expect(missingAtoms(held, [given]).length === 0).toBe(covers)
  })

  it('counts where it is bound, and nowhere else', () => {
    const policy = policyOf([
      role('shop/pods', [allow('get', 'pods')]),
      roleBinding('shop/pods', 'Role pods', 'User boss'),
      clusterRole('nodes', [allow('get', 'nodes')]),
      clusterRoleBinding('nodes', 'nodes', 'Group bosses'),
    ])
    const user = { name: 'boss', groups: ['bosses'] }
    const rules = [allow('get', 'pods'), allow('get', 'nodes')]
    expect(escalationProblem(policy, { user, namespace: 'shop', rules })).toBeUndefined()
    expect(escalationProblem(policy, { user, namespace: '', rules })).toBe(
      'user "boss" (groups=["bosses"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    )
  })

  describe('of more combinations than can be looked at', () => {
    const many = (what: string) => Array.from({ length: 500 }, (_, at) => `${what}${at}`).join(' ')
    const given = allow(many('verb'), many('things'), { groups: many('group') })
    const problemOf = (held: PolicyRule[], rules = [given]) => {
      const policy = policyOf([role('shop/held', held), roleBinding('shop/held', 'Role held', 'User boss')])
      return escalationProblem(policy, { user: { name: 'boss', groups: [] }, namespace: 'shop', rules })
    }
    const refusal =
      'user "boss" (groups=[]) is attempting to grant RBAC permissions of more combinations than are compared with those currently held'

    it('is refused', () => {
      expect(problemOf([])).toBe(refusal)
      expect(problemOf([allow('get', 'pods')])).toBe(refusal)
      expect(
        problemOf(
          Array.from({ length: 10_000 }, () => allow('get', 'pods')),
          Array(10_000).fill(allow('get', 'pods')),
        ),
      ).toBe(refusal)
    })

    it('is granted by whoever holds a rule that covers all of it', () => {
      expect(problemOf([allow('*', '*', { groups: '*' })])).toBeUndefined()
      expect(problemOf([given])).toBeUndefined()
      expect(problemOf([given], [{ ...given, resourceNames: ['a'] }])).toBeUndefined()
    })

    it.each<[string, PolicyRule]>([
      ['a verb', { ...given, verbs: given.verbs.slice(1) }],
      ['a group', { ...given, apiGroups: given.apiGroups!.slice(1) }],
      ['a resource', { ...given, resources: given.resources!.slice(1) }],
      ['all but some names', { ...given, resourceNames: ['a'] }],
      ['all but a name that looks like all', { ...given, resourceNames: ['*'] }],
    ])('is refused where %s is not held', (_what, held) => {
      expect(problemOf([held])).toBe(refusal)
    })

    it('tells of many verbs of one resource in time that grows with them, and cuts the text', () => {
      const verbs = Array.from({ length: 150_000 }, (_, at) => `v${at}`).join(' ')
      const problem = problemOf([], [allow(verbs, 'pods')])
      expect(problem).toMatch(
        /^user "boss" .* not currently held:\n\{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["v0" "v1" /,
      )
      expect(problem!.length).toBeLessThan(201_000)
    })
  })
})

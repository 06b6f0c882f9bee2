import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { describe, expect, it } from 'vitest'
import type { NearMiss } from '../../../../server/base/trace.ts'
import { type Asked, askedWords, missMarks, missWords, ruleTitle, shortRuleTitle } from './access-words.ts'

const asked: Asked = {
  ...{ verb: 'delete', group: 'apps', resource: 'deployments', subresource: '' },
  ...{ namespace: 'shop', name: 'web' },
}
const rule: PolicyRule = { verbs: ['get', 'list', 'watch'], apiGroups: ['', 'apps'], resources: ['pods'] }
const fitting = { place: true, group: true, resource: true, name: true, verb: true }
const miss = (fits: Partial<NearMiss['fits']>): NearMiss => ({
  subject: { kind: 'User', name: 'otter', namespace: '' },
  binding: { kind: 'RoleBinding', name: 'b', namespace: 'bank' },
  role: { kind: 'Role', name: 'r', namespace: 'bank' },
  rule: 0,
  fits: { ...fitting, ...fits },
})

describe('what of a rule does not fit', () => {
  it.each<[Partial<NearMiss['fits']>, Partial<Asked>, PolicyRule | undefined, string]>([
    [{ verb: false }, {}, rule, 'verb `delete` is not in get, list, watch'],
    [{ resource: false }, {}, rule, 'resource `deployments` is not in pods'],
    [{ resource: false }, { subresource: 'scale' }, rule, 'resource `deployments/scale` is not in pods'],
    [{ group: false }, { group: 'batch' }, rule, 'API group `batch` is not in "", apps'],
    [{ group: false }, { group: '' }, { ...rule, apiGroups: ['apps'] }, 'API group `""` is not in apps'],
    [{ place: false }, {}, rule, 'it counts in namespace `bank`, not in `shop`'],
    [{ place: false }, { namespace: '' }, rule, 'it counts in namespace `bank`, not for the whole cluster'],
    [{ name: false }, {}, { ...rule, resourceNames: ['api'] }, 'name `web` is not in api'],
    [
      { name: false },
      { name: '' },
      { ...rule, resourceNames: ['api'] },
      'it is only for what is named api, and no name was given',
    ],
    [
      { resource: false },
      { path: '/metrics' },
      { verbs: ['get'], nonResourceURLs: ['/healthz'] },
      'path `/metrics` is not in /healthz',
    ],
    [{ verb: false }, { verb: 'get' }, rule, 'verb `get` was not in it then'],
    [{ verb: false }, {}, undefined, 'verb `delete` is not in it'],
  ])('%o of %o', (fits, more, told, words) => {
    expect(missWords(miss(fits), told, { ...asked, ...more })).toEqual([words])
  })

  it('is marked in two words on a card', () => {
    expect(missMarks({ ...fitting, verb: false }, asked)).toEqual(['no delete'])
    expect(missMarks({ ...fitting, place: false, name: false }, asked)).toEqual(['not in shop', 'not web'])
    expect(missMarks({ ...fitting, resource: false, group: false }, asked)).toEqual(['not deployments'])
    expect(missMarks({ ...fitting, group: false }, asked)).toEqual(['other group'])
  })
})

it('names of many things in a rule the one that was asked for', () => {
  const many = { verbs: ['get'], apiGroups: ['apps', ''], resources: ['daemonsets', 'deployments', 'replicasets'] }
  expect(shortRuleTitle(many, asked)).toBe('apps · deployments +2')
  expect(shortRuleTitle(many, { ...asked, resource: 'jobs' })).toBe('apps · daemonsets deployments replicasets')
  expect(shortRuleTitle(rule, undefined)).toBe('core apps · pods')
  const paths = { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez'] }
  expect(shortRuleTitle(paths, { ...asked, resource: '', path: '/livez' })).toBe('/livez +1')
})

it('says what was asked, and what a rule is about', () => {
  expect(askedWords(asked)).toBe('deployments.apps web in shop')
  expect(askedWords({ ...asked, path: '/healthz' })).toBe('/healthz')
  expect(ruleTitle(rule)).toBe('core apps · pods')
  expect(ruleTitle({ ...rule, resourceNames: ['a'] })).toBe('core apps · pods named a')
  expect(ruleTitle({ verbs: ['get'], nonResourceURLs: ['/healthz', '/livez'] })).toBe('/healthz /livez')
})

import { expect, it } from 'vitest'
import type { NearMiss } from '../../../../server/base/trace.ts'
import { smallestChange } from './smallest-change.ts'

const rule = { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['deployments'] }
const fits = { place: true, group: true, resource: true, name: true, verb: false }
const miss: NearMiss = {
  subject: { kind: 'User', name: 'otter', namespace: '' },
  binding: { kind: 'RoleBinding', name: 'b', namespace: 'shop' },
  role: { kind: 'Role', name: 'deployer', namespace: 'shop' },
  rule: 0,
  fits,
}

it('is one verb in one rule', () => {
  const told = smallestChange(miss, rule, 'delete')?.map(({ sign, text }) => sign + text)
  expect(told).toEqual([
    '# Role deployer in shop, rule 1',
    '- apiGroups: ["", apps]',
    '  resources: [deployments]',
    '-  verbs: [get, list]',
    '+  verbs: [get, list, delete]',
  ])
  const named = smallestChange(miss, { ...rule, resourceNames: ['web'] }, 'delete')
  expect(named?.map(({ text }) => text)).toContain('  resourceNames: [web]')
})

it('is not proposed where more is missing, where others have the role too, or where it was done since', () => {
  expect(smallestChange({ ...miss, fits: { ...fits, place: false } }, rule, 'delete')).toBeUndefined()
  expect(smallestChange({ ...miss, fits: { ...fits, resource: false } }, rule, 'delete')).toBeUndefined()
  expect(smallestChange({ ...miss, role: { ...miss.role, kind: 'ClusterRole' } }, rule, 'delete')).toBeUndefined()
  expect(smallestChange(miss, rule, 'list')).toBeUndefined()
  expect(smallestChange(miss, undefined, 'delete')).toBeUndefined()
})

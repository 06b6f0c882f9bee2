import { expect, it } from 'vitest'
import { type AccessWish, attributesOf } from './access-wish.ts'

const wish = (more: Partial<AccessWish>): AccessWish => ({
  ...{ verb: 'get', resource: '', subresource: '', namespace: 'shop', name: '', path: '' },
  ...more,
})

it.each<[string, Partial<AccessWish>, string]>([
  ['a plural', { resource: 'pods' }, '/pods in shop'],
  ['a kind', { resource: 'Deployment' }, 'apps/deployments in shop'],
  ['a short name', { resource: 'svc' }, '/services in shop'],
  ['a group of one’s own', { resource: 'deployments', group: 'extensions' }, 'extensions/deployments in shop'],
  ['the core group, said', { resource: 'deployments', group: '' }, '/deployments in shop'],
  ['everything', { resource: '*' }, '*/* in shop'],
  ['what stands in no namespace', { resource: 'no' }, '/nodes in '],
  ['what is not known', { resource: 'rockets' }, '/rockets in shop'],
])('understands %s', (_what, more, expected) => {
  const { group, resource, namespace, isResource } = attributesOf(wish(more)).attributes
  expect(isResource).toBe(true)
  expect(`${group}/${resource} in ${namespace}`).toBe(expected)
})

it('takes a path to be about no resource', () => {
  expect(attributesOf(wish({ path: '/healthz', resource: 'pods' })).attributes).toEqual({
    ...{ isResource: false, verb: 'get', path: '/healthz' },
    ...{ group: '', resource: '', subresource: '', namespace: '', name: '' },
  })
})

it('says what is odd', () => {
  expect(attributesOf(wish({ resource: 'rockets' })).note).toContain('no kind called “rockets”')
  expect(attributesOf(wish({ resource: 'nodes' })).note).toBe('Nodes stand in no namespace, so “shop” plays no part.')
  expect(attributesOf(wish({ resource: 'nodes', namespace: '' })).note).toBe('')
  expect(attributesOf(wish({ resource: 'pods' })).note).toBe('')
})

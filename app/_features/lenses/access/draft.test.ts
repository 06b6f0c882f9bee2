import { describe, expect, it } from 'vitest'
import { request } from '../picture/trace-examples.ts'
import type { Decided } from './access-requests.ts'
import { type Draft, draftOf, lackOf, questionOf, questionOfRequest } from './draft.ts'
import { askerOf, subjectKind, subjectWord, userWord } from './subjects.ts'

const draft = (more: Partial<Draft>): Draft => ({
  ...{ subject: 'otter', verb: 'get', what: 'pods', namespace: 'shop', name: '' },
  ...more,
})
const ask = (more: Partial<Draft>) => questionOf(draft(more), new Map())

describe('a typed question', () => {
  it.each<[string, object]>([
    ['pods', { resource: 'pods', subresource: '' }],
    ['pods/log', { resource: 'pods', subresource: 'log' }],
    ['deployments.apps/scale', { group: 'apps', resource: 'deployments', subresource: 'scale' }],
    ['roles.rbac.authorization.k8s.io', { group: 'rbac.authorization.k8s.io', resource: 'roles' }],
    ['/healthz/etcd', { resource: '', path: '/healthz/etcd', namespace: '' }],
  ])('understands %s', (what, expected) => {
    expect(ask({ what })?.wish).toMatchObject(expected)
  })

  it('leaves the group open when none was said', () => {
    expect(ask({ what: 'deployments' })?.wish).not.toHaveProperty('group')
  })

  it('says what is missing, and asks nothing until then', () => {
    expect(lackOf(draft({ verb: ' ' }))).toMatch(/^Say what is to be done/)
    expect(lackOf(draft({ what: '' }))).toMatch(/^Say with what/)
    expect(lackOf(draft({}))).toBe('')
    expect(ask({ verb: '' })).toBeUndefined()
  })

  it('is of nobody in particular without a subject', () => {
    expect(ask({ subject: '' })).not.toHaveProperty('who')
  })
})

describe('who is asked about', () => {
  const robotGroups = ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']
  it.each([
    ['otter', 'otter', ['system:authenticated']],
    ['heron', 'heron', ['class-a', 'system:authenticated']],
    ['shop/ci', 'system:serviceaccount:shop:ci', robotGroups],
    ['system:serviceaccount:shop:ci', 'system:serviceaccount:shop:ci', robotGroups],
    ['group class-a', '', ['class-a', 'system:authenticated']],
    ['group system:unauthenticated', '', ['system:unauthenticated']],
    ['system:anonymous', 'system:anonymous', ['system:unauthenticated']],
    ['system:node:node-1', 'system:node:node-1', ['system:nodes', 'system:authenticated']],
  ])('%s is known as %s', (text, name, groups) => {
    const seen = new Map([['heron', ['class-a', 'system:authenticated']]])
    expect(askerOf(text, seen)).toEqual({ name, groups })
  })

  it('is written as it is read', () => {
    expect(userWord('system:serviceaccount:shop:ci')).toBe('shop/ci')
    expect(subjectWord({ kind: 'ServiceAccount', name: 'ci', namespace: 'shop' })).toBe('shop/ci')
    expect(subjectWord({ kind: 'Group', name: 'class-a', namespace: '' })).toBe('group class-a')
    expect(subjectKind({ kind: 'Group', name: 'system:serviceaccounts:shop', namespace: '' })).toBe(
      'group: all ServiceAccounts of shop',
    )
  })
})

it('asks for a request exactly what it was', () => {
  const decision = { allowed: false, authenticator: 'x509', groups: ['system:authenticated'], asked: [] }
  const event = request('r1', 'kubectl', { user: 'system:serviceaccount:shop:ci', verb: 'get', decision }) as Decided
  expect(draftOf(event)).toEqual({ ...draft({ subject: 'shop/ci', namespace: 'default', name: 'web-1' }) })
  expect(questionOfRequest(event)).toEqual({
    who: { name: 'system:serviceaccount:shop:ci', groups: ['system:authenticated'] },
    wish: {
      ...{ verb: 'get', group: '', resource: 'pods', subresource: '' },
      ...{ namespace: 'default', name: 'web-1', path: '' },
    },
  })
})

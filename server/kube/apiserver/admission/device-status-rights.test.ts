import { describe, expect, it } from 'vitest'
import type { Allocation, Claim, DeviceStatus } from '../../kinds/devices/device-objects.ts'
import { ResourceClaim } from '../../kinds/index.ts'
import { ALLOWED, type Authorizer, NO_OPINION } from '../authorization/authorizer.ts'
import { askPlugin } from '../testing/ask-plugin.ts'
import { changedDrivers, deviceStatusRights } from './device-status-rights.ts'

type Status = NonNullable<Claim['status']>
const device = (driver: string, name: string, data?: object): DeviceStatus => ({
  driver,
  pool: 'p',
  device: name,
  ...(data ? { data } : {}),
})
const allocatedOn = (...values: string[]): Allocation => ({
  devices: { results: ['one', 'two'].map((name) => ({ request: 'x', driver: 'd.io', pool: 'p', device: name })) },
  nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }] },
})
const user = [{ resource: 'pods', name: 'web', uid: '1' }]

/** What is asked for, with what it is about, where it is allowed. */
const ask = (told: { next: Status; previous?: Status; allowed?: string[]; node?: string; verb?: string }) => {
  const { next, previous = {}, allowed = [], node, verb = 'update' } = told
  const authorizer: Authorizer = {
    name: 'table',
    authorize: (_user, { verb, resource, subresource, namespace, name }) =>
      allowed.includes(`${verb} ${resource}/${subresource} ${namespace}/${name}`) ? ALLOWED : NO_OPINION,
  }
  const claim = (status: Status): Claim => ({ metadata: { name: 'c', namespace: 'default' }, status })
  return askPlugin(deviceStatusRights({ chain: [authorizer] }), {
    kind: ResourceClaim,
    subresource: 'status',
    verb,
    object: claim(next),
    previous: claim(previous),
    user: {
      name: 'system:serviceaccount:kube-system:driver',
      groups: [],
      ...(node ? { extra: { 'authentication.kubernetes.io/node-name': [node] } } : {}),
    },
  })
}

const BIND = 'update resourceclaims/binding /'
const HERE = 'associated-node:update resourceclaims/driver default/d.io'
const ANYWHERE = 'arbitrary-node:update resourceclaims/driver default/d.io'
const told = { allocation: allocatedOn('n'), devices: [device('d.io', 'one')] }
const was = { allocation: allocatedOn('n') }

describe('who may write what of a claim’s status', () => {
  it.each<[string, Parameters<typeof ask>[0]]>([
    ['what did not change, without any right', { next: told, previous: told }],
    ['an allocation, with the right to bind', { next: was, allowed: [BIND] }],
    ['users, with the right to bind', { next: { ...was, reservedFor: user }, previous: was, allowed: [BIND] }],
    ['a device of its node', { next: told, previous: was, allowed: [HERE], node: 'n' }],
    ['a device of its node, with the right for any', { next: told, previous: was, allowed: [ANYWHERE], node: 'n' }],
    ['a device of another node, with the right for any', { next: told, previous: was, allowed: [ANYWHERE], node: 'm' }],
    ['a device, by who has no node', { next: told, previous: was, allowed: [ANYWHERE] }],
    [
      'a device, by a patch',
      { next: told, previous: was, allowed: [HERE.replace('update', 'patch')], node: 'n', verb: 'patch' },
    ],
    ['no allocation, and what was told of it', { next: {}, previous: told, allowed: [BIND] }],
  ])('may: %s', async (_what, asked) => {
    expect((await ask(asked)).refused).toBeUndefined()
  })

  it.each<[string, Parameters<typeof ask>[0], string]>([
    ['an allocation', { next: was, allowed: [ANYWHERE] }, 'resource="resourceclaims/binding", verb="update"'],
    ['users', { next: { ...was, reservedFor: user }, previous: was }, 'resource="resourceclaims/binding"'],
    [
      'a device of its node',
      { next: told, previous: was, allowed: [BIND], node: 'n' },
      'resource="resourceclaims/driver", verb="[associated-node:update arbitrary-node:update]"',
    ],
    [
      'a device of another node',
      { next: told, previous: was, allowed: [HERE], node: 'm' },
      'verb="[arbitrary-node:update]"',
    ],
    [
      'a device that several nodes have',
      {
        next: { ...told, allocation: allocatedOn('m', 'n') },
        previous: { allocation: allocatedOn('m', 'n') },
        allowed: [HERE],
        node: 'n',
      },
      'verb="[arbitrary-node:update]"',
    ],
    [
      'another driver’s device',
      { next: { ...was, devices: [device('other.io', 'x')] }, previous: was, allowed: [HERE, ANYWHERE], node: 'n' },
      'status.devices: Forbidden: changing status.devices requires',
    ],
    ['to tell of a device no more', { next: was, previous: told, allowed: [BIND] }, 'verb="[arbitrary-node:update]"'],
  ])('may not: %s', async (_what, asked, words) => {
    const { refused } = await ask(asked)
    expect(refused).toContain(words)
    expect(refused).toContain('User "system:serviceaccount:kube-system:driver" cannot')
  })
})

it.each<[string, DeviceStatus[], DeviceStatus[], string[]]>([
  ['added', [device('a', '1'), device('b', '1')], [device('a', '1')], ['b']],
  ['changed', [device('a', '1', { ip: 2 }), device('b', '1')], [device('a', '1', { ip: 1 }), device('b', '1')], ['a']],
  ['the same in another order', [device('b', '1'), device('a', '1')], [device('a', '1'), device('b', '1')], []],
  ['one for another', [device('d.io', 'two')], [device('d.io', 'one')], ['d.io']],
])('knows whose devices are %s', (_what, next, previous, drivers) => {
  expect(changedDrivers({ devices: next, allocation: allocatedOn('n') }, { devices: previous })).toEqual(drivers)
})

import { expect, it } from 'vitest'
import { addressesInHosts, namesToTry, resolverSettings } from './resolver-settings.ts'

const POD = `nameserver 10.96.0.10
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
`

it('reads whom to ask and where to look', () => {
  expect(resolverSettings(POD)).toEqual({
    server: '10.96.0.10',
    search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    ndots: 5,
  })
  expect(resolverSettings('# nothing\n')).toEqual({ server: '', search: [], ndots: 1 })
})

it.each([
  ['web', ['web.default.svc.cluster.local.', 'web.svc.cluster.local.', 'web.cluster.local.', 'web.']],
  // As many dots as are asked for: as it is, first.
  [
    'a.b.c.d.e.f',
    [
      'a.b.c.d.e.f.',
      'a.b.c.d.e.f.default.svc.cluster.local.',
      'a.b.c.d.e.f.svc.cluster.local.',
      'a.b.c.d.e.f.cluster.local.',
    ],
  ],
  ['web.default.svc.cluster.local.', ['web.default.svc.cluster.local.']],
])('tries for %s what a C library tries', (name, names) => {
  expect(namesToTry(name, resolverSettings(POD))).toEqual(names)
})

it('finds names that stand in the hosts file, and not in its comments', () => {
  const hosts = '127.0.0.1\tlocalhost\n# 10.0.0.9 db\nfd00::5\tdb\n10.0.0.5\tdb db.local # the old one\n'
  expect(addressesInHosts(hosts, 'db')).toEqual({ address: '10.0.0.5', line: '10.0.0.5\tdb db.local # the old one' })
  expect(addressesInHosts(hosts, 'old')).toBeUndefined()
})

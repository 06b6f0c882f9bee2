import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { hostnameOf, hostsFileOf, hostsFileOfMachine } from './etc-files.ts'

const pod = (spec: object, name = 'web-0') =>
  ({ metadata: { name, namespace: 'shop' }, spec: { containers: [], ...spec } }) as unknown as Pod
const DOMAIN = 'cluster.local'

it.each([
  ['its own', {}, 'web-0'],
  ['as told', { hostname: 'db' }, 'db'],
  ['as told above all', { hostname: 'db', hostnameOverride: 'a.b' }, 'a.b'],
  ['in full', { subdomain: 'web', setHostnameAsFQDN: true }, 'web-0.web.shop.svc.cluster.local'],
  ['in full, without a subdomain', { setHostnameAsFQDN: true }, 'web-0'],
  ['short, with a subdomain', { subdomain: 'web' }, 'web-0'],
])('names a pod %s', (_what, spec, expected) => {
  expect(hostnameOf(pod(spec), DOMAIN)).toBe(expected)
})

it('cuts a long name as DNS wants it, and refuses a full one that is too long', () => {
  expect(hostnameOf(pod({}, `${'x'.repeat(62)}-${'y'.repeat(20)}`), DOMAIN)).toBe('x'.repeat(62))
  expect(hostnameOf(pod({ hostnameOverride: `${'x'.repeat(62)}.y` }), DOMAIN)).toBe('x'.repeat(62))
  const long = pod({ subdomain: 'sub', setHostnameAsFQDN: true }, 'x'.repeat(60))
  expect(() => hostnameOf(long, DOMAIN)).toThrow(/is too long \(64 is the max, 87 characters requested\)/)
})

it('writes the pod’s own names and aliases into hosts', () => {
  const aliased = pod({ subdomain: 'web', hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo.local', 'bar.local'] }] })
  const lines = hostsFileOf(aliased, ['10.244.0.5'], DOMAIN).split('\n')
  expect(lines[0]).toBe('# Kubernetes-managed hosts file.')
  expect(lines.slice(3, 5)).toEqual(['fe00::0\tip6-localnet', 'fe00::0\tip6-mcastprefix'])
  expect(lines).toContain('10.244.0.5\tweb-0.web.shop.svc.cluster.local\tweb-0')
  expect(lines.slice(-4)).toEqual(['', '# Entries added by HostAliases.', '10.1.2.3\tfoo.local\tbar.local', ''])
})

it('adds aliases to the machine’s hosts in the machine’s network', () => {
  const aliased = pod({ hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo'] }] })
  expect(hostsFileOfMachine(aliased, '127.0.0.1 localhost\n')).toBe(
    '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n\n# Entries added by HostAliases.\n10.1.2.3\tfoo\n',
  )
})

import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { hostnameOf, hostsFileOf, hostsFileOfMachine, resolvConfOf } from './etc-files.ts'

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
  const long = pod({ subdomain: 'sub', setHostnameAsFQDN: true }, 'x'.repeat(60))
  expect(() => hostnameOf(long, DOMAIN)).toThrow(/is too long \(64 is the max, 87 characters requested\)/)
})

it('writes the pod’s own names and aliases into hosts', () => {
  const aliased = pod({ subdomain: 'web', hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo.local', 'bar.local'] }] })
  const lines = hostsFileOf(aliased, ['10.244.0.5'], DOMAIN).split('\n')
  expect(lines[0]).toBe('# Kubernetes-managed hosts file.')
  expect(lines).toContain('10.244.0.5\tweb-0.web.shop.svc.cluster.local\tweb-0')
  expect(lines.slice(-4)).toEqual(['', '# Entries added by HostAliases.', '10.1.2.3\tfoo.local\tbar.local', ''])
})

it('adds aliases to the machine’s hosts in the machine’s network', () => {
  const aliased = pod({ hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo'] }] })
  expect(hostsFileOfMachine(aliased, '127.0.0.1 localhost\n')).toBe(
    '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n\n# Entries added by HostAliases.\n10.1.2.3\tfoo\n',
  )
})

const dns = {
  clusterDNS: ['10.96.0.10'],
  clusterDomain: DOMAIN,
  nodeResolvConf: 'nameserver 172.31.7.1\nsearch lan\noptions edns0\n',
}
const CLUSTER =
  'search shop.svc.cluster.local svc.cluster.local cluster.local lan\nnameserver 10.96.0.10\noptions ndots:5\n'
const MACHINE = 'search lan\nnameserver 172.31.7.1\noptions edns0\n'
it.each([
  ['ClusterFirst', {}, CLUSTER],
  ['ClusterFirst in the machine’s network', { hostNetwork: true }, MACHINE],
  ['ClusterFirstWithHostNet', { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, CLUSTER],
  ['Default', { dnsPolicy: 'Default' }, MACHINE],
  [
    'None',
    {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['192.0.2.1'],
        searches: ['my.dns'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    },
    'search my.dns\nnameserver 192.0.2.1\noptions ndots:2 edns0\n',
  ],
  [
    'ClusterFirst with options of its own',
    { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } },
    CLUSTER.replace('ndots:5', 'ndots:1'),
  ],
])('resolves by the policy %s', (_what, spec, expected) => {
  expect(resolvConfOf(pod(spec), dns)).toBe(expected)
})

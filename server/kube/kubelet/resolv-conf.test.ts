import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { resolvConfOf } from './resolv-conf.ts'

const pod = (spec: object) =>
  ({ metadata: { name: 'web-0', namespace: 'shop', uid: 'u' }, spec: { containers: [], ...spec } }) as unknown as Pod
const DOMAIN = 'cluster.local'

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
  expect(resolvConfOf(pod(spec), dns)).toEqual({ text: expected, warnings: [] })
})

it.each([
  [
    'a root, a dot at the end and options on two lines',
    'search . lan. lan\noptions a:1 b\noptions a:2',
    'search lan\noptions a:2 b\n',
  ],
  ['no servers', '', '\n'],
])('reads of the machine %s', (_what, nodeResolvConf, expected) => {
  expect(resolvConfOf(pod({ dnsPolicy: 'Default' }), { ...dns, nodeResolvConf }).text).toBe(expected)
})

it('has no more servers than resolvers read, and says so', () => {
  const nameservers = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']
  const { text, warnings } = resolvConfOf(pod({ dnsConfig: { nameservers } }), dns)
  expect(text.match(/^nameserver .*$/gm)).toEqual([
    'nameserver 10.96.0.10',
    'nameserver 192.0.2.1',
    'nameserver 192.0.2.2',
  ])
  const what = 'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: '
  expect(warnings).toEqual([{ reason: 'DNSConfigForming', message: `${what}10.96.0.10 192.0.2.1 192.0.2.2` }])
})

it.each([
  ['too many', Array.from({ length: 40 }, (_, index) => `d${index}`), 32],
  ['one too long', ['a.example', 'x'.repeat(254), 'b.example'], 2],
  ['too many characters', Array.from({ length: 12 }, (_, index) => `${index % 10}`.repeat(200 + index)), 9],
])('has of domains no more than resolvers read, and says so: %s', (_what, searches, kept) => {
  const spec = { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'], searches } }
  const { text, warnings } = resolvConfOf(pod(spec), dns)
  const [line = ''] = text.split('\n')
  expect(line.split(' ')).toHaveLength(kept + 1)
  const what = 'Search Line limits were exceeded, some search paths have been omitted, the applied search line is: '
  expect(warnings).toEqual([{ reason: 'DNSConfigForming', message: what + line.replace('search ', '') }])
})

it('falls back on the machine’s where the cluster has none, and says so', () => {
  const { text, warnings } = resolvConfOf(pod({}), { ...dns, clusterDNS: [] })
  expect(text).toBe(MACHINE)
  expect(warnings).toMatchObject([{ reason: 'MissingClusterDNS' }])
  expect(warnings[0]?.message).toMatch(/^pod: "web-0_shop\(u\)". kubelet does not have ClusterDNS IP configured/)
})

it('looks in no domain of the cluster where that has none', () => {
  const { text } = resolvConfOf(pod({}), { ...dns, clusterDomain: '' })
  expect(text).toBe('search lan\nnameserver 10.96.0.10\noptions ndots:5\n')
})

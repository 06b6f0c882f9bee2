// Rows of upstream's pkg/api/pod/warnings_test.go (v1.34) that ../warnings.test.ts does not have.

import { describe, expect, it } from 'vitest'
import { podWarnings } from './pod-warnings.ts'

const warningsOf = (spec: object) => podWarnings({ metadata: { name: 'a' }, spec: { containers: [], ...spec } })
const volume = (source: object) => warningsOf({ volumes: [{ name: 'v', ...source }] })
const projected = (...sources: object[]) => volume({ projected: { sources } })
const items = (...paths: string[]) => ({ items: paths.map((path) => ({ key: 'k', path })) })
const configMap = (...paths: string[]) => ({ configMap: { name: 'c', ...items(...paths) } })
const secret = (...paths: string[]) => ({ secret: { name: 's', ...items(...paths) } })
const downwardAPI = (...paths: string[]) => ({ downwardAPI: { items: paths.map((path) => ({ path })) } })
const token = (path: string) => ({ serviceAccountToken: { path } })

describe('of files of a volume in each other’s place', () => {
  it.each<[string, string[], string[]]>([
    ['a ConfigMap', volume(configMap('a', 'a')), ['volume "v" (ConfigMap "c"): overlapping paths: "a" with "a"']],
    [
      'a file in a file',
      volume(configMap('a', 'a/b')),
      ['volume "v" (ConfigMap "c"): overlapping paths: "a/b" with "a"'],
    ],
    [
      'a file for a folder',
      volume(configMap('a/b', 'a')),
      ['volume "v" (ConfigMap "c"): overlapping paths: "a" with "a/b"'],
    ],
    [
      'a slash at the end',
      volume(configMap('a/b/', 'a/b')),
      ['volume "v" (ConfigMap "c"): overlapping paths: "a/b" with "a/b"'],
    ],
    [
      'a Secret',
      volume({ secret: { secretName: 's', ...items('a', 'a') } }),
      ['volume "v" (Secret "s"): overlapping paths: "a" with "a"'],
    ],
    ['the downward API', volume(downwardAPI('a', 'a')), ['volume "v" (DownwardAPI): overlapping paths: "a" with "a"']],
    ['names that begin alike', volume(configMap('dir/a', 'dir/ab', 'a', 'ab')), []],
    ['no names', volume(configMap('', '', 'a')), []],
    [
      'a token and a ConfigMap',
      projected(configMap('a'), token('a/b')),
      ['volume "v" (Projected): overlapping paths: "a/b" (ServiceAccountToken) with "a" (ConfigMap "c")'],
    ],
    [
      'authorities and the downward API',
      projected(downwardAPI('a/b'), { clusterTrustBundle: { signerName: 't', path: 'a' } }),
      ['volume "v" (Projected): overlapping paths: "a" (ClusterTrustBundle "t") with "a/b" (DownwardAPI)'],
    ],
    [
      'each with each',
      projected(token('a/b'), secret('a'), downwardAPI('a')),
      [
        'volume "v" (Projected): overlapping paths: "a" (Secret "s") with "a/b" (ServiceAccountToken)',
        'volume "v" (Projected): overlapping paths: "a" (DownwardAPI) with "a/b" (ServiceAccountToken)',
        'volume "v" (Projected): overlapping paths: "a" (DownwardAPI) with "a" (Secret "s")',
      ],
    ],
    ['a source of nothing', projected({}), ['volume "v" (Projected) has no sources provided']],
    ['all keys of a ConfigMap', projected({ configMap: { name: 'c' } }, token('a')), []],
  ])('%s', (_, told, warnings) => {
    expect(told).toEqual(warnings)
  })
})

const named = (name: string, containerPort: number) => ({ name: `c${containerPort}`, ports: [{ name, containerPort }] })

it.each<[string, object, string]>([
  [
    'a name of ports in two containers',
    { initContainers: [named('web', 80)], containers: [named('web', 8090)] },
    'spec.containers[0].ports[0]: duplicate port name "web" with spec.initContainers[0].ports[0], services and probes that select ports by name will use spec.initContainers[0].ports[0]',
  ],
  [
    'a wish for nodes with what no label can be',
    {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-1'] }] } },
          ],
        },
      },
    },
    "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[0]: -1 is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  [
    'a server of names in an unusual form',
    { dnsConfig: { nameservers: ['1.2.3.4', '::FF'] } },
    'spec.dnsConfig.nameservers[1]: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")',
  ],
  [
    'another name’s address in an unusual form',
    { hostAliases: [{ ip: '::FF' }] },
    'spec.hostAliases[0].ip: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")',
  ],
])('of %s', (_, spec, warning) => {
  expect(warningsOf(spec)).toEqual([warning])
})

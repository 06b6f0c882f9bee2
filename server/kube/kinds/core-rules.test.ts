// What kinds of the core group and their neighbours may say, word for word as pkg/apis/core/validation.

import { describe, expect, it } from 'vitest'
import type { AnyKind } from './define-kind.ts'
import {
  APIService,
  EndpointSlice,
  Endpoints,
  IngressClass,
  Lease,
  LimitRange,
  Namespace,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from './index.ts'
import { problems, statusProblems, updateProblems } from './testing/kind-facts.ts'

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const LOOPBACK = 'may not be in the loopback range (127.0.0.0/8, ::1/128)'

const slice = (told: object) => ({ addressType: 'IPv4', ...told })
const endpoint = (...addresses: string[]) => slice({ endpoints: [{ addresses }] })
const A = 'endpoints[0].addresses[0]: Invalid value'
const limits = (...items: object[]) => ({ spec: { limits: items } })
const quota = (hard: object, told: object = {}) => ({ spec: { hard, ...told } })
const selector = (...matchExpressions: object[]) => ({ scopeSelector: { matchExpressions } })
const base64 = (text: string) => Buffer.from(text).toString('base64')
const E = 'spec.scopeSelector.matchExpressions'
const REDACTED = '<secret contents redacted>'

describe('what is refused', () => {
  it.each<[AnyKind, object, string[]]>([
    [EndpointSlice, endpoint('10.0.0.1'), []],
    [EndpointSlice, {}, ['addressType: Required value']],
    [
      EndpointSlice,
      slice({ endpoints: [{}] }),
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
    [EndpointSlice, endpoint('a'), [`${A}: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`]],
    [EndpointSlice, endpoint('fd00::1'), ['endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address']],
    [EndpointSlice, endpoint('127.0.0.1'), [`${A}: "127.0.0.1": ${LOOPBACK}`]],
    [
      EndpointSlice,
      { ...endpoint('FD00::1'), addressType: 'IPv6' },
      [`${A}: "FD00::1": must be in canonical form ("fd00::1")`],
    ],
    [
      EndpointSlice,
      slice({
        endpoints: [{ addresses: ['10.0.0.1'], hints: { forNodes: [{ name: 'a' }, { name: 'a' }, { name: 'A_' }] } }],
      }),
      [
        'endpoints[0].hints.forNodes[1].name: Duplicate value: "a"',
        expect.stringContaining(
          'endpoints[0].hints.forNodes[2].name: Invalid value: "A_": a lowercase RFC 1123 subdomain',
        ),
      ],
    ],
    [
      EndpointSlice,
      slice({
        endpoints: [
          { addresses: ['10.0.0.1'], hints: { forNodes: Array.from({ length: 9 }, (_, n) => ({ name: `n${n}` })) } },
        ],
      }),
      ['endpoints[0].hints.forNodes: Too many: 9: must have at most 8 items'],
    ],
    [
      Endpoints,
      { subsets: [{ addresses: [{ ip: 'x' }] }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
      ],
    ],
    [
      IngressClass,
      { spec: { controller: 'a.b/c', parameters: {} } },
      ['spec.parameters.kind: Required value', 'spec.parameters.name: Required value'],
    ],
    [
      EndpointSlice,
      { ...endpoint('web'), addressType: 'FQDN' },
      [`${A}: "web": should be a domain with at least two segments separated by dots`],
    ],
    [
      EndpointSlice,
      slice({
        endpoints: [{ addresses: Array.from({ length: 101 }, (_, index) => `10.0.0.${index}`), hostname: 'A' }],
      }),
      [
        'endpoints[0].addresses: Too many: 101: must have at most 100 items',
        `endpoints[0].hostname: Invalid value: "A": ${LABEL}`,
      ],
    ],
    [
      EndpointSlice,
      slice({ endpoints: [{ addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }] }),
      ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
    ],
    [
      EndpointSlice,
      slice({ ports: [{ port: 80 }, { port: 81, protocol: 'ICMP' }, { name: 'B' }] }),
      [
        'ports[1].name: Duplicate value: ""',
        'ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        `ports[2].name: Invalid value: "B": ${LABEL}`,
      ],
    ],
    [
      Endpoints,
      { subsets: [{ addresses: [{ ip: '127.0.0.1', hostname: 'A' }], ports: [{ port: 0, name: 'B' }] }] },
      [
        `subsets[0].addresses[0].hostname: Invalid value: "A": ${LABEL}`,
        `subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": ${LOOPBACK}`,
        `subsets[0].ports[0].name: Invalid value: "B": ${LABEL}`,
        'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      Lease,
      { spec: { leaseTransitions: -1 } },
      ['spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      LimitRange,
      limits({ type: 'Node', max: { cpu: '1' } }),
      ['spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified'],
    ],
    [
      LimitRange,
      limits({ type: 'Pod', max: { pods: '1' }, default: { cpu: '1' } }),
      [
        'spec.limits[0].max[pods]: Invalid value: "pods": must be a standard resource for containers',
        "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      ],
    ],
    [
      LimitRange,
      limits({ type: 'PersistentVolumeClaim' }),
      [
        'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
      ],
    ],
    [
      LimitRange,
      limits({ type: 'Container', max: { cpu: '1' }, default: { cpu: '2' }, defaultRequest: { cpu: '500m' } }),
      ['spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1'],
    ],
    [
      LimitRange,
      limits({ type: 'Container', default: { 'a.com/gpu': '2' }, defaultRequest: { 'a.com/gpu': '1' } }),
      [
        'spec.limits[0].defaultRequest[a.com/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in a.com/gpu',
      ],
    ],
    [ResourceQuota, quota({ 'a.com/gpu': '1.5' }), ['spec.hard[a.com/gpu]: Invalid value: "1.5": must be an integer']],
    [
      ResourceQuota,
      quota({ services: '1', 'count/jobs.batch': '1' }, { scopes: ['NotTerminating'] }),
      ['spec.scopes: Invalid value: ["NotTerminating"]: unsupported scope applied to resource'],
    ],
    [
      ResourceQuota,
      quota({ cpu: '1' }, selector({ scopeName: 'BestEffort', operator: 'In', values: ['a'] })),
      [
        `${E}: Invalid value: {"MatchExpressions":[{"ScopeName":"BestEffort","Operator":"In","Values":["a"]}]}: unsupported scope applied to resource`,
        `${E}.operator: Invalid value: "In": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`,
      ],
    ],
    [
      ResourceQuota,
      quota(
        { pods: '1' },
        selector({ scopeName: 'BestEffort', operator: 'Exists' }, { scopeName: 'NotBestEffort', operator: 'Exists' }),
      ),
      [`${E}: Invalid value: null: conflicting scopes`],
    ],
    [
      Secret,
      { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64('[]') } },
      [
        `data[.dockercfg]: Invalid value: "${REDACTED}": json: cannot unmarshal array into Go value of type map[string]interface {}`,
      ],
    ],
    [
      Secret,
      { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('hello') } },
      [`data[.dockerconfigjson]: Invalid value: "${REDACTED}": invalid character 'h' looking for beginning of value`],
    ],
    [
      Secret,
      { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } },
      ['data[ssh-privatekey]: Required value'],
    ],
    [
      Namespace,
      { spec: { finalizers: ['mine'] } },
      ['spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
    ],
    [
      APIService,
      { metadata: { name: 'v1.a.io' } },
      [
        'metadata.name: Invalid value: "v1.a.io": must be `spec.version+"."+spec.group`: "."',
        'spec.group: Required value: only v1 may have an empty group and it better be legacy kube',
        expect.stringContaining('spec.version: Invalid value: "": a DNS-1035 label must consist of'),
        'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
        'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
      ],
    ],
  ])('case %#', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it.each([
    [{ metadata: {}, status: { phase: 'Active' } }, []],
    [
      { metadata: {}, status: { phase: 'Terminating' } },
      [`status.Phase: Invalid value: "Terminating": may only be 'Active' if \`deletionTimestamp\` is empty`],
    ],
  ])('as a status of a namespace: %j', (namespace, expected) => {
    const found = Namespace.strategy.validateStatusUpdate?.(namespace, namespace) ?? []
    expect(found.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected)
  })

  it('as a status of an APIService', () => {
    const conditions = [{ type: 'Available', status: 'Maybe' }]
    expect(statusProblems(APIService, {}, { status: { conditions } })).toEqual([
      'status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"',
    ])
  })

  it.each([
    [quota({}, { scopes: ['BestEffort', 'BestEffort'] }), quota({}, { scopes: ['BestEffort'] }), []],
    [
      quota({}, { scopes: ['BestEffort'] }),
      quota({}, { scopes: ['Terminating'] }),
      ['spec.scopes: Invalid value: ["Terminating"]: field is immutable'],
    ],
  ])('as other scopes of a quota: %j', (previous, next, expected) => {
    expect(updateProblems(ResourceQuota, previous, next)).toEqual(expected)
  })
})

it('names the secrets of an account, and says no more of them', () => {
  const account = { metadata: { name: 'a' }, secrets: [{ name: 'b', namespace: 'c', kind: 'Secret' }] }
  ServiceAccount.strategy.prepareForCreate?.(account)
  expect(account.secrets).toEqual([{ name: 'b' }])
})

it('tells of the scopes of a quota no more often than one reads', () => {
  const scopes = Array.from({ length: 1_000 }, (_, at) => `scope-${at}`)
  const told = problems(ResourceQuota, quota({}, { scopes }))
  expect(told[0]).toMatch(/^spec.scopes: Invalid value: \["scope-0",.*"scope-999"\]: unsupported scope$/)
  expect(told.join('').length).toBeLessThan(1_000_000)
  const few = scopes.slice(0, 100)
  const hard = Object.fromEntries(few.map((name) => [`hugepages-${name}`, '1']))
  const selected = selector(...few.map(() => ({ scopeName: 'BestEffort', operator: 'Exists' })))
  const many = problems(ResourceQuota, quota(hard, selected)).filter((text) => text.endsWith('applied to resource'))
  expect(many.length).toBeLessThanOrEqual(few.length)
})

it.each([
  [Endpoints, { subsets: [{ addresses: [{ ip: '127.0.0.1' }] }] }],
  [EndpointSlice, slice({ endpoints: [{ addresses: ['127.0.0.1'] }] })],
] as [AnyKind, object][])('looks at endpoints again only where they change: %#', (kind, object) => {
  expect(updateProblems(kind, object, { ...object, metadata: { labels: { a: 'b' } } })).toEqual([])
  expect(updateProblems(kind, {}, object)).not.toEqual([])
})

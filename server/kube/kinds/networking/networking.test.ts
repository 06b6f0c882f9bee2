import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import { Ingress, IngressClass, IPAddress, NetworkPolicy, RuntimeClass, Service, ServiceCIDR } from '../index.ts'
import { defaulted, problems, row, statusProblems, updateProblems } from '../testing/kind-facts.ts'

const path = (told: object = {}) => ({
  pathType: 'Prefix',
  path: '/',
  backend: { service: { name: 'web', port: { number: 80 } } },
  ...told,
})
const ingress = (told: object, host?: string) => ({
  spec: { rules: [{ ...(host ? { host } : {}), http: { paths: [path(told)] } }] },
})
const policy = (spec: object) => ({ spec: { podSelector: {}, ...spec } })
const AT = 'spec.rules[0].http.paths[0]'
const FROM = 'spec.ingress[0].from'
const blocked = (cidr: string) => ({ ipBlock: { cidr } })
const balanced = (...ingress: object[]) => ({ loadBalancer: { ingress } })

describe('kinds of networking', () => {
  it.each([
    [policy({}), ['Ingress']],
    [policy({ egress: [{}] }), ['Ingress', 'Egress']],
    [policy({ egress: [] }), ['Ingress']],
    [policy({ policyTypes: ['Egress'] }), ['Egress']],
  ])('know which way a policy is about: %j', (object, types) => {
    expect(defaulted(NetworkPolicy, object)).toMatchObject({ spec: { policyTypes: types } })
  })

  it.each([
    [NetworkPolicy, policy({ ingress: [{ ports: [{ port: 80 }], from: [{ podSelector: {} }] }] }), []],
    [
      NetworkPolicy,
      policy({ ingress: [{ from: [{}, { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] }),
      [
        'spec.ingress[0].from[0]: Required value: must specify a peer',
        'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
      ],
    ],
    [
      NetworkPolicy,
      policy({ egress: [{ to: [{ ipBlock: { cidr: '10.1.0.0/16', except: ['10.2.0.0/24', '10.1.0.0/16', 'x'] } }] }] }),
      [
        'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "10.2.0.0/24": must be a strict subset of `cidr`',
        'spec.egress[0].to[0].ipBlock.except[1]: Invalid value: "10.1.0.0/16": must be a strict subset of `cidr`',
        'spec.egress[0].to[0].ipBlock.except[2]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      NetworkPolicy,
      policy({ ingress: [{ ports: [{ port: 90, endPort: 80 }, { port: 'web', endPort: 1 }, { protocol: 'ICMP' }] }] }),
      [
        'spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`',
        'spec.ingress[0].ports[1].endPort: Invalid value: 1: may not be specified when `port` is non-numeric',
        'spec.ingress[0].ports[2].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      ],
    ],
    [Ingress, ingress({}), []],
    [Ingress, ingress({}, '*.example.com'), []],
    [Ingress, { spec: {} }, ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
    [Ingress, ingress({ pathType: undefined }), [`${AT}.pathType: Required value: pathType must be specified`]],
    [
      Ingress,
      ingress({ path: 'a//b', backend: {} }),
      [
        `${AT}.path: Invalid value: "a//b": must be an absolute path`,
        `${AT}.path: Invalid value: "a//b": must not contain '//'`,
        `${AT}.backend: Invalid value: "": resource or service backend is required`,
      ],
    ],
    [
      Ingress,
      ingress({ backend: { service: { name: 'web' } } }, '10.0.0.1'),
      [
        'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
        `${AT}.backend: Required value: port name or number is required`,
      ],
    ],
    [
      Ingress,
      {
        metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
        spec: { ...ingress({}).spec, ingressClassName: 'b' },
      },
      [
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      ],
    ],
    [
      IngressClass,
      { spec: { controller: 'nginx', parameters: { kind: 'Settings', name: 's', scope: 'Namespace' } } },
      [
        'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
        "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
      ],
    ],
    [
      NetworkPolicy,
      policy({ ingress: [{ from: ['010.0.0.0/8', '10.0.0.1/8', '10.0.0.0/08', '::ffff:10.0.0.0/104'].map(blocked) }] }),
      [
        `${FROM}[0].ipBlock.cidr: Invalid value: "010.0.0.0/8": must not have leading 0s in IP or prefix length`,
        `${FROM}[1].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length`,
        `${FROM}[2].ipBlock.cidr: Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length`,
        `${FROM}[3].ipBlock.cidr: Invalid value: "::ffff:10.0.0.0/104": must not have an IPv4-mapped IPv6 address`,
      ],
    ],
    [IPAddress, { spec: {} }, ['spec.parentRef: Required value']],
    [ServiceCIDR, { spec: { cidrs: ['10.0.0.0/16', '2001:db8::/112'] } }, []],
    [
      ServiceCIDR,
      { spec: { cidrs: ['10.0.0.0/16', '10.1.0.1/16'] } },
      [
        'spec.cidrs[1]: Invalid value: "10.1.0.1/16": must not have bits set beyond the prefix length',
        'spec.cidrs: Invalid value: ["10.0.0.0/16","10.1.0.1/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
    ],
    [
      ServiceCIDR,
      { spec: { cidrs: ['10.0.0.0/16', '2001:db8::/112', '10.1.0.0/16'] } },
      [
        'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/16","2001:db8::/112","10.1.0.0/16"]}: may only hold up to 2 values',
      ],
    ],
    [ServiceCIDR, { spec: {} }, ['spec.cidrs: Required value: at least one CIDR required']],
    [
      RuntimeClass,
      { handler: 'g', overhead: { podFixed: { cpu: '-1' } } },
      ['overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ],
  ] as [AnyKind, object, string[]][])('refuse a $kind that cannot work: %j', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it('name Services as v1.36 does: a digit may come first', () => {
    expect(Service.strategy.nameProblems?.('1web')).toEqual([])
    expect(Service.strategy.nameProblems?.('web-')).toEqual([
      expect.stringContaining('a lowercase RFC 1123 label must'),
    ])
    const backend = { service: { name: '1web', port: { number: 80 } } }
    expect(problems(Ingress, ingress({ backend }))).toEqual([])
  })

  it('keep what may not change', () => {
    const immutable = 'field is immutable'
    const controller = (of: string) => ({ spec: { controller: of } })
    expect(updateProblems(IngressClass, controller('a.io/b'), controller('a.io/c'))).toEqual([
      `spec.controller: Invalid value: "a.io/c": ${immutable}`,
    ])
    const before = policy({ ingress: [{ from: [blocked('10.0.0.1/8')] }] })
    const after = policy({ egress: [{ to: [blocked('10.0.0.1/8')] }] })
    expect(updateProblems(NetworkPolicy, before, after), 'a range that was taken once').toEqual([])
    const ranges = (...cidrs: string[]) => ({ spec: { cidrs } })
    const [four, six] = ['10.0.0.0/16', '2001:db8::/112']
    expect(updateProblems(ServiceCIDR, ranges(four), ranges(four, six)), 'the other family').toEqual([])
    expect(updateProblems(ServiceCIDR, ranges(four), ranges(six, '10.1.0.1/16'))).toEqual([
      `spec.cidrs[0]: Invalid value: "${six}": ${immutable}`,
      expect.stringContaining('spec.cidrs[1]: Invalid value: "10.1.0.1/16": must not have bits set'),
    ])
    expect(updateProblems(ServiceCIDR, ranges(four), ranges('x'))).toEqual([
      `spec.cidrs[0]: Invalid value: "x": ${immutable}`,
    ])
    expect(updateProblems(ServiceCIDR, ranges(four, six), ranges(four))).toEqual([
      `spec.cidrs: Invalid value: ["${four}"]: ${immutable}`,
    ])
    expect(updateProblems(RuntimeClass, { handler: 'a' }, { handler: 'b' })).toEqual([
      `handler: Invalid value: "b": ${immutable}`,
    ])
  })

  it.each([
    [
      Ingress,
      { spec: {} },
      balanced({ ip: '10.0.0.01' }, { hostname: '10.0.0.1' }),
      [
        'status.loadBalancer.ingress[0].ip: Invalid value: "10.0.0.01": must not have leading 0s',
        'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      ],
    ],
    [
      Service,
      { spec: { type: 'ClusterIP' } },
      balanced({ ip: '10.0.0.1' }),
      ["status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'"],
    ],
    [
      Service,
      { spec: { type: 'LoadBalancer' } },
      balanced({ hostname: 'a.io', ipMode: 'VIP' }, { ip: '10.0.0.1', ipMode: 'Any' }),
      [
        'status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set',
        'status.loadBalancer.ingress[1].ipMode: Unsupported value: "Any": supported values: "Proxy", "VIP"',
      ],
    ],
  ] as [AnyKind, object, object, string[]][])(
    'refuse what a load balancer of a $kind cannot be: %#',
    (kind, object, status, expected) => {
      expect(statusProblems(kind, { ...object, status: {} }, { ...object, status })).toEqual(expected)
    },
  )

  it('are shown as kubectl shows them', () => {
    const rules = ['a.io', 'b.io', 'c.io', 'd.io'].map((host) => ({ host }))
    const shown = {
      spec: { rules, tls: [{}] },
      status: { loadBalancer: { ingress: [{ hostname: 'a-rather-long.name.io' }] } },
    }
    expect(row(Ingress, { metadata: { name: 'i' }, ...shown })).toMatchObject({
      Class: '<none>',
      Hosts: 'a.io,b.io,c.io + 1 more...',
      Address: 'a-rather-long.name.io',
      Ports: '80, 443',
    })
    const parentRef = { group: '', resource: 'services', namespace: 'default', name: 'kubernetes' }
    expect(row(IPAddress, { metadata: { name: '10.96.0.1' }, spec: { parentRef } })).toEqual({
      Name: '10.96.0.1',
      ParentRef: 'services/default/kubernetes',
    })
    expect(row(NetworkPolicy, { metadata: { name: 'n' }, spec: { podSelector: {} } })).toMatchObject({
      'Pod-Selector': '<none>',
    })
  })
})

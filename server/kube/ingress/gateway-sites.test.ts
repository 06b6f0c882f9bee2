import type { Service } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { HttpRouteObject, Listener, ParentRef, RouteRule } from './gateway-kinds.ts'
import { commonHosts, GATEWAY_CONTROLLER, type GatewayWorld, gatewaySites, type Verdict } from './gateway-sites.ts'
import { locationsOf } from './route-order.ts'

const http = (more: Partial<Listener> = {}): Listener => ({ name: 'http', port: 80, protocol: 'HTTP', ...more })
const to = (name: string, more: object = {}) => ({ name, port: 80, ...more })

interface Told {
  listeners?: Listener[]
  parent?: Partial<ParentRef>
  namespace?: string
  hostnames?: string[]
  rules?: RouteRule[]
}

function read({ listeners = [http()], parent, namespace = 'default', hostnames, rules = [] }: Told) {
  const route: HttpRouteObject = {
    metadata: { name: 'r', namespace, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { parentRefs: [{ name: 'gw', namespace: 'default', ...parent }], ...(hostnames ? { hostnames } : {}), rules },
  }
  const service: Service = { spec: { ports: [{ name: 'http', port: 80 }] } }
  const world: GatewayWorld = {
    classes: [{ metadata: { name: 'nginx' }, spec: { controllerName: GATEWAY_CONTROLLER } }],
    gateways: [{ metadata: { name: 'gw', namespace: 'default' }, spec: { gatewayClassName: 'nginx', listeners } }],
    routes: [route],
    labelsOfNamespace: (name): Record<string, string> => (name === 'shop' ? { team: 'shop' } : {}),
    service: (key) => (key === 'default/gone' ? undefined : service),
    slicesOf: () => [],
    secret: () => undefined,
  }
  const { sites, gateways, routes } = gatewaySites(world)
  const reasons = (verdicts: Verdict[] = []) =>
    verdicts.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
  return {
    hosts: sites.map(({ host }) => host),
    route: reasons(routes[0]?.parents[0]?.verdicts),
    listeners: gateways[0]?.listeners.map(({ verdicts }) => reasons(verdicts)) ?? [],
    attached: gateways[0]?.listeners.map(({ attached }) => attached.length),
  }
}

describe('a route', () => {
  const own = { from: 'Same' }
  it.each([
    ['is taken by its Gateway', {}, 'True Accepted'],
    ['names a listener that there is not', { parent: { sectionName: 'web' } }, 'False NoMatchingParent'],
    ['is of another namespace', { namespace: 'shop' }, 'False NotAllowedByListeners'],
    [
      'is of a namespace that all are let in from',
      { namespace: 'shop', listeners: [http({ allowedRoutes: { namespaces: { from: 'All' } } })] },
      'True Accepted',
    ],
    [
      'is of a namespace with the labels',
      {
        namespace: 'shop',
        listeners: [
          http({ allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'shop' } } } } }),
        ],
      },
      'True Accepted',
    ],
    [
      'is of a namespace without the labels',
      {
        listeners: [
          http({ allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'shop' } } } } }),
        ],
      },
      'False NotAllowedByListeners',
    ],
    [
      'is of a kind that is not let in',
      { listeners: [http({ allowedRoutes: { namespaces: own, kinds: [{ kind: 'TCPRoute' }] } })] },
      'False NotAllowedByListeners',
    ],
    [
      'wants names that no listener has',
      { hostnames: ['b.example'], listeners: [http({ hostname: 'a.example' })] },
      'False NoMatchingListenerHostname',
    ],
    ['wants what the door cannot do', { rules: [{ filters: [{ type: 'RequestMirror' }] }] }, 'False UnsupportedValue'],
    [
      'matches a header by a pattern',
      { rules: [{ matches: [{ headers: [{ type: 'RegularExpression', name: 'a', value: '.' }] }] }] },
      'False UnsupportedValue',
    ],
  ] satisfies [string, Told, string][])('that %s', (_what, told, expected) => {
    expect(read(told).route[0]).toBe(`Accepted=${expected}`)
  })

  it.each([
    [to('web'), 'True ResolvedRefs'],
    [to('gone'), 'False BackendNotFound'],
    [to('web', { port: 81 }), 'False BackendNotFound'],
    [to('web', { namespace: 'shop' }), 'False RefNotPermitted'],
    [to('web', { kind: 'Bucket' }), 'False InvalidKind'],
  ])('to %j', (backend, expected) => {
    expect(read({ rules: [{ backendRefs: [backend] }] }).route[1]).toBe(`ResolvedRefs=${expected}`)
  })
})

describe('a listener', () => {
  const https = (more: Partial<Listener> = {}) => http({ name: 'https', port: 443, protocol: 'HTTPS', ...more })
  it.each([
    ['HTTP at port 80', http(), ['Accepted=True Accepted', 'Programmed=True Programmed']],
    ['HTTP at another port', http({ port: 8080 }), ['Accepted=False PortUnavailable', 'Programmed=False Invalid']],
    ['another protocol', http({ protocol: 'TCP' }), ['Accepted=False UnsupportedProtocol', 'Programmed=False Invalid']],
    [
      'HTTPS without a certificate',
      https({ tls: { certificateRefs: [{ name: 'none' }] } }),
      ['Accepted=True Accepted', 'Programmed=False Invalid', 'ResolvedRefs=False InvalidCertificateRef'],
    ],
  ])('for %s', (_what, listener, expected) => {
    expect(read({ listeners: [listener] }).listeners[0]).toEqual(expect.arrayContaining(expected))
  })

  it('is told of another one at its port and with its name', () => {
    const { listeners, attached } = read({ listeners: [http(), http({ name: 'again' })] })
    expect(listeners.map((verdicts) => verdicts.at(-1))).toEqual([
      'Conflicted=False NoConflicts',
      'Conflicted=True HostnameConflict',
    ])
    expect(attached).toEqual([1, 1])
  })
})

it.each([
  [undefined, undefined, ['']],
  [undefined, ['a.example'], ['a.example']],
  ['a.example', undefined, ['a.example']],
  ['*.example', ['a.example', 'a.b.example', 'a.other'], ['a.example', 'a.b.example']],
  ['a.example', ['*.example'], ['a.example']],
  ['*.a.example', ['*.example'], ['*.a.example']],
  ['*.example', ['*.a.example'], ['*.a.example']],
  ['*.example', ['example'], []],
])('of a listener’s name %s and a route’s %j both want %j', (listener, wanted, expected) => {
  expect(commonHosts(listener, wanted)).toEqual(expected)
})

it('puts the more precise first, and lets what does not fit fall to the next', () => {
  const header = { of: 'header', name: 'a', value: '1' } as const
  const match = (
    name: string,
    path: string,
    more: { isExact?: boolean; conditions?: (typeof header)[]; age?: string } = {},
  ) => ({
    path,
    isExact: more.isExact ?? false,
    rule: { conditions: more.conditions ?? [], split: [{ backend: { name, addresses: [] }, weight: 1 }] },
    age: more.age ?? name,
  })
  const locations = locationsOf([
    match('all', '/'),
    match('older', '/a/', { age: '1' }),
    match('younger', '/a', { age: '2' }),
    match('with header', '/a', { conditions: [header] }),
    match('deep with header', '/a/b', { conditions: [header] }),
    match('exact with header', '/a/b', { isExact: true, conditions: [header] }),
  ])
  const lines = locations.map(
    ({ path, isExact, rules }) =>
      `${path}${isExact ? '=' : ''}: ${rules.map(({ split }) => split[0]?.backend.name).join(', ')}`,
  )
  expect(new Set(lines)).toEqual(
    new Set([
      '/: all',
      '/a: with header, older',
      '/a/b: deep with header, with header, older',
      '/a/b=: exact with header, deep with header, with header, older',
    ]),
  )
})

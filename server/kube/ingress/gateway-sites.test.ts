import type { Service } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type {
  HeaderModifier,
  HttpRouteObject,
  Listener,
  ParentRef,
  ReferenceGrantObject,
  RouteFilter,
  RouteRule,
} from './gateway-kinds.ts'
import type { Verdict } from './gateway-listeners.ts'
import { commonHosts, GATEWAY_CONTROLLER, type GatewayWorld, gatewaySites } from './gateway-sites.ts'
import { locationsOf } from './route-order.ts'

const http = (more: Partial<Listener> = {}): Listener => ({ name: 'http', port: 80, protocol: 'HTTP', ...more })
const to = (name: string, more: object = {}) => ({ name, port: 80, ...more })

const modifier = (requestHeaderModifier: HeaderModifier) => ({ type: 'RequestHeaderModifier', requestHeaderModifier })
const redirect = (requestRedirect: RouteFilter['requestRedirect'] & object) => ({
  type: 'RequestRedirect',
  requestRedirect,
})
const below = (replacePrefixMatch: string) => ({ type: 'ReplacePrefixMatch', replacePrefixMatch })

interface Told {
  listeners?: Listener[]
  parent?: Partial<ParentRef>
  namespace?: string
  hostnames?: string[]
  rules?: RouteRule[]
  grants?: ReferenceGrantObject[]
}

/** Lies in the namespace `shop`. */
const grant = (kind: string, namespace: string, to: { kind: string; name?: string }): ReferenceGrantObject => ({
  metadata: { name: 'g', namespace: 'shop' },
  spec: { from: [{ group: 'gateway.networking.k8s.io', kind, namespace }], to: [{ group: '', ...to }] },
})

function read({ listeners = [http()], parent, namespace = 'default', hostnames, rules = [], grants = [] }: Told) {
  const route: HttpRouteObject = {
    metadata: { name: 'r', namespace, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { parentRefs: [{ name: 'gw', namespace: 'default', ...parent }], ...(hostnames ? { hostnames } : {}), rules },
  }
  const service: Service = { spec: { ports: [{ name: 'http', port: 80 }] } }
  const world: GatewayWorld = {
    classes: [{ metadata: { name: 'nginx' }, spec: { controllerName: GATEWAY_CONTROLLER } }],
    gateways: [{ metadata: { name: 'gw', namespace: 'default' }, spec: { gatewayClassName: 'nginx', listeners } }],
    routes: [route],
    grants,
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
    gateway: reasons(gateways[0]?.verdicts),
    changes: sites[0]?.plain[0]?.rules[0]?.changes,
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
    ['wants what the door cannot do', { rules: [{ filters: [{ type: 'CORS' }] }] }, 'False UnsupportedValue'],
    [
      'wants the headers of one backend changed',
      { rules: [{ backendRefs: [to('web', { filters: [{ type: 'RequestHeaderModifier' }] })] }] },
      'False UnsupportedValue',
    ],
    [
      'would write a line into a header',
      { rules: [{ filters: [modifier({ set: [{ name: 'a', value: 'b\r\nc: d' }] })] }] },
      'False UnsupportedValue',
    ],
    [
      'takes away what is no header',
      { rules: [{ filters: [modifier({ remove: ['a b'] })] }] },
      'False UnsupportedValue',
    ],
    [
      'redirects by a code that keeps the method, and a prefix',
      { rules: [{ filters: [redirect({ statusCode: 308, path: below('/b') })] }] },
      'False UnsupportedValue',
    ],
    ['redirects by such a code', { rules: [{ filters: [redirect({ statusCode: 308 })] }] }, 'True Accepted'],
    [
      'rewrites to more than a path',
      { rules: [{ filters: [{ type: 'URLRewrite', urlRewrite: { path: below('/a?b') } }] }] },
      'False UnsupportedValue',
    ],
    ['waits for so long', { rules: [{ timeouts: { request: '1s' } }] }, 'False UnsupportedValue'],
    [
      'is from nowhere at all',
      { listeners: [http({ allowedRoutes: { namespaces: { from: 'None' } } })] },
      'False NotAllowedByListeners',
    ],
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

  it.each([
    ['all Services', grant('HTTPRoute', 'default', { kind: 'Service' }), 'True ResolvedRefs'],
    ['this one', grant('HTTPRoute', 'default', { kind: 'Service', name: 'web' }), 'True ResolvedRefs'],
    ['another one', grant('HTTPRoute', 'default', { kind: 'Service', name: 'api' }), 'False RefNotPermitted'],
    ['Secrets', grant('HTTPRoute', 'default', { kind: 'Secret' }), 'False RefNotPermitted'],
    ['routes of another namespace', grant('HTTPRoute', 'other', { kind: 'Service' }), 'False RefNotPermitted'],
    ['Gateways', grant('Gateway', 'default', { kind: 'Service' }), 'False RefNotPermitted'],
  ])('to a Service of another namespace, which grants %s', (_what, granted, expected) => {
    const backendRefs = [to('web', { namespace: 'shop' })]
    const route = { rules: [{ backendRefs }] }
    expect(read({ ...route, grants: [granted] }).route[1]).toBe(`ResolvedRefs=${expected}`)
    const requestMirror = { backendRef: backendRefs[0]! }
    const mirroring = { rules: [{ filters: [{ type: 'RequestMirror', requestMirror }], backendRefs: [to('web')] }] }
    expect(read({ ...mirroring, grants: [granted] }).route[1]).toBe(`ResolvedRefs=${expected}`)
  })

  it('hands its filters on, with the prefix that it matches', () => {
    const urlRewrite = { hostname: 'b.example', path: below('c') }
    const filters = [
      modifier({ add: [{ name: 'a', value: '1' }] }),
      { type: 'URLRewrite', urlRewrite },
      { type: 'RequestMirror', requestMirror: { backendRef: to('gone') } },
    ]
    expect(
      read({ rules: [{ matches: [{ path: { value: '/a/' } }], filters, backendRefs: [to('web')] }] }).changes,
    ).toEqual({
      request: { set: [], add: [{ name: 'a', value: '1' }], remove: [] },
      host: 'b.example',
      path: { prefix: '/a/', by: '/c' },
      mirrors: [expect.objectContaining({ isInvalid: true })],
    })
    const filter = redirect({ scheme: 'https', path: { type: 'ReplaceFullPath', replaceFullPath: '/b' } })
    expect(read({ rules: [{ filters: [filter] }] }).changes).toEqual({
      redirect: { scheme: 'https', path: { full: '/b' }, code: 302 },
    })
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
    [
      'HTTPS with another namespace’s certificate',
      https({ tls: { certificateRefs: [{ name: 'tls', namespace: 'shop' }] } }),
      ['Accepted=True Accepted', 'Programmed=False Invalid', 'ResolvedRefs=False RefNotPermitted'],
    ],
    [
      'routes of a kind that there is not',
      http({ allowedRoutes: { kinds: [{ kind: 'TCPRoute' }, { kind: 'HTTPRoute' }] } }),
      ['Accepted=True Accepted', 'Programmed=True Programmed', 'ResolvedRefs=False InvalidRouteKinds'],
    ],
  ])('for %s', (_what, listener, expected) => {
    expect(read({ listeners: [listener] }).listeners[0]).toEqual(expect.arrayContaining(expected))
  })

  it('has a certificate of another namespace that grants it', () => {
    const listener = https({ tls: { certificateRefs: [{ name: 'tls', namespace: 'shop' }] } })
    const grants = [grant('Gateway', 'default', { kind: 'Secret', name: 'tls' })]
    // It may be read, and is not there.
    expect(read({ listeners: [listener], grants }).listeners[0]).toContain('ResolvedRefs=False InvalidCertificateRef')
  })

  it.each([
    [[http()], ['Accepted=True Accepted', 'Programmed=True Programmed']],
    [
      [http(), http({ name: 'b', port: 81 })],
      ['Accepted=True ListenersNotValid', 'Programmed=True Programmed'],
    ],
    [[http({ port: 81 })], ['Accepted=False ListenersNotValid', 'Programmed=False Invalid']],
  ])('of %j makes a Gateway what it is', (listeners, expected) => {
    expect(read({ listeners }).gateway).toEqual(expected)
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

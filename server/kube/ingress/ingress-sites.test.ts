import type { Secret, Service } from 'kubernetes-types/core/v1'
import type { Ingress, IngressSpec } from 'kubernetes-types/networking/v1'
import { describe, expect, it } from 'vitest'
import { testPki } from '../apiserver/testing/test-pki.ts'
import { CONTROLLER, type IngressWorld, ingressSites } from './ingress-sites.ts'
import type { Rule } from './site.ts'

const classes = [
  { metadata: { name: 'nginx' }, spec: { controller: CONTROLLER } },
  { metadata: { name: 'other' }, spec: { controller: 'example.com/other' } },
]
const to = (name: string, port: { name?: string; number?: number } = { number: 80 }) => ({ service: { name, port } })
const at = (path: string, name: string, pathType = 'Prefix') => ({ path, pathType, backend: to(name) })
const rule = (host: string | undefined, ...paths: ReturnType<typeof at>[]) => ({
  ...(host === undefined ? {} : { host }),
  http: { paths },
})

function ingress(name: string, spec: IngressSpec, made = 0): Ingress {
  const metadata = { name, namespace: 'default', creationTimestamp: `2026-01-01T00:00:0${made}Z` }
  return { metadata, spec: { ingressClassName: 'nginx', ...spec } }
}

const endpoint = (address: string, conditions: object = { ready: true }) => ({ addresses: [address], conditions })
const web = [endpoint('10.244.0.2'), endpoint('10.244.1.2'), endpoint('10.244.1.3', { ready: false, serving: true })]
const going = [endpoint('10.244.0.9', { ready: false, serving: true, terminating: true })]

function world(ingresses: Ingress[], secrets: Record<string, Secret> = {}): IngressWorld {
  const endpoints: Record<string, typeof web> = { 'default/web': web, 'default/going': going }
  const service: Service = { spec: { ports: [{ name: 'http', port: 80 }] } }
  return {
    ingresses,
    classes,
    service: (key) => (['default/web', 'default/api', 'default/going'].includes(key) ? service : undefined),
    slicesOf: (key) =>
      endpoints[key] ? [{ addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }], endpoints: endpoints[key] }] : [],
    secret: (key) => secrets[key],
  }
}

const backendOf = (rules: Rule[] = []) => rules[0]?.split[0]?.backend

/** `shop.example /a= → web`: host, path, `=` for an exact one, and whom it leads to. */
const lines = (ingresses: Ingress[]) =>
  ingressSites(world(ingresses)).sites.flatMap(({ host, plain }) =>
    plain.map(({ path, isExact, rules }) => `${host} ${path}${isExact ? '=' : ''} → ${backendOf(rules)?.name}`),
  )

describe('sites of Ingresses', () => {
  it.each([
    [
      'a host and its paths',
      [ingress('a', { rules: [rule('a.example', at('/', 'web'), at('/x', 'api', 'Exact'))] })],
      ['a.example / → default.web.80', 'a.example /x= → default.api.80'],
    ],
    ['no host: all of them', [ingress('a', { rules: [rule(undefined, at('/', 'web'))] })], [' / → default.web.80']],
    ['no rules at all', [ingress('a', { defaultBackend: to('web') })], [' / → default.web.80']],
    [
      'a default for what its own paths do not fit',
      [ingress('a', { defaultBackend: to('api'), rules: [rule('a.example', at('/x', 'web'))] })],
      ['a.example /x → default.web.80', 'a.example / → default.api.80'],
    ],
    [
      'a host without paths',
      [ingress('a', { defaultBackend: to('api'), rules: [{ host: 'a.example' }] })],
      ['a.example / → default.api.80'],
    ],
    [
      'paths of one host from two Ingresses',
      [
        ingress('a', { rules: [rule('a.example', at('/a', 'web'))] }),
        ingress('b', { rules: [rule('a.example', at('/b', 'api'))] }),
      ],
      ['a.example /a → default.web.80', 'a.example /b → default.api.80'],
    ],
    [
      'the older of two who want one path',
      [
        ingress('a', { rules: [rule('a.example', at('/a/', 'web'))] }, 2),
        ingress('b', { rules: [rule('a.example', at('/a', 'api'))] }, 1),
      ],
      ['a.example /a → default.api.80'],
    ],
    [
      'a path before what another falls back to',
      [
        ingress('a', { defaultBackend: to('api'), rules: [rule('a.example', at('/a', 'api'))] }, 1),
        ingress('b', { rules: [rule('a.example', at('/', 'web'))] }, 2),
      ],
      ['a.example /a → default.api.80', 'a.example / → default.web.80'],
    ],
    ['a class that is somebody else’s', [ingress('a', { ingressClassName: 'other', defaultBackend: to('web') })], []],
  ] as const)('reads %s', (_what, ingresses, expected) => {
    expect(lines([...ingresses])).toEqual(expected)
  })

  it('takes a class from the annotation of old', () => {
    const old = ingress('a', { defaultBackend: to('web') })
    delete old.spec?.ingressClassName
    old.metadata = { ...old.metadata, annotations: { 'kubernetes.io/ingress.class': 'nginx' } }
    expect(lines([old])).toEqual([' / → default.web.80'])
  })

  it.each([
    ['those that are ready, at the port of the pods', 'web', { number: 80 }, ['10.244.0.2:8080', '10.244.1.2:8080']],
    ['a port by its name', 'web', { name: 'http' }, ['10.244.0.2:8080', '10.244.1.2:8080']],
    ['who is going, when nobody else is there', 'going', { number: 80 }, ['10.244.0.9:8080']],
    ['nobody, where the Service has no pods', 'api', { number: 80 }, []],
  ])('leads to %s', (_what, name, port, expected) => {
    const { sites } = ingressSites(world([ingress('a', { defaultBackend: to(name, port) })]))
    expect(backendOf(sites[0]?.plain[0]?.rules)?.addresses).toEqual(expected)
  })

  it.each([
    [{ defaultBackend: to('gone') }, 'Service "default/gone" does not exist'],
    [{ defaultBackend: to('web', { number: 81 }) }, 'Service "default/web" has no port 81'],
    [{ defaultBackend: to('web'), tls: [{ secretName: 'none' }] }, 'Secret "default/none" does not exist'],
    [
      { defaultBackend: to('web'), tls: [{ secretName: 'empty' }] },
      'Secret "default/empty" has no tls.crt and tls.key',
    ],
    [
      { defaultBackend: to('web'), tls: [{ secretName: 'odd' }] },
      'tls.crt and tls.key of Secret "default/odd" are no certificate and its key',
    ],
  ])('says of %j that %s', (spec, problem) => {
    const odd = Buffer.from('odd').toString('base64')
    const secrets = { 'default/empty': {}, 'default/odd': { data: { 'tls.crt': odd, 'tls.key': odd } } }
    expect(ingressSites(world([ingress('a', spec)], secrets)).ours[0]?.problems).toEqual([problem])
  })

  it('leaves out a key that is another certificate’s', async () => {
    const pki = await testPki()
    const [one, other] = [await pki.issue('a.example'), await pki.issue('a.example')]
    const data = {
      'tls.crt': Buffer.from(one.certPem).toString('base64'),
      'tls.key': Buffer.from(other.keyPem).toString('base64'),
    }
    const spec = { rules: [rule('a.example', at('/', 'web'))], tls: [{ secretName: 'tls' }] }
    const { sites, ours } = ingressSites(world([ingress('a', spec)], { 'default/tls': { data } }))
    expect(sites[0]?.secure).toBeUndefined()
    expect(ours[0]?.problems).toEqual(['tls.crt and tls.key of Secret "default/tls" are no certificate and its key'])
  })

  it('has a certificate for the hosts that are named, and for all of the rules where none is', async () => {
    const { certPem, keyPem } = await (await testPki()).issue('a.example')
    const encoded = (pem: string) => Buffer.from(pem).toString('base64')
    const secrets = { 'default/tls': { data: { 'tls.crt': encoded(certPem), 'tls.key': encoded(keyPem) } } }
    const rules = [rule('a.example', at('/', 'web')), rule('b.example', at('/', 'web'))]
    const with_ = (tls: IngressSpec['tls']) =>
      ingressSites(world([ingress('a', { rules, ...(tls ? { tls } : {}) })], secrets)).sites.map(
        ({ host, secure }) => `${host} ${secure?.certificate.name}`,
      )
    expect(with_([{ hosts: ['b.example'], secretName: 'tls' }])).toEqual([
      'a.example undefined',
      'b.example default.tls',
    ])
    expect(with_([{ secretName: 'tls' }])).toEqual(['a.example default.tls', 'b.example default.tls'])
  })
})

// Each way to prove who one is, over HTTPS as clients do; and what is refused, which says nothing of why.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { writeKubeconfig } from '../../client/kubeconfig.ts'
import { Secret } from '../../kinds/secret.ts'
import { testPki } from '../testing/test-pki.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { readAuthenticationFlags } from './index.ts'
import { whoAmI } from './testing/who-am-i.ts'

const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const AUTHENTICATED = 'system:authenticated'

let directory: string
let test: TestServer
let webhook: https.Server
let server: { port: number; caPem: string }
let proxyPki: Awaited<ReturnType<typeof testPki>>
let reviews: unknown[]
const clock = new FakeClock(Date.now())

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-authentication-'))
  proxyPki = await testPki('front-proxy')
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text)
    return join(directory, name)
  }
  const webhookPki = await testPki()
  const { certPem, keyPem } = await webhookPki.issue('webhook')
  reviews = []
  webhook = https.createServer({ cert: certPem, key: keyPem }, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { spec } = JSON.parse(body)
    reviews.push({ path: request.url, spec })
    const status =
      spec.token === 'from-ldap'
        ? { authenticated: true, user: { username: 'ada', uid: '7', groups: ['ldap'], extra: { dn: ['uid=ada'] } } }
        : { authenticated: false }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', status }))
  })
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
  const { port } = webhook.address() as { port: number }
  const authentication = await readAuthenticationFlags(
    {
      'token-auth-file': await file(
        'tokens.csv',
        'tok-1,otter,u1,"class-a,class-b"\n# not a comment,x,y\n"t,2",with comma,u2\n',
      ),
      'basic-auth-file': await file('passwords.csv', 'se:cret,seal,u3,divers\n'),
      'enable-bootstrap-token-auth': 'true',
      'requestheader-client-ca-file': await file('proxy-ca.pem', proxyPki.caPem),
      'requestheader-allowed-names': 'front-proxy-client',
      'authentication-token-webhook-config-file': await file(
        'webhook.conf',
        writeKubeconfig({ server: `https://127.0.0.1:${port}/review`, caPem: webhookPki.caPem }),
      ),
    },
    ISSUER,
  )
  test = await startTestServer({ clock, options: { authentication } })
  server = { ...(await test.server.listen({ host: '127.0.0.1', port: 0 })), caPem: test.pki.caPem }
})
afterAll(async () => {
  await test[Symbol.asyncDispose]()
  await new Promise((resolve) => webhook.close(resolve))
  await rm(directory, { recursive: true, force: true })
})

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const basic = (pair: string) => ({ headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } })

async function bootstrapSecret(
  id: string,
  change: Record<string, string> = {},
  type = 'bootstrap.kubernetes.io/token',
) {
  const stringData = {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    ...change,
  }
  await test.client
    .of(Secret)
    .create({ metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' }, type, stringData })
}

it('knows the holder of a listed token, with its groups', async () => {
  expect(await whoAmI(server, bearer('tok-1'))).toMatchObject({
    code: 201,
    user: { username: 'otter', uid: 'u1', groups: ['class-a', 'class-b', AUTHENTICATED] },
  })
  expect((await whoAmI(server, bearer('t,2'))).user?.username).toBe('with comma')
})

it('lets names and passwords in as history, and says so', async () => {
  const told = await whoAmI(server, basic('seal:se:cret'))
  expect(told.user).toMatchObject({ username: 'seal', groups: ['divers', AUTHENTICATED] })
  expect(told.warning).toMatch(/^299 - "basic authentication was removed from Kubernetes in v1.19/)
})

it('takes the common name of a certificate for the user, organizations for groups', async () => {
  const pair = await test.pki.issue('otter', ['class-a'])
  const { user } = await whoAmI(server, { pair })
  expect(user).toMatchObject({ username: 'otter', groups: ['class-a', AUTHENTICATED] })
  expect(user?.extra?.['authentication.kubernetes.io/credential-id']?.[0]).toMatch(/^X509SHA256=[0-9a-f]{64}$/)
})

describe('bootstrap tokens', () => {
  const TOKEN = '.0123456789abcdef'

  it('stand for their id, in the group of bootstrappers and those listed', async () => {
    await bootstrapSecret('abcdef', { 'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token' })
    expect((await whoAmI(server, bearer(`abcdef${TOKEN}`))).user).toMatchObject({
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token', AUTHENTICATED],
    })
  })

  it.each([
    { why: 'has expired', id: 'aaaaa1', change: { expiration: '2020-01-01T00:00:00Z' } },
    { why: 'is not for authentication', id: 'aaaaa2', change: { 'usage-bootstrap-authentication': 'false' } },
    { why: 'has another secret', id: 'aaaaa3', change: { 'token-secret': 'fedcba9876543210' } },
    { why: 'claims a group outside', id: 'aaaaa4', change: { 'auth-extra-groups': 'system:masters' } },
    { why: 'names another id', id: 'aaaaa5', change: { 'token-id': 'zzzzzz' } },
  ] as { why: string; id: string; change: Record<string, string> }[])(
    'are refused when one $why',
    async ({ id, change }) => {
      await bootstrapSecret(id, change)
      expect((await whoAmI(server, bearer(`${id}${TOKEN}`))).code).toBe(401)
    },
  )

  it('are refused when the Secret is of another type, or not there', async () => {
    await bootstrapSecret('aaaaa6', {}, 'Opaque')
    expect((await whoAmI(server, bearer(`aaaaa6${TOKEN}`))).code).toBe(401)
    expect((await whoAmI(server, bearer(`nobody${TOKEN}`))).code).toBe(401)
  })
})

describe('a proxy in front', () => {
  const says = (headers: Record<string, string | string[]>, pair?: { certPem: string; keyPem: string }) =>
    whoAmI(server, { headers, ...(pair ? { pair } : {}) })

  it('is believed about name, groups, uid and extra', async () => {
    const pair = await proxyPki.issue('front-proxy-client')
    const headers = {
      'X-Remote-User': 'walrus',
      'X-Remote-Uid': '9',
      'X-Remote-Group': ['a', 'b'],
      'X-Remote-Extra-Acme.io%2Ffloor': 'ice',
    }
    expect((await says(headers, pair)).user).toEqual({
      username: 'walrus',
      uid: '9',
      groups: ['a', 'b', AUTHENTICATED],
      extra: { 'acme.io/floor': ['ice'] },
    })
  })

  it('is nobody without a certificate of its own authority, or of another name', async () => {
    const headers = { 'X-Remote-User': 'system:admin', 'X-Remote-Group': 'system:masters' }
    expect((await says(headers)).code, 'anonymous may not ask').toBe(403)
    expect((await says(headers, await proxyPki.issue('somebody'))).code).toBe(401)
    const client = await test.pki.issue('otter')
    expect((await says(headers, client)).user?.username, "a client's certificate makes no proxy").toBe('otter')
  })

  it("does not become a user by its authority's certificate", async () => {
    expect((await says({}, await proxyPki.issue('admin', ['system:masters']))).code).toBe(401)
  })
})

describe('a webhook', () => {
  it('is asked once for a token, and whom it names is let in', async () => {
    reviews.length = 0
    for (let time = 0; time < 3; time++) {
      expect((await whoAmI(server, bearer('from-ldap'))).user).toEqual({
        username: 'ada',
        uid: '7',
        groups: ['ldap', AUTHENTICATED],
        extra: { dn: ['uid=ada'] },
      })
    }
    expect(reviews).toEqual([{ path: '/review', spec: { token: 'from-ldap', audiences: [ISSUER] } }])
    await clock.advance(121_000)
    await whoAmI(server, bearer('from-ldap'))
    expect(reviews, 'two minutes later it is asked again').toHaveLength(2)
  })
})

it.each([
  { name: 'an unknown token', proof: bearer('nonsense') },
  { name: 'an empty token', proof: bearer('') },
  { name: 'half a token', proof: bearer('tok-') },
  { name: 'a wrong password', proof: basic('seal:wrong') },
  { name: 'an unknown name', proof: basic('nobody:') },
])('refuses $name with 401 and says no more', async ({ proof }) => {
  const { code, body } = await whoAmI(server, proof)
  expect(code).toBe(401)
  expect(JSON.parse(body)).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  })
})

it.each([
  ['has run out', -2, -1],
  ['is for later', 1, 2],
])('refuses a certificate that %s with 401', async (_what, from, to) => {
  const at = (hours: number) => new Date(Date.now() + hours * 3600_000)
  const times = { notBefore: at(from), notAfter: at(to) }
  const pair = await test.pki.issue('otter', ['system:masters'], [], times)
  expect(await whoAmI(server, { pair })).toMatchObject({ code: 401, body: expect.stringContaining('Unauthorized') })
})

it('lets another proof count when a certificate is not to be believed', async () => {
  const foreign = await (await testPki()).issue('otter', ['system:masters'])
  expect((await whoAmI(server, { pair: foreign })).code).toBe(401)
  expect((await whoAmI(server, { pair: foreign, ...bearer('tok-1') })).user?.username).toBe('otter')
})

it('tells another server whose token it is, or why it is none', async () => {
  const review = async (token: string) => {
    const body = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', spec: { token } }
    const path = '/apis/authentication.k8s.io/v1/tokenreviews'
    return ((await test.transport.request({ method: 'POST', path, body })) as { status: unknown }).status
  }
  expect(await review('tok-1')).toMatchObject({ authenticated: true, user: { username: 'otter' }, audiences: [ISSUER] })
  expect(await review('nonsense')).toEqual({ user: {}, error: '[invalid bearer token]' })
})

it("publishes the issuer of service accounts' tokens and its keys", async () => {
  const pair = await test.pki.issue('admin', ['system:masters'])
  const get = async (path: string) => JSON.parse((await whoAmI(server, { pair, path })).body)
  const document = await get('/.well-known/openid-configuration')
  expect(document).toMatchObject({ issuer: ISSUER, jwks_uri: `${ISSUER}/openid/v1/jwks` })
  const { keys } = await get('/openid/v1/jwks')
  expect(keys).toEqual([expect.objectContaining({ kty: 'EC', use: 'sig', alg: 'ES256', kid: expect.any(String) })])
  expect(keys[0].d, 'never the private part').toBeUndefined()
})

describe('anonymous requests', () => {
  it('are let in at the named paths only', async () => {
    const configuration = [
      'apiVersion: apiserver.config.k8s.io/v1',
      'kind: AuthenticationConfiguration',
      'anonymous: {enabled: true, conditions: [{path: /livez}]}',
    ].join('\n')
    await writeFile(join(directory, 'conditions.yaml'), configuration)
    const flags = { 'authentication-config': join(directory, 'conditions.yaml') }
    const authentication = await readAuthenticationFlags(flags, ISSUER)
    await using other = await startTestServer({ options: { authentication } })
    const at = { ...(await other.server.listen({ host: '127.0.0.1', port: 0 })), caPem: other.pki.caPem }
    expect((await whoAmI(at, { path: '/livez' })).code).toBe(200)
    expect((await whoAmI(at, { path: '/readyz' })).code).toBe(401)
  })

  it('can be shut out', async () => {
    const authentication = await readAuthenticationFlags({ 'anonymous-auth': 'false' }, ISSUER)
    await using other = await startTestServer({ options: { authentication } })
    const at = { ...(await other.server.listen({ host: '127.0.0.1', port: 0 })), caPem: other.pki.caPem }
    expect((await whoAmI(at, { path: '/livez' })).code).toBe(401)
  })
})

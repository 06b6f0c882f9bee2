// People of a real OpenID provider, by the flags and by a configuration with expressions.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { FakeClock } from '../../../base/clock.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { readAuthenticationFlags } from './index.ts'
import { type IdentityProvider, startIdentityProvider } from './testing/identity-provider.ts'
import { whoAmI } from './testing/who-am-i.ts'

let directory: string
let provider: IdentityProvider
const clock = new FakeClock(Date.now())
const running: TestServer[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-oidc-'))
  provider = await startIdentityProvider({
    ada: { email: 'ada@example.com', email_verified: true, groups: ['dev', 'ops'] },
    eve: { email: 'ada@example.com', email_verified: false },
  })
  await writeFile(join(directory, 'ca.pem'), provider.caPem)
})
afterAll(async () => {
  for (const test of running) await test[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function serverWith(flags: Record<string, string>) {
  const authentication = await readAuthenticationFlags(flags, 'https://kubernetes.default.svc.cluster.local')
  const test = await startTestServer({ clock, options: { authentication } })
  running.push(test)
  const at = { ...(await test.server.listen({ host: '127.0.0.1', port: 0 })), caPem: test.pki.caPem }
  return async (token: string) => {
    const { code, user } = await whoAmI(at, { headers: { authorization: `Bearer ${token}` } })
    return user ?? code
  }
}

const flags = () => ({
  'oidc-issuer-url': provider.url,
  'oidc-client-id': provider.clientId,
  'oidc-ca-file': join(directory, 'ca.pem'),
})

it('lets them in by the flags, under the name that the issuer gives', async () => {
  const who = await serverWith({ ...flags(), 'oidc-groups-claim': 'groups', 'oidc-groups-prefix': 'oidc:' })
  expect(await who(await provider.logIn('ada'))).toMatchObject({
    username: `${provider.url}#ada`,
    groups: ['oidc:dev', 'oidc:ops', 'system:authenticated'],
  })
})

it('lets nobody in by an address that is not verified', async () => {
  const who = await serverWith({ ...flags(), 'oidc-username-claim': 'email' })
  expect(await who(await provider.logIn('ada'))).toMatchObject({ username: 'ada@example.com' })
  expect(await who(await provider.logIn('eve'))).toBe(401)
})

it('lets nobody in whose token is for somebody else, changed, or signed by another', async () => {
  const token = await provider.logIn('ada')
  expect(await (await serverWith({ ...flags(), 'oidc-client-id': 'another' }))(token)).toBe(401)
  const who = await serverWith(flags())
  const [head, body = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
  expect(await who(`${head}.${changed}.${signature}`)).toBe(401)
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  expect(await who(`${none}.${body}.`)).toBe(401)
  const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(provider.caPem))
  expect(await who(forged)).toBe(401)
  expect(await who(token)).toMatchObject({ username: `${provider.url}#ada` })
})

it('asks for the keys again when they have changed', async () => {
  const who = await serverWith(flags())
  expect(await who(await provider.logIn('ada'))).toMatchObject({ username: `${provider.url}#ada` })
  provider.changeKeys()
  await clock.advance(11_000)
  expect(await who(await provider.logIn('ada'))).toMatchObject({ username: `${provider.url}#ada` })
})

it('makes users by expressions of a configuration', async () => {
  const file = join(directory, 'authentication.yaml')
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: provider.url, audiences: [provider.clientId], certificateAuthority: provider.caPem },
        claimValidationRules: [{ expression: 'claims.email_verified', message: 'verify your address first' }],
        claimMappings: {
          username: { expression: "claims.email.split('@')[0]" },
          groups: { expression: "claims.groups.map(group, 'class:' + group)" },
          extra: [{ key: 'example.com/subject', valueExpression: 'claims.sub' }],
        },
        userValidationRules: [{ expression: "!user.username.startsWith('system:')" }],
      },
    ],
  }
  await writeFile(file, stringify(configuration))
  const who = await serverWith({ 'authentication-config': file })
  expect(await who(await provider.logIn('ada'))).toEqual({
    username: 'ada',
    groups: ['class:dev', 'class:ops', 'system:authenticated'],
    extra: { 'example.com/subject': ['ada'] },
  })
  expect(await who(await provider.logIn('eve'))).toBe(401)
})

it('trusts issuers that come into the configuration while it runs, and no longer those that go', async () => {
  const file = join(directory, 'reloaded.yaml')
  const issuer = { url: provider.url, audiences: [provider.clientId], certificateAuthority: provider.caPem }
  const trusted = { issuer, claimMappings: { username: { claim: 'sub', prefix: '' } } }
  const write = (jwt: object[]) =>
    writeFile(file, stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt }))
  await write([])
  const who = await serverWith({ 'authentication-config': file })
  const token = await provider.logIn('ada')
  expect(await who(token)).toBe(401)
  await write([trusted])
  await vi.waitFor(async () => expect(await who(token)).toMatchObject({ username: 'ada' }), { timeout: 60_000 })
  const metrics = async () => String(await running.at(-1)?.transport.request({ method: 'GET', path: '/metrics' }))
  const reloads = (status: string) =>
    new RegExp(`apiserver_authentication_config_controller_automatic_reloads_total\\{.*status="${status}"\\} [1-9]`)
  expect(await metrics()).toMatch(reloads('success'))
  expect(await metrics()).toMatch(
    /apiserver_authentication_config_controller_last_config_info\{.*hash="sha256:\w{64}"\} 1/,
  )
  await writeFile(file, 'kind: Broken')
  await vi.waitFor(async () => expect(await metrics()).toMatch(reloads('failure')), { timeout: 60_000 })
  expect(await who(token), 'what was good stays').toMatchObject({ username: 'ada' })
  await write([])
  await vi.waitFor(async () => expect(await who(token)).toBe(401), { timeout: 60_000 })
})

// The provider lives in real time, so this one comes last.
it('lets nobody in whose token has expired', async () => {
  const who = await serverWith(flags())
  const token = await provider.logIn('ada')
  expect(await who(token)).toMatchObject({ username: `${provider.url}#ada` })
  await clock.advance(2 * 3600_000)
  expect(await who(token)).toBe(401)
})

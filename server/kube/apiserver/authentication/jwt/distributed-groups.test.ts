// Tokens whose groups are told at another place: an issuer and such a place, both on loopback.

import https from 'node:https'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../../base/clock.ts'
import { testPki } from '../../testing/test-pki.ts'
import { SIGNING_ALGORITHMS } from './configuration.ts'
import { jwtAuthenticator } from './jwt-authenticator.ts'

let server: https.Server
let url: string
let caPem: string
let key: CryptoKey
/** What the place answers with, and whom it was told the asker is. */
let groupsToken = ''
let bearer: string | undefined
beforeAll(async () => {
  const pki = await testPki('issuer of distributed claims')
  const pair = await pki.issue('issuer')
  const keys = await generateKeyPair('ES256')
  key = keys.privateKey
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] }
  server = https.createServer({ cert: pair.certPem, key: pair.keyPem }, (request, response) => {
    if (request.url === '/groups') {
      bearer = request.headers.authorization
      return response.end(groupsToken)
    }
    const found = request.url === '/jwks' ? jwks : { issuer: url, jwks_uri: `${url}/jwks` }
    response.end(JSON.stringify(found))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as { port: number }).port}`
  caPem = pki.caPem
})
afterAll(() => new Promise((closed) => server.close(closed)))
beforeEach(async () => {
  groupsToken = await signed({ groups: ['dev', 'ops'] })
  bearer = undefined
})

const signed = (claims: JWTPayload, with_: CryptoKey = key) =>
  new SignJWT({ iss: url, aud: 'kubernetes', sub: 'ada', exp: systemClock.now() / 1000 + 3600, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(with_)

const elsewhere = () => ({
  _claim_names: { groups: 'place' },
  _claim_sources: { place: { endpoint: `${url}/groups`, access_token: 'of-the-place' } },
})

async function groupsOf(claims: JWTPayload): Promise<readonly string[] | undefined> {
  const authenticator = jwtAuthenticator(
    {
      url,
      caPem,
      audiences: ['kubernetes'],
      algorithms: SIGNING_ALGORITHMS,
      rules: [],
      username: { type: 'claim', claim: 'sub', prefix: '' },
      groups: { type: 'claim', claim: 'groups', prefix: 'oidc:' },
      extra: [],
      userRules: [],
    },
    systemClock,
  )
  return (await authenticator.authenticate(await signed(claims), []))?.user.groups
}

it('fetches them there with the token that the place wants', async () => {
  expect(await groupsOf(elsewhere())).toEqual(['oidc:dev', 'oidc:ops'])
  expect(bearer).toBe('Bearer of-the-place')
})

it('believes what stands in the token itself, and asks nobody where there is nobody to ask', async () => {
  expect(await groupsOf({ ...elsewhere(), groups: ['own'] })).toEqual(['oidc:own'])
  expect(await groupsOf({ _claim_names: { roles: 'place' }, _claim_sources: {} })).toEqual([])
  expect(await groupsOf({ _claim_names: { groups: 'a' }, _claim_sources: { a: { JWT: groupsToken } } })).toEqual([])
  expect(bearer).toBeUndefined()
})

it.each<[what: string, token: () => Promise<string>, words: string]>([
  [
    'is signed by another',
    async () => signed({ groups: ['root'] }, (await generateKeyPair('ES256')).privateKey),
    'signature verification failed',
  ],
  ['is for somebody else', () => signed({ groups: ['root'], aud: 'another' }), 'unexpected "aud" claim value'],
  ['has expired', () => signed({ groups: ['root'], exp: 1 }), '"exp" claim timestamp check failed'],
  ['says nothing of groups', () => signed({}), 'did not contain claim: groups'],
])('lets nobody in when what the place answers %s', async (_what, token, words) => {
  groupsToken = await token()
  await expect(groupsOf(elsewhere())).rejects.toThrow(words)
})

it('lets nobody in when the token names a place and does not say which', async () => {
  await expect(groupsOf({ _claim_names: { groups: 'place' } })).rejects.toThrow('oidc: no claim sources')
  await expect(groupsOf({ ...elsewhere(), _claim_sources: {} })).rejects.toThrow('no source for distributed claim')
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readAuthenticationFlags } from './flags.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-flags-'))
  await writeFile(join(directory, 'short.csv'), 'token,user,uid\ntoken,user\n')
  await writeFile(join(directory, 'quote.csv'), 'token,"user,uid\n')
  await writeFile(
    join(directory, 'anonymous.yaml'),
    'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\nanonymous: {enabled: false}\n',
  )
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const read = (flags: Record<string, string>) => readAuthenticationFlags(flags, 'https://own.example')
const file = (name: string) => join(directory, name)

it('takes the client id for the audience, and names users after their issuer unless by address', async () => {
  const flags = { 'oidc-issuer-url': 'https://id.example', 'oidc-client-id': 'kubernetes' }
  expect((await read(flags)).jwt).toMatchObject([
    {
      url: 'https://id.example',
      audiences: ['kubernetes'],
      algorithms: ['RS256'],
      username: { claim: 'sub', prefix: 'https://id.example#' },
    },
  ])
  const username = async (more: Record<string, string>) => (await read({ ...flags, ...more })).jwt[0]?.username
  expect(await username({ 'oidc-username-claim': 'email' })).toMatchObject({ claim: 'email', prefix: '' })
  expect(await username({ 'oidc-username-prefix': '-' })).toMatchObject({ claim: 'sub', prefix: '' })
  expect(await username({ 'oidc-username-prefix': 'oidc:' })).toMatchObject({ prefix: 'oidc:' })
})

it.each([
  { flags: { 'token-file': 'x' }, words: 'unknown flag: --token-file; known are --anonymous-auth' },
  { flags: { 'token-auth-file': '/nowhere.csv' }, words: '--token-auth-file: ENOENT' },
  { flags: { 'anonymous-auth': 'no' }, words: 'invalid argument "no" for "--anonymous-auth" flag' },
  { flags: { 'oidc-client-id': 'a' }, words: 'oidc-issuer-url and oidc-client-id must be specified together' },
  { flags: { 'oidc-issuer-url': 'http://id', 'oidc-client-id': 'a' }, words: '"http://id" must begin with https://' },
  {
    flags: { 'oidc-issuer-url': 'https://id', 'oidc-client-id': 'a', 'oidc-signing-algs': 'HS256' },
    words: 'unsupported signing alg "HS256"',
  },
  { flags: { 'authentication-token-webhook-config-file': '/nowhere' }, words: 'webhook-config-file: ENOENT' },
] as { flags: Record<string, string>; words: string }[])('says what is wrong with $flags', async ({ flags, words }) => {
  await expect(read(flags)).rejects.toThrow(words)
})

it('says which line of a file is wrong', async () => {
  await expect(read({ 'token-auth-file': file('short.csv') })).rejects.toThrow(
    'short.csv: line 2 has 2 of at least 3 columns: token, user name, user uid',
  )
  await expect(read({ 'basic-auth-file': file('quote.csv') })).rejects.toThrow('quote.csv: Quote Not Closed')
})

it('takes anonymous requests and issuers from one place only', async () => {
  const flags = { 'authentication-config': file('anonymous.yaml') }
  expect((await read(flags)).anonymous).toEqual({ enabled: false })
  await expect(read({ ...flags, 'anonymous-auth': 'true' })).rejects.toThrow('--anonymous-auth flag cannot be set')
  await expect(read({ ...flags, 'oidc-client-id': 'a' })).rejects.toThrow('mutually exclusive')
})

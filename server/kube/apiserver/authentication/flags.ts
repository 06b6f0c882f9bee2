// kube-apiserver's flags about who somebody is, by upstream's names; the files they name are read here, once.
// Upstream: kubernetes/pkg/kubeapiserver/options/authentication.go.

import { readFile } from 'node:fs/promises'
import { goDurationMs } from '../../apimachinery/go-duration.ts'
import { type ClientConfig, loadKubeconfig } from '../../client/kubeconfig.ts'
import type { ConfigurationFile } from '../configuration/watched-file.ts'
import { AUTHENTICATION_FLAGS } from './flag-names.ts'
import type { FrontProxyOptions } from './front-proxy.ts'
import { type AuthenticationConfiguration, type JwtIssuer, SIGNING_ALGORITHMS } from './jwt/configuration.ts'
import { readAuthenticationConfiguration } from './jwt/read-configuration.ts'
import { type ListedUser, readUserFile } from './user-file.ts'

/** `{ 'token-auth-file': '/etc/kubernetes/tokens.csv' }` */
export type Flags = Readonly<Record<string, string>>

export interface AuthenticationSettings {
  tokenFile?: ListedUser[]
  basicAuthFile?: ListedUser[]
  bootstrapTokens: boolean
  jwt: JwtIssuer[]
  /** Where the issuers are read again; what it says of anonymous requests counts from the start only, as upstream. */
  configuration?: ConfigurationFile<JwtIssuer[]>
  anonymous: { enabled: boolean; paths?: string[] }
  webhook?: { config: ClientConfig; version: 'v1' | 'v1beta1'; cacheTtlMs: number }
  frontProxy?: FrontProxyOptions
  /** Of tokens for this server; the issuer of service accounts' tokens when nobody says. */
  audiences?: string[]
}

export const NO_FLAGS: AuthenticationSettings = { bootstrapTokens: false, jwt: [], anonymous: { enabled: true } }

/** Throws in words for whoever wrote the flags. `ownIssuer`: of service accounts' tokens. */
export async function readAuthenticationFlags(flags: Flags, ownIssuer: string): Promise<AuthenticationSettings> {
  const unknown = Object.keys(flags).find((name) => !AUTHENTICATION_FLAGS.includes(name))
  if (unknown)
    throw new Error(
      `unknown flag: --${unknown}; known are ${AUTHENTICATION_FLAGS.map((name) => `--${name}`).join(', ')}`,
    )
  const read = async (name: string) => {
    const file = flags[name]
    if (!file) return undefined
    try {
      return await readFile(file, 'utf8')
    } catch (err) {
      throw new Error(`--${name}: ${(err as Error).message}`, { cause: err })
    }
  }
  const users = async (name: string, what: string) => {
    const text = await read(name)
    return text === undefined ? undefined : readUserFile(text, { file: flags[name]!, what })
  }
  const [tokenFile, basicAuthFile] = [
    await users('token-auth-file', 'token'),
    await users('basic-auth-file', 'password'),
  ]
  const configuration = configurationOf(flags, await read('authentication-config'), ownIssuer)
  const frontProxy = frontProxyOf(flags, await read('requestheader-client-ca-file'))
  const webhook = webhookOf(flags)
  const audiences = listOf(flags['api-audiences'])
  return {
    ...(tokenFile ? { tokenFile } : {}),
    ...(basicAuthFile ? { basicAuthFile } : {}),
    bootstrapTokens: booleanOf(flags, 'enable-bootstrap-token-auth', false),
    jwt: configuration?.told.jwt ?? (await oidcOf(flags, await read('oidc-ca-file'))),
    ...(configuration ? { configuration: configuration.file } : {}),
    anonymous: anonymousOf(flags, configuration?.told),
    ...(webhook ? { webhook } : {}),
    ...(frontProxy ? { frontProxy } : {}),
    ...(audiences.length > 0 ? { audiences } : {}),
  }
}

const listOf = (text = '') =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

function booleanOf(flags: Flags, name: string, otherwise: boolean): boolean {
  const text = flags[name]
  if (text === undefined) return otherwise
  if (text !== 'true' && text !== 'false') {
    throw new Error(`invalid argument "${text}" for "--${name}" flag: must be true or false`)
  }
  return text === 'true'
}

function configurationOf(flags: Flags, source: string | undefined, ownIssuer: string) {
  if (source === undefined) return undefined
  if (Object.keys(flags).some((name) => name.startsWith('oidc-'))) {
    throw new Error('authentication-config file and oidc-* flags are mutually exclusive')
  }
  const path = flags['authentication-config']!
  const read = (text: string) => readAuthenticationConfiguration(text, { file: path, ownIssuer })
  return { told: read(source), file: { path, source, read: (text: string) => read(text).jwt } }
}

function anonymousOf(flags: Flags, configuration: AuthenticationConfiguration | undefined) {
  const { anonymous } = configuration ?? {}
  if (anonymous && flags['anonymous-auth'] !== undefined) {
    throw new Error(
      '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    )
  }
  if (!anonymous) return { enabled: booleanOf(flags, 'anonymous-auth', true) }
  const paths = anonymous.conditions?.map(({ path }) => path)
  return { enabled: anonymous.enabled, ...(paths ? { paths } : {}) }
}

/** The flags from before there was a configuration: one issuer, claims by name. */
async function oidcOf(flags: Flags, caPem: string | undefined): Promise<JwtIssuer[]> {
  const { 'oidc-issuer-url': url, 'oidc-client-id': clientId } = flags
  if (!url && !clientId) return []
  if (!url || !clientId)
    throw new Error('oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set')
  if (!url.startsWith('https://')) throw new Error(`--oidc-issuer-url: "${url}" must begin with https://`)
  const usernameClaim = flags['oidc-username-claim'] ?? 'sub'
  const told = flags['oidc-username-prefix']
  // Names of several issuers must not meet; an address is one's own everywhere.
  const usual = usernameClaim === 'email' ? '' : `${url}#`
  const groupsClaim = flags['oidc-groups-claim']
  return [
    {
      url,
      ...(caPem ? { caPem } : {}),
      audiences: [clientId],
      algorithms: algorithmsOf(flags['oidc-signing-algs'] ?? 'RS256'),
      rules: listOf(flags['oidc-required-claim']).map((pair) => {
        const [claim = '', requiredValue = ''] = pair.split('=', 2)
        return { type: 'claim', claim, requiredValue }
      }),
      username: { type: 'claim', claim: usernameClaim, prefix: told === '-' ? '' : (told ?? usual) },
      ...(groupsClaim
        ? { groups: { type: 'claim', claim: groupsClaim, prefix: flags['oidc-groups-prefix'] ?? '' } as const }
        : {}),
      extra: [],
      userRules: [],
    },
  ]
}

function algorithmsOf(text: string): string[] {
  const algorithms = listOf(text)
  const unknown = algorithms.find((one) => !SIGNING_ALGORITHMS.includes(one))
  if (unknown) {
    throw new Error(
      `--oidc-signing-algs: unsupported signing alg "${unknown}"; supported are ${SIGNING_ALGORITHMS.join(', ')}`,
    )
  }
  return algorithms
}

function webhookOf(flags: Flags): AuthenticationSettings['webhook'] {
  const file = flags['authentication-token-webhook-config-file']
  if (!file) return undefined
  const version = flags['authentication-token-webhook-version'] ?? 'v1beta1'
  if (version !== 'v1' && version !== 'v1beta1') {
    throw new Error(`--authentication-token-webhook-version: "${version}" is neither v1 nor v1beta1`)
  }
  const ttl = flags['authentication-token-webhook-cache-ttl'] ?? '2m'
  const cacheTtlMs = goDurationMs(ttl)
  if (cacheTtlMs === undefined) {
    throw new Error(`--authentication-token-webhook-cache-ttl: "${ttl}" is no time such as 30s or 2m`)
  }
  try {
    return { config: loadKubeconfig(file), version, cacheTtlMs }
  } catch (err) {
    throw new Error(`--authentication-token-webhook-config-file: ${(err as Error).message}`, { cause: err })
  }
}

function frontProxyOf(flags: Flags, caPem: string | undefined): FrontProxyOptions | undefined {
  if (caPem === undefined) return undefined
  const lower = (name: string, usual: string) => listOf(flags[name] ?? usual).map((one) => one.toLowerCase())
  return {
    caPem,
    allowedNames: listOf(flags['requestheader-allowed-names']),
    usernameHeaders: lower('requestheader-username-headers', 'x-remote-user'),
    uidHeaders: lower('requestheader-uid-headers', 'x-remote-uid'),
    groupHeaders: lower('requestheader-group-headers', 'x-remote-group'),
    extraHeaderPrefixes: lower('requestheader-extra-headers-prefix', 'x-remote-extra-'),
  }
}

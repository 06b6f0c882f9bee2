// Reads and writes kubeconfig files: the current context's server, its CA and how to prove who one is.
// Upstream: client-go/tools/clientcmd.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { writeYaml } from '../apimachinery/yaml.ts'

/** How to reach an API server and as whom. PEM texts, not paths. */
export interface ClientConfig {
  server: string
  caPem?: string
  certPem?: string
  keyPem?: string
  /** In place of the texts, where somebody renews what lies there. */
  certFile?: string
  keyFile?: string
  token?: string
  /** Read again now and then, as projected tokens are renewed. */
  tokenFile?: string
  insecureSkipTlsVerify?: boolean
  tlsServerName?: string
  namespace?: string
}

export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}

export function loadKubeconfig(path: string): ClientConfig {
  return parseKubeconfig(readFileSync(path, 'utf8'), dirname(path))
}

/** Relative file names inside are meant from `directory`. */
export function parseKubeconfig(text: string, directory = '.'): ClientConfig {
  const config = asRecord(parse(text), 'kubeconfig')
  const contextName = asText(config['current-context'])
  if (!contextName) throw new KubeconfigError('no current-context is set')
  const context = named(config, 'contexts', 'context', contextName)
  const cluster = named(config, 'clusters', 'cluster', asText(context.cluster) ?? '')
  const user = context.user ? named(config, 'users', 'user', asText(context.user) ?? '') : {}
  const server = asText(cluster.server)
  if (!server) throw new KubeconfigError(`cluster "${asText(context.cluster)}" has no server`)
  const pem = (from: Record<string, unknown>, name: string) => {
    const data = asText(from[`${name}-data`])
    if (data) return Buffer.from(data, 'base64').toString('utf8')
    const file = asText(from[name])
    return file ? readFileSync(resolve(directory, file), 'utf8') : undefined
  }
  const tokenFile = asText(user.tokenFile)
  return defined({
    server,
    caPem: pem(cluster, 'certificate-authority'),
    certPem: pem(user, 'client-certificate'),
    keyPem: pem(user, 'client-key'),
    token: asText(user.token),
    tokenFile: tokenFile && resolve(directory, tokenFile),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true || undefined,
    tlsServerName: asText(cluster['tls-server-name']),
    namespace: asText(context.namespace),
  })
}

export function writeKubeconfig(
  config: ClientConfig,
  { cluster = 'kubernetes', user = 'kubernetes-admin' }: { cluster?: string; user?: string } = {},
): string {
  const context = `${user}@${cluster}`
  return writeContexts({ ...config, name: cluster }, { [context]: { ...config, user } }, context)
}

type ClusterEntry = { name: string } & Pick<
  ClientConfig,
  'server' | 'caPem' | 'insecureSkipTlsVerify' | 'tlsServerName'
>
type ContextEntry = { user: string } & Pick<
  ClientConfig,
  'certPem' | 'keyPem' | 'certFile' | 'keyFile' | 'token' | 'tokenFile' | 'namespace'
>

/** Several people of one cluster; `current` names the context that counts until another is chosen. */
export function writeContexts(
  { name: cluster, ...told }: ClusterEntry,
  contexts: Readonly<Record<string, ContextEntry>>,
  current: string,
): string {
  const base64 = (text: string | undefined) => text && Buffer.from(text).toString('base64')
  return writeYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: defined({
          server: told.server,
          'certificate-authority-data': base64(told.caPem),
          'insecure-skip-tls-verify': told.insecureSkipTlsVerify,
          'tls-server-name': told.tlsServerName,
        }),
      },
    ],
    users: Object.values(contexts).map(({ user, certPem, keyPem, certFile, keyFile, token, tokenFile }) => ({
      name: user,
      user: defined({
        'client-certificate': certFile,
        'client-certificate-data': base64(certPem),
        'client-key': keyFile,
        'client-key-data': base64(keyPem),
        token,
        tokenFile,
      }),
    })),
    contexts: Object.entries(contexts).map(([name, { user, namespace }]) => ({
      name,
      context: defined({ cluster, user, namespace }),
    })),
    'current-context': current,
    preferences: {},
  })
}

function named(config: Record<string, unknown>, list: string, field: string, name: string): Record<string, unknown> {
  const entries = Array.isArray(config[list]) ? config[list] : []
  const entry = entries.map((item) => asRecord(item, list)).find((item) => item.name === name)
  if (!entry) throw new KubeconfigError(`${field} "${name}" does not exist`)
  return asRecord(entry[field] ?? {}, `${field} "${name}"`)
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new KubeconfigError(`${what} is not an object`)
  }
  return value as Record<string, unknown>
}

const asText = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** Without the fields that are undefined. */
function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

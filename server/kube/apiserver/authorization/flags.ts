// kube-apiserver's flags about who may do what: the chain of authorizers, from a list of modes or from an
// AuthorizationConfiguration.
// Upstream: kubernetes/pkg/kubeapiserver/options/authorization.go, apiserver/pkg/apis/apiserver/validation.

import { readFile } from 'node:fs/promises'
import { goDurationMs } from '../../apimachinery/go-duration.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import type { ConfigurationFile } from '../configuration/watched-file.ts'
import { readPolicyFile } from './abac.ts'
import { AUTHORIZATION_FLAGS } from './flag-names.ts'
import { readAuthorizationConfiguration, TYPES } from './read-configuration.ts'
import type { AuthorizationSettings, AuthorizerSettings } from './settings.ts'
import type { WebhookAuthorizerOptions } from './webhook-authorizer.ts'

/** Throws in words for whoever wrote the flags. */
export async function readAuthorizationFlags(flags: Readonly<Record<string, string>>): Promise<AuthorizationSettings> {
  const file = flags['authorization-config']
  if (file) {
    const others = Object.keys(flags).filter(
      (name) => name !== 'authorization-config' && AUTHORIZATION_FLAGS.includes(name),
    )
    if (others.length > 0) {
      throw new Error(
        `--authorization-config can not be specified when ${others.map((name) => `--${name}`).join(', ')} is`,
      )
    }
    return readAuthorizationConfiguration(await read('authorization-config', file), file)
  }
  const modes = (flags['authorization-mode'] ?? 'Node,RBAC').split(',').map((mode) => mode.trim())
  assertModes(modes, flags)
  return Promise.all(modes.map((mode) => authorizerOf(mode, flags)))
}

/** What is read again while the server runs; undefined when modes were told by flags. */
export async function authorizationFile(
  flags: Readonly<Record<string, string>>,
): Promise<ConfigurationFile<AuthorizationSettings> | undefined> {
  const path = flags['authorization-config']
  if (!path) return undefined
  const source = await read('authorization-config', path)
  return { path, source, read: (text) => readAuthorizationConfiguration(text, path) }
}

async function read(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (err) {
    throw new Error(`--${name}: ${(err as Error).message}`, { cause: err })
  }
}

function assertModes(modes: readonly string[], flags: Readonly<Record<string, string>>): void {
  const unknown = modes.find((mode) => !TYPES.includes(mode))
  if (unknown !== undefined) {
    throw new Error(`authorization-mode "${unknown}" is not a valid mode; there are ${TYPES.join(', ')}`)
  }
  const twice = modes.find((mode, index) => modes.indexOf(mode) < index)
  if (twice) throw new Error(`authorization-mode "${twice}" is there more than once`)
  for (const [mode, flag] of [
    ['ABAC', 'authorization-policy-file'],
    ['Webhook', 'authorization-webhook-config-file'],
  ] as const) {
    if (modes.includes(mode) && !flags[flag]) {
      throw new Error(`authorization-mode ${mode}'s authorization config file not passed: --${flag}`)
    }
    if (!modes.includes(mode) && flags[flag]) {
      throw new Error(`cannot specify --${flag} without mode ${mode}`)
    }
  }
}

async function authorizerOf(mode: string, flags: Readonly<Record<string, string>>): Promise<AuthorizerSettings> {
  switch (mode) {
    case 'ABAC': {
      const file = flags['authorization-policy-file']!
      return { type: 'ABAC', policies: readPolicyFile(await read('authorization-policy-file', file), file) }
    }
    case 'Webhook':
      return { type: 'Webhook', webhook: webhookOf(flags) }
    default:
      return { type: mode as 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny' }
  }
}

function webhookOf(flags: Readonly<Record<string, string>>): WebhookAuthorizerOptions {
  const version = flags['authorization-webhook-version'] ?? 'v1beta1'
  if (version !== 'v1' && version !== 'v1beta1') {
    throw new Error(`--authorization-webhook-version: "${version}" is neither v1 nor v1beta1`)
  }
  const ttl = (kind: string, usual: string) => {
    const name = `authorization-webhook-cache-${kind}-ttl`
    const ms = goDurationMs(flags[name] ?? usual)
    if (ms === undefined) throw new Error(`--${name}: "${flags[name]}" is no time such as 30s or 5m`)
    return ms
  }
  return {
    name: 'Webhook',
    config: loadKubeconfig(flags['authorization-webhook-config-file']!),
    version,
    timeoutMs: 30_000,
    authorizedTtlMs: ttl('authorized', '5m'),
    unauthorizedTtlMs: ttl('unauthorized', '30s'),
    failurePolicy: 'NoOpinion',
    matchConditions: [],
  }
}

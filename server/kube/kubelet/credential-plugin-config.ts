// Which programs of the machine know credentials for which registries: a CredentialProviderConfig, named by the kubelet's flags
// as kubeadm keeps them.
//
//   /var/lib/kubelet/kubeadm-flags.env   KUBELET_KUBEADM_ARGS="--image-credential-provider-config=FILE
//                                          --image-credential-provider-bin-dir=FOLDER"
//
// Upstream: pkg/credentialprovider/plugin/config.go.

import { parse } from 'yaml'
import { goDurationMs } from '../apimachinery/go-duration.ts'
import { labelKeyProblems } from '../apimachinery/names.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { KUBELET_FLAGS, kubeletFlag } from './kubelet-flags.ts'

const API_VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `credentialprovider.kubelet.k8s.io/${version}`)

export interface CredentialPlugin {
  name: string
  matchImages: string[]
  defaultCacheDuration: string
  apiVersion: string
  args?: string[]
  env?: { name: string; value: string }[]
  /** What it shall know of whose pod it is. */
  tokenAttributes?: TokenAttributes
}

export interface TokenAttributes {
  serviceAccountTokenAudience: string
  /** What answers are for: an account, or one token of it. */
  cacheType: 'ServiceAccount' | 'Token'
  /** Else it is asked for pods without an account, too. */
  requireServiceAccount: boolean
  requiredServiceAccountAnnotationKeys?: string[]
  optionalServiceAccountAnnotationKeys?: string[]
}

export interface CredentialPluginConfig {
  folder: string
  plugins: CredentialPlugin[]
}

/** Undefined where no flag names any. Rejects with what is wrong. */
export async function readCredentialPlugins(os: NodeOs): Promise<CredentialPluginConfig | undefined> {
  const flags = (await os.readFile(KUBELET_FLAGS)) ?? ''
  const told = (flag: string) => kubeletFlag(flags, `image-credential-provider-${flag}`)
  const [path, folder] = [told('config'), told('bin-dir')]
  if (!path && !folder) return undefined
  if (!path || !folder) {
    throw new Error(
      'both --image-credential-provider-config and --image-credential-provider-bin-dir must be set in order to use image credential providers',
    )
  }
  const text = await os.readFile(path)
  if (text === undefined) throw new Error(`unable to access path "${path}": no such file or directory`)
  const config = parse(text) as { kind?: string; apiVersion?: string; providers?: CredentialPlugin[] } | undefined
  if (config?.kind !== 'CredentialProviderConfig') {
    throw new Error(`error decoding config "${path}": failed to decode "${config?.kind ?? ''}" (wrong Kind)`)
  }
  const plugins = config.providers ?? []
  const problems = plugins.length === 0 ? [NONE] : plugins.flatMap((plugin) => problemsOf(plugin, plugins))
  if (problems.length > 0) {
    const [only = ''] = problems
    const all = problems.length === 1 ? only : `[${problems.join(', ')}]`
    throw new Error(`failed to validate credential provider config: ${all}`)
  }
  return { folder, plugins }
}

const NONE = 'providers: Required value: at least 1 item in plugins is required'

function problemsOf(plugin: CredentialPlugin, all: readonly CredentialPlugin[]): string[] {
  const { name, matchImages = [], defaultCacheDuration, apiVersion } = plugin
  const problems: string[] = []
  const invalid = (field: string, value: string, why: string) =>
    problems.push(`providers.${field}: Invalid value: "${value}": ${why}`)
  if (name.includes('/')) invalid('name', name, "provider name cannot contain '/'")
  if (name.includes(' ')) invalid('name', name, 'provider name cannot contain spaces')
  if (name === '.' || name === '..') invalid('name', name, `provider name cannot be '${name}'`)
  if (all.findIndex((one) => one.name === name) !== all.indexOf(plugin)) {
    problems.push(`providers.name: Duplicate value: "${name}"`)
  }
  if (!apiVersion) problems.push('providers.apiVersion: Required value')
  else if (!API_VERSIONS.includes(apiVersion)) {
    const known = [...API_VERSIONS].sort().map((version) => `"${version}"`)
    problems.push(`providers.apiVersion: Unsupported value: "${apiVersion}": supported values: ${known.join(', ')}`)
  }
  if (matchImages.length === 0) {
    problems.push('providers.matchImages: Required value: at least 1 item in matchImages is required')
  }
  if (defaultCacheDuration === undefined) problems.push('providers.defaultCacheDuration: Required value')
  else if (goDurationMs(defaultCacheDuration) === undefined) {
    invalid('defaultCacheDuration', defaultCacheDuration, 'must be a duration, as 10m is, and not less than 0s')
  }
  return [...problems, ...(plugin.tokenAttributes ? tokenProblemsOf(plugin.tokenAttributes, apiVersion) : [])]
}

function tokenProblemsOf(told: Partial<TokenAttributes>, apiVersion: string): string[] {
  const { requiredServiceAccountAnnotationKeys: required = [], optionalServiceAccountAnnotationKeys: optional = [] } =
    told
  const field = 'providers.tokenAttributes'
  const problems: string[] = []
  if (!told.serviceAccountTokenAudience) problems.push(`${field}.serviceAccountTokenAudience: Required value`)
  if (told.requireServiceAccount === undefined) problems.push(`${field}.requireServiceAccount: Required value`)
  if (apiVersion !== API_VERSIONS[0]) {
    problems.push(`${field}: Forbidden: tokenAttributes is only supported for ${API_VERSIONS[0]} API version`)
  }
  if (told.requireServiceAccount === false && required.length > 0) {
    const why = 'requireServiceAccount cannot be false when requiredServiceAccountAnnotationKeys is set'
    problems.push(`${field}.requiredServiceAccountAnnotationKeys: Forbidden: ${why}`)
  }
  problems.push(...keyProblemsOf(`${field}.requiredServiceAccountAnnotationKeys`, required))
  problems.push(...keyProblemsOf(`${field}.optionalServiceAccountAnnotationKeys`, optional))
  const both = required.filter((key) => optional.includes(key)).sort()
  if (both.length > 0) {
    const why = 'annotation keys cannot be both required and optional'
    problems.push(`${field}: Invalid value: ${JSON.stringify(both)}: ${why}`)
  }
  if (!told.cacheType) {
    const why = `cacheType is required to be set when tokenAttributes is specified. Supported values are: ${CACHE_TYPES.join(', ')}`
    problems.push(`${field}.cacheType: Required value: ${why}`)
  } else if (!CACHE_TYPES.includes(told.cacheType)) {
    const known = CACHE_TYPES.map((type) => `"${type}"`).join(', ')
    problems.push(`${field}.cacheType: Unsupported value: "${told.cacheType}": supported values: ${known}`)
  }
  return problems
}

const CACHE_TYPES = ['ServiceAccount', 'Token']

const keyProblemsOf = (field: string, keys: readonly string[]) =>
  keys.flatMap((key, at) => [
    ...labelKeyProblems(key.toLowerCase()).map((why) => `${field}: Invalid value: "${key}": ${why}`),
    ...(keys.indexOf(key) < at ? [`${field}: Duplicate value: "${key}"`] : []),
  ])

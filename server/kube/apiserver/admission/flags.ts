// kube-apiserver's flags about admission. The files they name are read here, once.
// Upstream: apiserver/pkg/server/options/admission.go, apiserver/pkg/admission/config.go.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Toleration } from 'kubernetes-types/core/v1'
import { parse } from 'yaml'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { isPluginName, ON_BY_DEFAULT, type PluginName } from './plugin-names.ts'
import { defaultsOf } from './pod-security/policy.ts'
import type { LimitedResource } from './quota/limited.ts'
import { type AdmissionSettings, type EventLimit, USUAL_ADMISSION } from './settings.ts'
import { readWebhookCredentials } from './webhooks/credentials.ts'

const VERSIONS = ['v1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`)
const LIMIT_TYPES = ['Server', 'Namespace', 'User', 'SourceAndObject']
const USUAL_CACHE = 4096

/** Throws in words for whoever wrote the flags. */
export function readAdmissionFlags(flags: Readonly<Record<string, string>>): AdmissionSettings {
  const enable = namesOf(flags, 'enable-admission-plugins')
  const disable = namesOf(flags, 'disable-admission-plugins')
  const both = enable.filter((name) => disable.includes(name))
  if (both.length > 0) {
    throw new Error(`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`)
  }
  const enabled = new Set([...ON_BY_DEFAULT, ...enable].filter((name) => !disable.includes(name)))
  const file = flags['admission-control-config-file']
  return { ...USUAL_ADMISSION, ...(file ? readConfiguration(file) : {}), enabled }
}

function namesOf(flags: Readonly<Record<string, string>>, flag: string): PluginName[] {
  const names = (flags[flag] ?? '').split(',').map((name) => name.trim())
  return names.filter(Boolean).map((name) => {
    if (!isPluginName(name)) throw new Error(`${flag} plugin ${JSON.stringify(name)} is unknown`)
    return name
  })
}

function readConfiguration(file: string): Partial<AdmissionSettings> {
  const told = readFile(file)
  if (told.kind !== 'AdmissionConfiguration' || !VERSIONS.includes(String(told.apiVersion))) {
    throw new Error(
      `${file}: no kind "${told.kind ?? ''}" is registered for version "${told.apiVersion ?? ''}"; ` +
        `expected AdmissionConfiguration of ${VERSIONS.join(', ')}`,
    )
  }
  const settings: Partial<AdmissionSettings> = {}
  for (const plugin of listOf(told.plugins).filter(isJsonObject)) {
    const name = String(plugin.name ?? '')
    if (!isPluginName(name)) throw new Error(`${file}: plugin ${JSON.stringify(name)} is unknown`)
    const path = plugin.path ? resolve(dirname(file), String(plugin.path)) : file
    const configuration = plugin.path ? readFile(path) : plugin.configuration
    if (isJsonObject(configuration)) Object.assign(settings, settingsOf(name, configuration, path))
  }
  return settings
}

function readFile(file: string): JsonObject {
  try {
    const told: unknown = parse(readFileSync(file, 'utf8'))
    return isJsonObject(told) ? told : {}
  } catch (err) {
    throw new Error(`--admission-control-config-file: ${file}: ${(err as Error).message}`, { cause: err })
  }
}

function settingsOf(name: PluginName, told: JsonObject, file: string): Partial<AdmissionSettings> {
  switch (name) {
    case 'PodSecurity': {
      const exempt = objectOf(told.exemptions)
      const [usernames, namespaces] = [textsOf(exempt.usernames), textsOf(exempt.namespaces)]
      const exemptions = { usernames, namespaces, runtimeClasses: textsOf(exempt.runtimeClasses) }
      return { podSecurity: { defaults: defaultsOf(objectOf(told.defaults), file), exemptions } }
    }
    case 'PodNodeSelector':
      return { podNodeSelector: objectOf(told.podNodeSelectorPluginConfig) as Record<string, string> }
    case 'PodTolerationRestriction': {
      const tolerations = (value: JsonValue | undefined) => listOf(value) as unknown as Toleration[]
      return { podTolerations: { default: tolerations(told.default), whitelist: tolerations(told.whitelist) } }
    }
    case 'EventRateLimit':
      return {
        eventLimits: listOf(told.limits).map((limit, index) => limitOf(objectOf(limit), `${file}: limits[${index}]`)),
      }
    case 'ResourceQuota':
      return { limitedResources: listOf(told.limitedResources).map((one, at) => limitedOf(objectOf(one), at, file)) }
    case 'ImagePolicyWebhook':
      return { imagePolicy: imagePolicyOf(objectOf(told.imagePolicy), file) }
    case 'MutatingAdmissionWebhook':
      return { mutatingWebhooks: readWebhookCredentials(kubeconfigOf(told.kubeConfigFile, file)) }
    case 'ValidatingAdmissionWebhook':
      return { validatingWebhooks: readWebhookCredentials(kubeconfigOf(told.kubeConfigFile, file)) }
    default:
      throw new Error(`${file}: plugin ${JSON.stringify(name)} takes no configuration here`)
  }
}

function limitOf({ type, qps, burst, cacheSize }: JsonObject, at: string): EventLimit {
  if (!LIMIT_TYPES.includes(String(type))) {
    const supported = [...LIMIT_TYPES].sort().map((one) => JSON.stringify(one))
    throw new Error(`${at}.type: Unsupported value: "${type ?? ''}": supported values: ${supported.join(', ')}`)
  }
  for (const [name, value] of Object.entries({ qps, burst })) {
    if (!(Number(value) > 0)) throw new Error(`${at}.${name}: Invalid value: ${value ?? 0}: must be positive`)
  }
  const size = Number(cacheSize ?? 0)
  if (size < 0) throw new Error(`${at}.cacheSize: Invalid value: ${size}: must not be negative`)
  return { type: type as EventLimit['type'], qps: Number(qps), burst: Number(burst), cacheSize: size || USUAL_CACHE }
}

function limitedOf(told: JsonObject, at: number, file: string): LimitedResource {
  if (!told.resource) throw new Error(`${file}: limitedResources[${at}].resource: Required value`)
  return {
    apiGroup: String(told.apiGroup ?? ''),
    resource: String(told.resource),
    matchContains: textsOf(told.matchContains),
    matchScopes: listOf(told.matchScopes) as unknown as LimitedResource['matchScopes'],
  }
}

function imagePolicyOf({ kubeConfigFile, allowTTL, denyTTL, defaultAllow }: JsonObject, file: string) {
  const ms = (name: string, value: JsonValue | undefined) => {
    const seconds = Number(value ?? 0)
    // Zero is the usual, below zero is none.
    if (seconds < 0) return 0
    if (seconds > 30 * 60) throw new Error(`${file}: valid value for ${name} is between 1 second and 30 minutes`)
    return (seconds === 0 ? 5 * 60 : seconds) * 1000
  }
  return {
    config: loadKubeconfig(kubeconfigOf(kubeConfigFile, file)),
    allowTtlMs: ms('allow TTL', allowTTL),
    denyTtlMs: ms('deny TTL', denyTTL),
    defaultAllow: defaultAllow === true,
  }
}

function kubeconfigOf(name: JsonValue | undefined, file: string): string {
  if (typeof name !== 'string' || name === '') throw new Error(`${file}: kubeConfigFile is required`)
  return resolve(dirname(file), name)
}

const listOf = (value: JsonValue | undefined): JsonValue[] => (Array.isArray(value) ? value : [])
const objectOf = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {})
const textsOf = (value: JsonValue | undefined): string[] => listOf(value).map(String)

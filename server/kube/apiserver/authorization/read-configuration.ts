// Reads an AuthorizationConfiguration (apiserver.config.k8s.io), checked in upstream's words.
// Upstream: apiserver/pkg/apis/apiserver/validation/validation.go, kubernetes/pkg/kubeapiserver/authorizer/reload.go.

import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { goDurationMs } from '../../apimachinery/go-duration.ts'
import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { CelError, createCel } from '../../cel/cel.ts'
import type { CelType } from '../../cel/cel-type.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import {
  assertNoErrors,
  list,
  readConfiguration,
  record,
  type Told,
  text,
} from '../configuration/read-configuration.ts'
import type { AuthorizationSettings, AuthorizerSettings } from './settings.ts'
import type { WebhookAuthorizerOptions } from './webhook-authorizer.ts'

/** ABAC wants a file, and a configuration has no place to name it. */
const CONFIGURABLE = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook']
export const TYPES: readonly string[] = ['ABAC', ...CONFIGURABLE]

const STRING: CelType = { kind: 'string' }
const STRINGS: CelType = { kind: 'list', items: STRING }
const fields = (names: string): Record<string, CelType> =>
  Object.fromEntries(names.split(' ').map((name) => [name, STRING]))
const REQUEST: CelType = {
  kind: 'object',
  fields: {
    user: STRING,
    uid: STRING,
    groups: STRINGS,
    extra: { kind: 'map', values: STRINGS },
    resourceAttributes: {
      kind: 'object',
      isOwn: true,
      fields: fields('namespace verb group version resource subresource name'),
    },
    nonResourceAttributes: { kind: 'object', fields: fields('path verb') },
  },
}

/** Throws with everything that is wrong. */
export function readAuthorizationConfiguration(source: string, file: string): AuthorizationSettings {
  const told = readConfiguration(source, { file, kind: 'AuthorizationConfiguration' })
  const errors: FieldError[] = []
  const authorizers = list(told.authorizers).map(record)
  if (authorizers.length === 0) {
    errors.push(fieldError.required('authorizers', 'at least one authorization mode must be defined'))
  }
  const settings = authorizers.flatMap((one, index) => {
    const before = authorizers.slice(0, index)
    return authorizerOf(one, { before, at: `authorizers[${index}]`, errors })
  })
  assertNoErrors(file, errors)
  return settings
}

interface Place {
  before: readonly Told[]
  at: string
  errors: FieldError[]
}

function authorizerOf(told: Told, { before, at, errors }: Place): AuthorizerSettings[] {
  const [type, name] = [text(told.type), text(told.name)]
  if (!CONFIGURABLE.includes(type)) {
    errors.push(type ? fieldError.notSupported(`${at}.type`, type, CONFIGURABLE) : fieldError.required(`${at}.type`))
    return []
  }
  if (type !== 'Webhook' && before.some((one) => one.type === type)) {
    errors.push(fieldError.duplicate(`${at}.type`, type))
    return []
  }
  const problems = name ? dnsSubdomainProblems(name) : []
  if (!name) errors.push(fieldError.required(`${at}.name`))
  else if (before.some((one) => one.name === name)) errors.push(fieldError.duplicate(`${at}.name`, name))
  else if (problems.length > 0) {
    errors.push(fieldError.invalid(`${at}.name`, name, `authorizer name is invalid: ${problems.join(', ')}`))
  }
  if (type === 'Webhook') {
    if (told.webhook === undefined) {
      errors.push(fieldError.required(`${at}.webhook`, 'required when type=Webhook'))
      return []
    }
    const webhook = webhookOf(record(told.webhook), { name, at, errors })
    return webhook ? [{ type, webhook }] : []
  }
  if (told.webhook !== undefined) {
    errors.push(fieldError.invalid(`${at}.webhook`, 'non-null', 'may only be specified when type=Webhook'))
  }
  return [{ type: type as 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny' }]
}

function webhookOf(
  told: Told,
  { name, at, errors }: { name: string; at: string; errors: FieldError[] },
): WebhookAuthorizerOptions | undefined {
  const before = errors.length
  const time = (field: string, most?: { ms: number; words: string }) => {
    const value = text(told[field])
    const ms = goDurationMs(value)
    if (!value) errors.push(fieldError.required(`${at}.${field}`))
    else if (!ms || (most && ms > most.ms))
      errors.push(fieldError.invalid(`${at}.${field}`, value, most?.words ?? 'must be > 0s'))
    return ms ?? 0
  }
  const choice = <T extends string>(field: string, supported: T[]): T => {
    const value = text(told[field])
    if (!value) errors.push(fieldError.required(`${at}.${field}`))
    else if (!supported.includes(value as T)) errors.push(fieldError.notSupported(`${at}.${field}`, value, supported))
    return value as T
  }
  const timeoutMs = time('timeout', { ms: 30_000, words: 'must be > 0s and <= 30s' })
  const authorizedTtlMs = time('authorizedTTL')
  const unauthorizedTtlMs = time('unauthorizedTTL')
  const version = choice('subjectAccessReviewVersion', ['v1', 'v1beta1'])
  const failurePolicy = choice('failurePolicy', ['NoOpinion', 'Deny'])
  const kubeconfig = kubeconfigOf(record(told.connectionInfo), { at, errors })
  const conditions = list(told.matchConditions).map((one) => text(record(one).expression))
  if (conditions.length > 0 && told.matchConditionSubjectAccessReviewVersion !== 'v1') {
    const field = `${at}.matchConditionSubjectAccessReviewVersion`
    errors.push(fieldError.required(field, 'required if match conditions are specified'))
  }
  const matchConditions = conditionsOf(conditions, { at, errors })
  if (errors.length > before || !kubeconfig) return undefined
  const config = loadKubeconfig(kubeconfig)
  return { name, config, version, timeoutMs, authorizedTtlMs, unauthorizedTtlMs, failurePolicy, matchConditions }
}

function kubeconfigOf(told: Told, { at, errors }: { at: string; errors: FieldError[] }): string | undefined {
  const field = `${at}.connectionInfo`
  const type = text(told.type)
  if (type !== 'KubeConfigFile') {
    // An API server in a Pod has a service account to ask with; ours is in none.
    errors.push(
      type ? fieldError.notSupported(`${field}.type`, type, ['KubeConfigFile']) : fieldError.required(`${field}.type`),
    )
    return undefined
  }
  const file = text(told.kubeConfigFile)
  if (!file) errors.push(fieldError.required(`${field}.kubeConfigFile`))
  else if (!isAbsolute(file))
    errors.push(fieldError.invalid(`${field}.kubeConfigFile`, file, 'must be an absolute path'))
  else if (!existsSync(file))
    errors.push(fieldError.invalid(`${field}.kubeConfigFile`, file, 'error loading file: there is none'))
  return file
}

function conditionsOf(expressions: readonly string[], { at, errors }: { at: string; errors: FieldError[] }) {
  const environment = createCel().environment({ request: REQUEST })
  return expressions.flatMap((expression, index) => {
    const field = `${at}.matchConditions[${index}].expression`
    const refuse = (error: FieldError) => {
      errors.push(error)
      return []
    }
    if (expression.trim() === '') return refuse(fieldError.required(field))
    if (expressions.indexOf(expression) < index) return refuse(fieldError.duplicate(field, expression))
    try {
      const program = environment.compile(expression)
      if (program.type === 'bool' || program.type === 'dyn') return [{ expression, program }]
      return refuse(fieldError.invalid(field, expression, 'must evaluate to bool'))
    } catch (err) {
      if (!(err instanceof CelError)) throw err
      return refuse(fieldError.invalid(field, expression, err.message))
    }
  })
}

// What is written down of which request, and how much of it. The first rule that fits decides; a request that none fits is
// not written down. Upstream: apiserver/pkg/apis/audit/v1/types.go, apiserver/pkg/audit/policy/checker.go.

import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import {
  assertNoErrors,
  list,
  readConfiguration,
  record,
  type Told,
  text,
  texts,
} from '../configuration/read-configuration.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
export type Level = (typeof LEVELS)[number]
export const atLeast = (level: Level, least: Level) => LEVELS.indexOf(level) >= LEVELS.indexOf(least)

const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type Stage = (typeof STAGES)[number]

export interface AuditRule {
  level: Level
  users: string[]
  userGroups: string[]
  verbs: string[]
  resources: { group: string; resources: string[]; resourceNames: string[] }[]
  namespaces: string[]
  nonResourceURLs: string[]
  omitStages: Stage[]
  omitManagedFields: boolean
}

export interface AuditPolicy {
  rules: AuditRule[]
}

const EVERYTHING = { users: [], userGroups: [], verbs: [], resources: [], namespaces: [], nonResourceURLs: [] }

/** What a cluster writes down when nobody says otherwise: who did what, once it is done. */
export const METADATA_OF_ALL: AuditPolicy = {
  rules: [{ ...EVERYTHING, level: 'Metadata', omitStages: ['RequestReceived'], omitManagedFields: false }],
}

/** Undefined: not at all. */
export function ruleFor({ rules }: AuditPolicy, user: UserInfo, info: RequestInfo): AuditRule | undefined {
  const rule = rules.find((one) => fits(one, user, info))
  return rule?.level === 'None' ? undefined : rule
}

/** A list that is left out is about all; a rule about resources is not about other paths. */
function fits(rule: AuditRule, { name, groups }: UserInfo, info: RequestInfo): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule
  if (users.length > 0 && !users.includes(name)) return false
  if (userGroups.length > 0 && !userGroups.some((group) => groups.includes(group))) return false
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false
  if (namespaces.length > 0 || resources.length > 0) return info.isResource && fitsResource(rule, info)
  if (nonResourceURLs.length > 0) return !info.isResource && nonResourceURLs.some((url) => fitsUrl(url, info.path))
  return true
}

function fitsResource({ resources, namespaces }: AuditRule, info: RequestInfo): boolean {
  // The empty text stands for what is in no namespace.
  if (namespaces.length > 0 && !namespaces.includes(info.namespace)) return false
  if (resources.length === 0) return true
  return resources.some(({ group, resources: named, resourceNames }) => {
    if (group !== info.group && group !== '*') return false
    if (named.length === 0) return true
    if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false
    return named.some((one) => fitsName(one, info))
  })
}

// pods, pods/log, pods/*, */scale, *; a bare name is not about subresources.
function fitsName(named: string, { resource, subresource }: RequestInfo): boolean {
  const whole = subresource ? `${resource}/${subresource}` : resource
  if (named === '*' || named === whole) return true
  const [left, right] = named.split('/')
  if (right === '*') return left === resource
  return left === '*' && right !== undefined && right === subresource
}

const fitsUrl = (url: string, path: string) =>
  url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)))

/** Throws with everything that is wrong, in upstream's words (apis/audit/validation). */
export function readAuditPolicy(source: string, file: string): AuditPolicy {
  const told = readConfiguration(source, { file, kind: 'Policy', versions: ['audit.k8s.io/v1'] })
  const errors: FieldError[] = []
  const stages = stagesOf(told.omitStages, 'omitStages', errors)
  const rules = list(told.rules).map(record)
  if (rules.length === 0) throw new Error(`${file}: loaded illegal policy with 0 rules`)
  const read = rules.map((rule, index) => ruleOf(rule, { at: `rules[${index}]`, errors, stages, policy: told }))
  assertNoErrors(file, errors)
  return { rules: read }
}

function ruleOf(
  told: Told,
  { at, errors, stages, policy }: { at: string; errors: FieldError[]; stages: Stage[]; policy: Told },
): AuditRule {
  const { level } = told
  if (!LEVELS.includes(level as Level)) {
    errors.push(level ? fieldError.notSupported(`${at}.level`, level, [...LEVELS]) : fieldError.required(`${at}.level`))
  }
  const nonResourceURLs = texts(told.nonResourceURLs)
  const resources = list(told.resources).map((one) => resourcesOf(record(one), `${at}.resources`, errors))
  const namespaces = texts(told.namespaces)
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    const detail = 'rules cannot apply to both regular resources and non-resource URLs'
    errors.push(fieldError.invalid(`${at}.nonResourceURLs`, nonResourceURLs, detail))
  }
  nonResourceURLs.forEach((url, index) => {
    const field = `${at}.nonResourceURLs[${index}]`
    if (url !== '*' && !url.startsWith('/')) {
      errors.push(fieldError.invalid(field, url, `non-resource URL rules must begin with a '/' character`))
    }
    if (url !== '' && url.slice(0, -1).includes('*')) {
      errors.push(
        fieldError.invalid(field, url, `non-resource URL wildcards '*' must be the final character of the rule`),
      )
    }
  })
  const own = told.omitManagedFields
  return {
    level: level as Level,
    users: texts(told.users),
    userGroups: texts(told.userGroups),
    verbs: texts(told.verbs),
    resources,
    namespaces,
    nonResourceURLs,
    omitStages: [...stages, ...stagesOf(told.omitStages, `${at}.omitStages`, errors)],
    omitManagedFields: typeof own === 'boolean' ? own : policy.omitManagedFields === true,
  }
}

function resourcesOf(told: Told, at: string, errors: FieldError[]): AuditRule['resources'][number] {
  const [resources, resourceNames] = [texts(told.resources), texts(told.resourceNames)]
  const group = text(told.group)
  const problems = group === '' || group === '*' ? [] : dnsSubdomainProblems(group)
  if (problems.length > 0) errors.push(fieldError.invalid(`${at}.group`, group, problems.join()))
  if (resourceNames.length > 0 && resources.length === 0) {
    const detail = 'using resourceNames requires at least one resource'
    errors.push(fieldError.invalid(`${at}.resourceNames`, resourceNames, detail))
  }
  return { group, resources, resourceNames }
}

function stagesOf(value: unknown, field: string, errors: FieldError[]): Stage[] {
  const stages = texts(value)
  const unknown = stages.findIndex((stage) => !STAGES.includes(stage as Stage))
  if (unknown >= 0) {
    errors.push(fieldError.invalid(`${field}[${unknown}]`, stages[unknown], `allowed stages are ${STAGES.join(',')}`))
  }
  return stages as Stage[]
}

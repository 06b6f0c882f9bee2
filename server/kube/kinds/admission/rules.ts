// Which requests a webhook or a policy wants to see. Upstream: pkg/apis/admissionregistration/validation/validation.go.

import type {
  MatchCondition,
  MatchResources as MatchResourcesWithoutRules,
  ParamKind,
  ParamRef,
  WebhookClientConfig,
} from 'kubernetes-types/admissionregistration/v1'
import { duplicatesAt, oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { type LabelSelector, labelSelectorErrors } from '../../apimachinery/label-selector.ts'
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  pathSegmentProblems,
} from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { ExpressionChecks, KnownToExpressions } from '../../cel/admission.ts'
import { webhookServiceErrors, webhookUrlErrors } from '../webhook-address.ts'

/** As the wire has it; the package of types knows half of its fields. */
export interface Rule {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

type NamedRule = Rule & { resourceNames?: string[] }

export type MatchResources = Omit<MatchResourcesWithoutRules, 'resourceRules' | 'excludeResourceRules'> & {
  resourceRules?: NamedRule[]
  excludeResourceRules?: NamedRule[]
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const MUTATING_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE']
const SCOPES = ['*', 'Cluster', 'Namespaced']
export const FAILURE_POLICIES = ['Fail', 'Ignore']
export const MATCH_POLICIES = ['Equivalent', 'Exact']
const MOST_CONDITIONS = 64

export function defaultMatchResources(match: MatchResources): void {
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

export function matchResourcesErrors(match: MatchResources | undefined, at: string): FieldError[] {
  if (!match) return []
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = match
  return [
    ...oneOf(`${at}.matchPolicy`, matchPolicy, MATCH_POLICIES),
    ...labelSelectorErrors(namespaceSelector as LabelSelector, `${at}.namespaceSelector`),
    ...labelSelectorErrors(objectSelector as LabelSelector, `${at}.objectSelector`),
    ...resourceRules.flatMap((rule, index) => namedRuleErrors(rule, `${at}.resourceRules[${index}]`)),
    ...excludeResourceRules.flatMap((rule, index) => namedRuleErrors(rule, `${at}.excludeResourceRules[${index}]`)),
  ]
}

/** What is deleted is not there to be changed. */
export const mutatingOperationErrors = (match: MatchResources | undefined, at: string): FieldError[] =>
  (match?.resourceRules ?? []).flatMap(({ operations = [] }) =>
    operations.flatMap((operation) => oneOf(`${at}.resourceRules.operations`, operation, MUTATING_OPERATIONS)),
  )

function namedRuleErrors(rule: NamedRule, at: string): FieldError[] {
  const names = rule.resourceNames ?? []
  const field = (index: number) => `${at}.resourceNames[${index}]`
  return [
    ...names.flatMap((name, index) => problemsAt(field(index), name, pathSegmentProblems(name))),
    ...duplicatesAt(field, names),
    ...ruleErrors(rule, at),
  ]
}

export function ruleErrors(rule: Rule, at: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  const alone = (field: string, values: string[], what: string) =>
    values.length > 1 && values.includes('*')
      ? [fieldError.invalid(`${at}.${field}`, values, `if '*' is present, must not specify other ${what}`)]
      : []
  const needed = (field: string, values: string[]) => (values.length > 0 ? [] : [fieldError.required(`${at}.${field}`)])
  return [
    ...needed('operations', operations),
    ...alone('operations', operations, 'operations'),
    ...operations.flatMap((operation, index) => oneOf(`${at}.operations[${index}]`, operation, OPERATIONS)),
    ...needed('apiGroups', apiGroups),
    ...alone('apiGroups', apiGroups, 'API groups'),
    ...needed('apiVersions', apiVersions),
    ...alone('apiVersions', apiVersions, 'API versions'),
    ...apiVersions.flatMap((version, index) => (version ? [] : [fieldError.required(`${at}.apiVersions[${index}]`)])),
    ...needed('resources', resources),
    ...resourceErrors(resources, `${at}.resources`),
    ...(scope === undefined ? [] : oneOf(`${at}.scope`, scope, SCOPES)),
  ]
}

function resourceErrors(resources: string[], at: string): FieldError[] {
  const errors: FieldError[] = []
  const wholeResources = new Set<string>()
  const wholeSubresources = new Set<string>()
  for (const [index, text] of resources.entries()) {
    if (text === '') errors.push(fieldError.required(`${at}[${index}]`))
    const [resource = '', ...parts] = text.split('/')
    if (text === '' || parts.length === 0) continue
    const subresource = parts.join('/')
    const refuse = (there: string) =>
      errors.push(fieldError.invalid(`${at}[${index}]`, text, `if '${there}' is present, must not specify ${text}`))
    if (wholeResources.has(resource)) refuse(`${resource}/*`)
    if (wholeSubresources.has(subresource)) refuse(`*/${subresource}`)
    if (subresource === '*') wholeResources.add(resource)
    if (resource === '*') wholeSubresources.add(subresource)
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(fieldError.invalid(at, resources, "if '*/*' is present, must not specify other resources"))
  }
  const last = resources.filter((text) => text !== '' && !text.includes('/')).at(-1)
  if (resources.includes('*') && last !== undefined && last !== '*') {
    const why = "if '*' is present, must not specify other resources without subresources"
    errors.push(fieldError.invalid(at, resources, why))
  }
  return errors
}

export function* expressionErrors(
  field: string,
  expression: string,
  { checks, ...told }: Parameters<ExpressionChecks['problem']>[1] & { checks: ExpressionChecks },
): Generator<undefined, FieldError[]> {
  const problem = yield* checks.problem(expression, told)
  return problem ? [fieldError.invalid(field, expression, problem)] : []
}

export function* matchConditionErrors(
  conditions: readonly MatchCondition[],
  at: string,
  told: KnownToExpressions & { checks: ExpressionChecks },
): Generator<undefined, FieldError[]> {
  const errors: FieldError[] = []
  if (conditions.length > MOST_CONDITIONS) {
    errors.push(fieldError.tooMany(at, conditions.length, MOST_CONDITIONS))
  }
  const names = conditions.map(({ name }) => name)
  for (const [index, { name, expression }] of conditions.entries()) {
    const here = `${at}[${index}]`
    if (!expression?.trim()) errors.push(fieldError.required(`${here}.expression`))
    else errors.push(...(yield* expressionErrors(`${here}.expression`, expression.trim(), { ...told, gives: 'bool' })))
    if (!name) errors.push(fieldError.required(`${here}.name`))
    else errors.push(...problemsAt(`${here}.name`, name, labelKeyProblems(name)))
    if (name && names.indexOf(name) < index) errors.push(fieldError.duplicate(`${here}.name`, name))
  }
  return errors
}

export function paramKindErrors({ apiVersion = '', kind = '' }: ParamKind, at: string): FieldError[] {
  const errors: FieldError[] = []
  const [first = '', second, ...more] = apiVersion.split('/')
  const [group, version] = second === undefined ? ['', first] : [first, second]
  if (!apiVersion) errors.push(fieldError.required(`${at}.apiVersion`))
  else if (more.length > 0) {
    errors.push(fieldError.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  } else {
    errors.push(...allInOne(`${at}.apiVersion`, group, group ? dnsSubdomainProblems(group) : []))
    if (!version) errors.push(fieldError.invalid(`${at}.apiVersion`, apiVersion, 'version must be specified'))
    else errors.push(...allInOne(`${at}.apiVersion`, version, dns1035LabelProblems(version)))
  }
  if (!kind) return [...errors, fieldError.required(`${at}.kind`)]
  const wrong = dns1035LabelProblems(kind.toLowerCase())
  const intro = 'may have mixed case, but should otherwise match: '
  return wrong.length > 0 ? [...errors, fieldError.invalid(`${at}.kind`, kind, intro + wrong.join(','))] : errors
}

const allInOne = (field: string, value: string, problems: readonly string[]): FieldError[] =>
  problems.length > 0 ? [fieldError.invalid(field, value, problems.join(','))] : []

export function paramRefErrors(reference: ParamRef | undefined, at: string): FieldError[] {
  if (!reference) return []
  const { name, selector, parameterNotFoundAction: action } = reference
  const errors = name ? problemsAt(`${at}.name`, name, pathSegmentProblems(name)) : []
  const exclusive = 'name and selector are mutually exclusive'
  if (name && selector) errors.push(fieldError.forbidden(`${at}.name`, exclusive))
  if (selector) errors.push(...labelSelectorErrors(selector as LabelSelector, `${at}.selector`))
  if (name && selector) errors.push(fieldError.forbidden(`${at}.selector`, exclusive))
  if (!name && !selector) errors.push(fieldError.required(at, 'one of name or selector must be specified'))
  const field = `${at}.parameterNotFoundAction`
  return action ? [...errors, ...oneOf(field, action, ['Deny', 'Allow'])] : [...errors, fieldError.required(field)]
}

export function shownParamRef(reference: ParamRef | undefined): string {
  if (!reference?.name) return reference?.selector ? JSON.stringify(reference.selector) : '<unset>'
  return `${reference.namespace || '*'}/${reference.name}`
}

export const shownParamKind = (kind: ParamKind | undefined): string =>
  kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : '<unset>'

export function clientConfigErrors({ url, service }: Partial<WebhookClientConfig>, at: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) {
    return [fieldError.required(at, 'exactly one of url or service is required')]
  }
  if (url !== undefined) return webhookUrlErrors(url, `${at}.url`)
  return webhookServiceErrors(service ?? {}, `${at}.service`)
}

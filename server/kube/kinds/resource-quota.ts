// The ResourceQuota: how much all of a namespace may have together.
// Upstream: kubernetes/pkg/apis/core/validation ValidateResourceQuota, printers.go printResourceQuota.

import type { ScopedResourceSelectorRequirement, ResourceQuota as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { parseQuantity, quantityOf } from '../apimachinery/quantity.ts'
import { errorFindings, type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { isExtendedResource, resourceNameErrors } from './pod-template/resources.ts'

export const ResourceQuota = defineKind<Wire>({
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  subresources: ['status'],
  strategy: {
    returnsDeletedObject: true,
    validate: ({ spec }) => [
      ...Object.entries(spec?.hard ?? {}).flatMap(([name, amount]) => amountErrors('spec.hard', name, amount)),
      ...scopeErrors(spec ?? {}),
    ],
    validateUpdate: (next, previous) =>
      deepEqual(sorted(next.spec?.scopes), sorted(previous.spec?.scopes))
        ? []
        : [fieldError.invalid('spec.scopes', next.spec?.scopes, 'field is immutable')],
    warnings: ({ spec }, previous) => (previous ? [] : halfWarnings(spec?.hard ?? {})),
    validateStatusUpdate: ({ status }) =>
      (['hard', 'used'] as const).flatMap((list) =>
        Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) => amountErrors(`status.${list}`, name, amount)),
      ),
  },
  columns: [
    nameColumn,
    {
      name: 'Request',
      description: 'Request represents a minimum amount of cpu/memory that a container may consume.',
      value: (quota) => shown(quota, (name) => !name.startsWith('limits')),
    },
    {
      name: 'Limit',
      description:
        'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      value: (quota) => shown(quota, (name) => name.startsWith('limits')),
    },
    ageColumn,
  ],
})

const sorted = (scopes: readonly string[] = []) => [...new Set(scopes)].sort()

function shown({ status }: Wire, isMeant: (name: string) => boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter(isMeant)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ')
}

const STANDARD = new Set(
  [
    'cpu memory ephemeral-storage requests.cpu requests.memory requests.storage requests.ephemeral-storage limits.cpu',
    'limits.memory limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets configmaps',
    'persistentvolumeclaims services.nodeports services.loadbalancers',
  ].flatMap((line) => line.split(' ')),
)
const COUNTED = new Set(
  'pods resourcequotas services replicationcontrollers secrets configmaps persistentvolumeclaims services.nodeports services.loadbalancers'.split(
    ' ',
  ),
)

const isStandard = (name: string) => STANDARD.has(name) || /^(requests\.)?hugepages-/.test(name)

function amountErrors(list: string, name: string, amount: string): FieldError[] {
  const at = `${list}[${name}]`
  const errors = resourceNameErrors(at, name)
  if (!name.includes('/') && !isStandard(name)) {
    errors.push(fieldError.invalid(at, name, 'must be a standard resource for quota'))
  }
  const quantity = parseQuantity(amount)
  if (!quantity) return errors
  if (quantity.nanos < 0n) errors.push(fieldError.invalid(at, amount, 'must be greater than or equal to 0'))
  const isWhole = quantity.nanos % 1_000_000_000n === 0n
  if ((COUNTED.has(name) || isExtendedResource(name)) && !isWhole) {
    errors.push(fieldError.invalid(at, amount, 'must be an integer'))
  }
  return errors
}

const SCOPES = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
]
const EXISTS_ONLY = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'Terminating']
const MUST_EXIST =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
  'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity'
/** A pod is one or the other. */
const EXCLUSIVE = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const

const OF_PODS = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']
const OF_CLAIMS = ['persistentvolumeclaims', 'requests.storage']

/** What of the standard resources can be counted of those in a scope only; objects of no scope by their own names. */
function isCountedIn(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === 'VolumeAttributesClass') return OF_CLAIMS.includes(name)
  return OF_PODS.includes(name)
}

function scopeErrors({ hard = {}, scopes = [], scopeSelector }: NonNullable<Wire['spec']>): FieldError[] {
  const found = errorFindings()
  const names = Object.keys(hard).filter(isStandard).sort()
  const misfits = (scope: string) => (SCOPES.includes(scope) ? names.filter((name) => !isCountedIn(scope, name)) : [])
  // Each of these shows all of the list: it is written once, however many say it.
  const unsupported = once(() => fieldError.invalid('spec.scopes', scopes, 'unsupported scope'))
  const misapplied = once(() => fieldError.invalid('spec.scopes', scopes, 'unsupported scope applied to resource'))
  for (const scope of scopes) {
    if (found.areEnough) return found.all
    if (!SCOPES.includes(scope)) found.add(unsupported())
    for (const _ of misfits(scope)) found.add(misapplied())
  }
  for (const pair of EXCLUSIVE) {
    const isBoth = pair.every((scope) => scopes.includes(scope))
    if (isBoth) found.add(fieldError.invalid('spec.scopes', scopes, 'conflicting scopes'))
  }
  const selected = scopeSelector?.matchExpressions ?? []
  const at = 'spec.scopeSelector.matchExpressions'
  const misselected = once(() => fieldError.invalid(at, inGo(selected), 'unsupported scope applied to resource'))
  for (const { scopeName, operator, values = [] } of selected) {
    if (found.areEnough) return found.all
    if (!SCOPES.includes(scopeName)) found.add(fieldError.invalid(`${at}.scopeName`, scopeName, 'unsupported scope'))
    for (const _ of misfits(scopeName)) found.add(misselected())
    if (EXISTS_ONLY.includes(scopeName) && operator !== 'Exists') {
      found.add(fieldError.invalid(`${at}.operator`, operator, MUST_EXIST))
    }
    found.addAll(operatorErrors(at, operator, values))
  }
  for (const pair of EXCLUSIVE) {
    const isBoth = pair.every((scope) => selected.some(({ scopeName }) => scopeName === scope))
    if (isBoth) found.add(fieldError.invalid(at, scopes.length > 0 ? scopes : null, 'conflicting scopes'))
  }
  return found.all
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Upstream shows its own form of it, whose names are Go's. */
const inGo = (selected: readonly ScopedResourceSelectorRequirement[]) => ({
  MatchExpressions: selected.map(({ scopeName, operator, values = null }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values,
  })),
})

function operatorErrors(at: string, operator: string, values: readonly string[]): FieldError[] {
  const forScopes = (named: string) => `when \`operator\` is ${named} for scope selector`
  if (operator === 'In' || operator === 'NotIn') {
    const why = `must be at least one value ${forScopes("'In' or 'NotIn'")}`
    return values.length > 0 ? [] : [fieldError.required(`${at}.values`, why)]
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = `must be no value ${forScopes("'Exist' or 'DoesNotExist'")}`
    return values.length === 0 ? [] : [fieldError.invalid(`${at}.values`, values, why)]
  }
  return [fieldError.invalid(`${at}.operator`, operator, 'not a valid selector operator')]
}

/** Who may ask for more than may be used has mixed up the two. */
const halfWarnings = (hard: Readonly<Record<string, string>>): string[] =>
  ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const limited = `limits.${name}`
    const isBare = hard[`requests.${name}`] === undefined && (name === 'cpu' || name === 'memory')
    const asked = isBare ? name : `requests.${name}`
    if (hard[asked] === undefined || hard[limited] === undefined) return []
    const [request, limit] = [quantityOf(hard[asked]), quantityOf(hard[limited])]
    if (request.nanos <= limit.nanos) return []
    return [`ResourceQuota ${asked} (${request}) should be less than ${limited} (${limit})`]
  })

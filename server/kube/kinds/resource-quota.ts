// The ResourceQuota: how much all of a namespace may have together.
// Upstream: kubernetes/pkg/apis/core/validation ValidateResourceQuota, printers.go printResourceQuota.

import type { ResourceQuota as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { labelKeyProblems } from '../apimachinery/names.ts'
import { parseQuantity } from '../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

export const ResourceQuota = defineKind<Wire>({
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  subresources: ['status'],
  strategy: {
    returnsDeletedObject: true,
    validate: ({ spec }) => [
      ...Object.entries(spec?.hard ?? {}).flatMap(([name, amount]) => hardErrors(name, amount)),
      ...scopeErrors(spec ?? {}),
    ],
    validateUpdate: (next, previous) =>
      deepEqual(sorted(next.spec?.scopes), sorted(previous.spec?.scopes))
        ? []
        : [fieldError.invalid('spec.scopes', next.spec?.scopes ?? [], 'field is immutable')],
  },
  columns: [
    nameColumn,
    { name: 'Request', value: (quota) => shown(quota, (name) => !name.startsWith('limits')) },
    { name: 'Limit', value: (quota) => shown(quota, (name) => name.startsWith('limits')) },
    ageColumn,
  ],
})

const sorted = (scopes: readonly string[] = []) => [...scopes].sort()

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

function hardErrors(name: string, amount: string): FieldError[] {
  const at = `spec.hard[${name}]`
  const errors = labelKeyProblems(name).map((problem) => fieldError.invalid(at, name, problem))
  if (!name.includes('/') && !STANDARD.has(name) && !/^(requests\.)?hugepages-/.test(name)) {
    errors.push(fieldError.invalid(at, name, 'must be a standard resource for quota'))
  }
  const quantity = parseQuantity(amount)
  if (!quantity) return errors
  if (quantity.nanos < 0n) errors.push(fieldError.invalid(at, amount, 'must be greater than or equal to 0'))
  const isWhole = quantity.nanos % 1_000_000_000n === 0n
  if ((COUNTED.has(name) || name.startsWith('count/')) && !isWhole) {
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
const OPERATORS = ['DoesNotExist', 'Exists', 'In', 'NotIn']
/** A pod is one or the other. */
const EXCLUSIVE = [
  ['Terminating', 'NotTerminating'],
  ['BestEffort', 'NotBestEffort'],
] as const

function scopeErrors({ scopes = [], scopeSelector }: NonNullable<Wire['spec']>): FieldError[] {
  const errors: FieldError[] = []
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.push(fieldError.invalid('spec.scopes', scopes, 'unsupported scope'))
  }
  for (const [one, other] of EXCLUSIVE) {
    if (scopes.includes(one) && scopes.includes(other)) {
      errors.push(fieldError.invalid('spec.scopes', scopes, 'conflicting scopes'))
    }
  }
  const at = 'spec.scopeSelector.matchExpressions'
  for (const { scopeName, operator, values = [] } of scopeSelector?.matchExpressions ?? []) {
    if (!SCOPES.includes(scopeName)) {
      errors.push(fieldError.invalid(`${at}.scopeName`, scopeName, 'unsupported scope'))
    }
    const isNamed = operator === 'In' || operator === 'NotIn'
    if (!OPERATORS.includes(operator))
      errors.push(fieldError.invalid(`${at}.operator`, operator, 'not a valid selector operator'))
    if (isNamed && values.length === 0) {
      errors.push(
        fieldError.required(
          `${at}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      )
    }
    if (!isNamed && values.length > 0) {
      errors.push(
        fieldError.invalid(
          `${at}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      )
    }
  }
  return errors
}

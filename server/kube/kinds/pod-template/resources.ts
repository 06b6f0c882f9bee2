// What containers and pods ask for and are limited to. Upstream: pkg/apis/core/validation validateResourceRequirements,
// ValidateContainerResourceName, validatePodResources; pkg/apis/core/helper/helpers.go.

import type { ResourceRequirements } from 'kubernetes-types/core/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, labelKeyProblems } from '../../apimachinery/names.ts'
import { parseQuantity, type Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { containerAmounts } from '../quota/pod-amounts.ts'
import type { PodSpec } from './newer-fields.ts'

const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage'])
const POD_RESOURCES = ['cpu', 'memory']
const OTHER_STANDARD = new Set(
  [
    'storage pods services replicationcontrollers resourcequotas secrets configmaps persistentvolumeclaims',
    'services.nodeports services.loadbalancers requests.cpu requests.memory requests.storage',
    'requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage',
  ].flatMap((line) => line.split(' ')),
)
const HUGE_PAGES = 'hugepages-'
const WHOLE = 1_000_000_000n

const isHugePages = (name: string) => name.startsWith(HUGE_PAGES)
const isNative = (name: string) => !name.includes('/') || name.includes('kubernetes.io/')
/** What cannot be promised twice: pages, and devices. */
export const isExclusive = (name: string) => !isNative(name) || isHugePages(name)

export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && labelKeyProblems(`requests.${name}`).length === 0
}

export function resourceNameErrors(field: string, name: string): FieldError[] {
  const errors = problemsAt(field, name, labelKeyProblems(name))
  const isPages = isHugePages(name) || isHugePages(name.replace(/^requests\./, ''))
  const isStandard = CONTAINER_RESOURCES.has(name) || OTHER_STANDARD.has(name) || isPages
  if (errors.length > 0 || name.includes('/') || isStandard) return errors
  return [fieldError.invalid(field, name, 'must be a standard resource type or fully qualified')]
}

export function containerNameErrors(field: string, name: string): FieldError[] {
  const errors = resourceNameErrors(field, name)
  if (!name.includes('/')) {
    return CONTAINER_RESOURCES.has(name) || isHugePages(name)
      ? errors
      : [...errors, fieldError.invalid(field, name, 'must be a standard resource for containers')]
  }
  return isNative(name) || isExtendedResource(name)
    ? errors
    : [...errors, fieldError.invalid(field, name, "doesn't follow extended resource name standard")]
}

function podNameErrors(field: string, name: string): FieldError[] {
  const errors = resourceNameErrors(field, name)
  return errors.length > 0 || POD_RESOURCES.includes(name) || isHugePages(name)
    ? errors
    : [fieldError.notSupported(field, name, ['cpu', HUGE_PAGES, 'memory'])]
}

function amountErrors(field: string, name: string, amount: Quantity): FieldError[] {
  const errors: FieldError[] = []
  if (amount.nanos < 0n) {
    errors.push(fieldError.invalid(field, amount.toString(), 'must be greater than or equal to 0'))
  }
  if (isExtendedResource(name) && amount.nanos % WHOLE !== 0n) {
    errors.push(fieldError.invalid(field, amount.toString(), 'must be an integer'))
  }
  if (isHugePages(name) && !isMultiple(amount, parseQuantity(name.slice(HUGE_PAGES.length)))) {
    const why = `${amount} is not positive integer multiple of ${name}`
    errors.push(fieldError.invalid(field, amount.toString(), why))
  }
  return errors
}

const isMultiple = (amount: Quantity, page: Quantity | undefined) =>
  page !== undefined && page.nanos > 0n && amount.nanos % page.nanos === 0n

/** `claims` are the names under which the pod has claims on devices. */
export function resourceErrors(
  resources: ResourceRequirements | undefined,
  at: string,
  claims: readonly string[],
): FieldError[] {
  return [
    ...requirementErrors(resources ?? {}, at, containerNameErrors),
    ...claimErrors(resources?.claims ?? [], `${at}.claims`, claims),
  ]
}

function requirementErrors(
  { limits = {}, requests = {} }: ResourceRequirements,
  at: string,
  nameErrorsOf: (field: string, name: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = []
  const check = (list: string, name: string, amount: Quantity) => {
    const field = `${at}.${list}[${name}]`
    errors.push(...nameErrorsOf(field, name), ...amountErrors(field, name, amount))
  }
  for (const [name, limit] of Object.entries(limits)) check('limits', name, quantityOf(limit))
  for (const [name, request] of Object.entries(requests)) {
    const asked = quantityOf(request)
    check('requests', name, asked)
    if (limits[name] === undefined) {
      if (!isExclusive(name)) continue
      errors.push(fieldError.required(`${at}.limits`, 'Limit must be set for non overcommitable resources'))
      continue
    }
    const limit = quantityOf(limits[name])
    const order = asked.compare(limit)
    if (order === 0 || (order < 0 && !isExclusive(name))) continue
    const why = `must be ${isExclusive(name) ? '' : 'less than or '}equal to ${name} limit of ${limit}`
    errors.push(fieldError.invalid(`${at}.requests`, asked.toString(), why))
  }
  const names = Object.keys({ ...limits, ...requests })
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(fieldError.forbidden(at, 'HugePages require cpu or memory'))
  }
  return errors
}

function claimErrors(
  used: readonly { name: string; request?: string }[],
  at: string,
  known: readonly string[],
): FieldError[] {
  const seen: string[] = []
  // Written once: each that is not there is told all that are.
  const rest = known.length > 0 ? `: ${[...known].sort().join(', ')}` : ' which is empty'
  return used.flatMap(({ name, request }, index) => {
    const here = `${at}[${index}]`
    if (!name) return [fieldError.required(here)]
    const errors: FieldError[] = []
    const key = request ? `${name}/${request}` : name
    if (request) errors.push(...problemsAt(`${here}.request`, request, dnsLabelProblems(request)))
    const isCovered = (other: string) => other === name || other === key || (!request && other.startsWith(`${name}/`))
    const covered = seen.find(isCovered)
    if (covered !== undefined) errors.push(fieldError.duplicate(here, covered === name ? name : key))
    seen.push(key)
    if (known.includes(name)) return errors
    const { message, ...missing } = fieldError.notFound(here, name)
    return [
      ...errors,
      { ...missing, message: `${message}: must be one of the names in pod.spec.resourceClaims${rest}` },
    ]
  })
}

export const overheadErrors = (overhead: Record<string, string> | undefined, at: string): FieldError[] =>
  requirementErrors({ limits: overhead ?? {} }, at, containerNameErrors)

/** What a pod asks for as a whole has to be enough for its containers. */
export function podResourceErrors(spec: PodSpec, at: string): FieldError[] {
  const { resources } = spec
  if (!resources) return []
  if (spec.os?.name === 'windows') return [fieldError.forbidden(at, 'may not be set for a windows pod')]
  const errors = resources.claims
    ? [fieldError.forbidden(`${at}.claims`, 'claims may not be set for Resources at pod-level')]
    : []
  errors.push(...requirementErrors(resources, at, podNameErrors))
  for (const [list, what] of [
    ['requests', 'requests'],
    ['limits', 'limits'],
  ] as const) {
    for (const [name, sum] of Object.entries(containerAmounts(spec, what))) {
      const whole = resources[list]?.[name]
      if (whole === undefined || (list === 'limits' && !isHugePages(name))) continue
      if (sum.compare(quantityOf(whole)) <= 0) continue
      const why = `must be greater than or equal to aggregate container ${list} of ${sum}`
      errors.push(fieldError.invalid(`${at}.${list}[${name}]`, quantityOf(whole).toString(), why))
    }
  }
  for (const [index, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const whole = resources.limits?.[name]
      if (whole === undefined || quantityOf(limit).compare(quantityOf(whole)) <= 0) continue
      const field = `${at}.containers[${index}][${name}].limits`
      const why = `must be less than or equal to pod limits of ${quantityOf(whole)}`
      errors.push(fieldError.invalid(field, quantityOf(limit).toString(), why))
    }
  }
  return errors
}

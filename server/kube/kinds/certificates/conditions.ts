// Approved, Denied, Failed: what has been decided about a request, and by which door it may be said.
// Upstream: pkg/apis/certificates/validation, pkg/registry/certificates/certificates/strategy.go.

import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from 'kubernetes-types/certificates/v1'
import { oneOf } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const FIELD = 'status.conditions'
const ONLY_TRUE = ['Approved', 'Denied', 'Failed']
const OF_APPROVAL = ['Approved', 'Denied']

export const conditionsOf = ({ status }: CertificateSigningRequest): Condition[] => status?.conditions ?? []

const ofType = (request: CertificateSigningRequest, type: string) =>
  conditionsOf(request).filter((condition) => condition.type === type)

export function conditionErrors(request: CertificateSigningRequest): FieldError[] {
  const seen = new Set<string>()
  return conditionsOf(request).flatMap(({ type, status }, index) => {
    const at = `${FIELD}[${index}]`
    const supported = ONLY_TRUE.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    const isContrary = OF_APPROVAL.includes(type) && OF_APPROVAL.some((other) => other !== type && seen.has(other))
    const isRepeated = seen.size === seen.add(type).size
    const why = 'Approved and Denied conditions are mutually exclusive'
    return [
      ...(type ? [] : [fieldError.required(`${at}.type`)]),
      ...(status ? oneOf(`${at}.status`, status, supported) : [fieldError.required(`${at}.status`)]),
      ...(isContrary ? [fieldError.invalid(FIELD, type, why)] : []),
      ...(isRepeated ? [fieldError.duplicate(`${at}.type`, type)] : []),
    ]
  })
}

/** Nothing that was decided is taken back, and only those who approve approve. */
export function conditionUpdateErrors(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  { mayApprove }: { mayApprove: boolean },
): FieldError[] {
  const forbid = (what: string, type: string) =>
    fieldError.forbidden(FIELD, `updates may not ${what} a condition of type "${type}"`)
  const more = (type: string) => ofType(next, type).length - ofType(previous, type).length
  return [
    ...ONLY_TRUE.filter((type) => more(type) < 0).map((type) => forbid('remove', type)),
    ...OF_APPROVAL.filter((type) => !mayApprove && more(type) > 0).map((type) => forbid('add', type)),
  ]
}

/** Whoever writes the status says the decisions again as they are; to say more or fewer is refused. */
export function keepDecisions(next: CertificateSigningRequest, previous: CertificateSigningRequest): void {
  const conditions = [...conditionsOf(next)]
  for (const type of OF_APPROVAL) {
    const before = ofType(previous, type)
    if (before.length !== ofType(next, type).length) continue
    for (const [index, condition] of conditions.entries())
      if (condition.type === type) conditions[index] = { ...(before.shift() ?? condition) }
  }
  if (conditions.length > 0) next.status = { ...next.status, conditions }
}

/** Fills in when it was said, and since when it holds. */
export function stampConditions(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  now: string,
): void {
  for (const condition of conditionsOf(next)) {
    condition.lastUpdateTime ??= now
    const same = ofType(previous, condition.type).find(({ status }) => status === condition.status)
    condition.lastTransitionTime ??= same?.lastTransitionTime ?? now
  }
}

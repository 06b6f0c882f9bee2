// Approved, Denied, Failed: what has been decided about a request, and by which door it may be said.
// Upstream: pkg/apis/certificates/validation, pkg/registry/certificates/certificates/strategy.go.

import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from 'kubernetes-types/certificates/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { duplicatesAt, oneOf } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const FIELD = 'status.conditions'
const ONLY_TRUE = ['Approved', 'Denied', 'Failed']
export const OF_APPROVAL = ['Approved', 'Denied']

export const conditionsOf = ({ status }: CertificateSigningRequest): Condition[] => status?.conditions ?? []

const ofType = (request: CertificateSigningRequest, type: string) =>
  conditionsOf(request).filter((condition) => condition.type === type)

export function conditionErrors(request: CertificateSigningRequest): FieldError[] {
  const conditions = conditionsOf(request)
  const errors: FieldError[] = []
  for (const [index, { type, status }] of conditions.entries()) {
    if (!type) errors.push(fieldError.required(`${FIELD}[${index}].type`))
    if (!status) errors.push(fieldError.required(`${FIELD}[${index}].status`))
    else {
      const supported = ONLY_TRUE.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
      errors.push(...oneOf(`${FIELD}[${index}].status`, status, supported))
    }
  }
  const decisions = conditions.filter(({ type }) => OF_APPROVAL.includes(type))
  const second = decisions.find(({ type }) => type !== decisions[0]?.type)
  if (second) {
    const why = 'Approved and Denied conditions are mutually exclusive'
    errors.push(fieldError.invalid(`${FIELD}[${conditions.indexOf(second)}].type`, second.type, why))
  }
  return [
    ...errors,
    ...duplicatesAt(
      (index) => `${FIELD}[${index}].type`,
      conditions.map(({ type }) => type),
    ),
  ]
}

/** Nothing that was decided is taken back, and only those who approve approve. */
export function conditionUpdateErrors(
  next: CertificateSigningRequest,
  previous: CertificateSigningRequest,
  { mayApprove }: { mayApprove: boolean },
): FieldError[] {
  return ONLY_TRUE.flatMap((type) => {
    const [now, before] = [ofType(next, type), ofType(previous, type)]
    const forbid = (what: string) => [
      fieldError.forbidden(FIELD, `updates may not ${what} a condition of type "${type}"`),
    ]
    if (now.length < before.length) return forbid('remove')
    if (mayApprove || !OF_APPROVAL.includes(type)) return []
    if (now.length > before.length) return forbid('add')
    return deepEqual(now, before) ? [] : forbid('modify')
  })
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

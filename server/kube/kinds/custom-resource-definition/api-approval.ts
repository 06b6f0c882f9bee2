// Groups of the project itself say who has approved them. Upstream: apiextensions-apiserver/pkg/apihelpers/helpers.go.

import type { CustomResourceDefinition as Wire } from 'kubernetes-types/apiextensions/v1'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const APPROVED = 'api-approved.kubernetes.io'
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111'

export interface ApprovalState {
  state: 'Approved' | 'Unapproved' | 'Missing' | 'Invalid'
  message: string
}

/** Undefined for groups that nobody has to approve. */
export function approvalOf({ metadata, spec }: Wire): ApprovalState | undefined {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec?.group ?? '')) return undefined
  const told = metadata?.annotations?.[APPROVED] ?? ''
  const must = `protected groups must have approval annotation ${JSON.stringify(APPROVED)}`
  if (told === '') return { state: 'Missing', message: `${must}, ${SEE}` }
  if (told.startsWith('unapproved')) return { state: 'Unapproved', message: `not approved: ${JSON.stringify(told)}` }
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+/i.test(told)) return { state: 'Approved', message: `approved in ${told}` }
  return { state: 'Invalid', message: `${must} with either a URL or a reason starting with "unapproved", ${SEE}` }
}

export function approvalErrors(next: Wire, previous: Wire | undefined): FieldError[] {
  const approval = approvalOf(next)
  // Who changes something else is not asked again.
  if (!approval || (previous && approvalOf(previous)?.state === approval.state)) return []
  const at = `metadata.annotations[${APPROVED}]`
  if (approval.state === 'Missing') return [fieldError.required(at, approval.message)]
  if (approval.state !== 'Invalid') return []
  return [fieldError.invalid(at, next.metadata?.annotations?.[APPROVED], approval.message)]
}

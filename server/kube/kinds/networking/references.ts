// References from networking kinds to objects of other kinds. Upstream: pkg/apis/networking/validation.

import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems, pathSegmentProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

export function typedReferenceErrors(
  { apiGroup, kind, name }: { apiGroup?: string; kind?: string; name?: string },
  at: string,
): FieldError[] {
  const errors = apiGroup === undefined ? [] : problemsAt(`${at}.apiGroup`, apiGroup, dnsSubdomainProblems(apiGroup))
  for (const [field, value] of Object.entries({ kind, name })) {
    if (!value) errors.push(fieldError.required(`${at}.${field}`))
    else errors.push(...problemsAt(`${at}.${field}`, value, pathSegmentProblems(value)))
  }
  return errors
}

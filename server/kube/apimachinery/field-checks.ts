// The checks that kinds make of their fields again and again, with upstream's sentences.
// Upstream: apimachinery/pkg/api/validation, pkg/apis/core/validation.

import { deepEqual } from './deep.ts'
import { dnsSubdomainProblems, labelKeyProblems, labelValueProblems } from './names.ts'
import { parseQuantity } from './quantity.ts'
import { type FieldError, fieldError } from './status-error.ts'

/** Each problem of a value, as an error of its field. */
export const problemsAt = (field: string, value: unknown, problems: readonly string[]): FieldError[] =>
  problems.map((problem) => fieldError.invalid(field, value, problem))

/** Absent and empty are one for an immutable field, as in Go. */
export const immutable = (field: string, next: unknown, previous: unknown): FieldError[] =>
  deepEqual(next ?? null, previous ?? null) ? [] : [fieldError.invalid(field, next ?? null, 'field is immutable')]

export const oneOf = (field: string, value: unknown, supported: string[]): FieldError[] =>
  typeof value === 'string' && supported.includes(value) ? [] : [fieldError.notSupported(field, value ?? '', supported)]

export const notNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [fieldError.invalid(field, value, 'must be greater than or equal to 0')] : []

export function duplicatesAt(field: (index: number) => string, values: readonly string[]): FieldError[] {
  const isRepeated = repetition()
  return values.flatMap((value, index) => (isRepeated(value) ? [fieldError.duplicate(field(index), value)] : []))
}

/** Says of each value in turn whether it came before: however many there are, one look for each. */
export function repetition(): (value: string) => boolean {
  const seen = new Set<string>()
  return (value) => seen.size === seen.add(value).size
}

/** An amount of something; `positive` for what makes no sense at zero. */
export function quantityErrors(field: string, value: string | undefined, { positive = false } = {}): FieldError[] {
  const quantity = value === undefined ? undefined : parseQuantity(value)
  if (!quantity) return [fieldError.invalid(field, value ?? '', 'must be a quantity')]
  if (positive) return quantity.nanos > 0n ? [] : [fieldError.invalid(field, value, 'must be greater than zero')]
  return quantity.nanos < 0n ? [fieldError.invalid(field, value, 'must be greater than or equal to 0')] : []
}

/** Labels, or a selector of what has just these. */
export const labelsErrors = (field: string, labels: Readonly<Record<string, string>> | undefined): FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...problemsAt(field, key, labelKeyProblems(key)),
    ...problemsAt(field, value, labelValueProblems(value)),
  ])

const HTTP_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/
const NO_PATH =
  "must be a valid HTTP path (e.g. '/path', regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"

/** `acme.io/foo`: a name that somebody has of their own domain. */
export function domainPrefixedPathErrors(field: string, value: string): FieldError[] {
  if (value === '') return [fieldError.required(field)]
  const [host = '', ...rest] = value.split('/')
  const path = rest.join('/')
  if (host === '' || path === '') {
    return [fieldError.invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  }
  return [
    ...problemsAt(field, host, dnsSubdomainProblems(host)),
    ...(HTTP_PATH.test(path) ? [] : [fieldError.invalid(field, path, NO_PATH)]),
  ]
}

// `example.com/signer-name`: who is asked to sign. Upstream: pkg/apis/certificates/validation ValidateSignerName.

import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const LONGEST_DOMAIN = 253
const LONGEST = LONGEST_DOMAIN + 1 + 63 + 1 + 253

export function signerNameErrors(field: string, name: string | undefined): FieldError[] {
  if (!name) return [fieldError.required(field)]
  const [domain = '', path, ...more] = name.split('/')
  if (path === undefined || more.length > 0) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    return [fieldError.invalid(field, name, why)]
  }
  const errors = domain.length > LONGEST_DOMAIN ? [fieldError.tooLong(field, LONGEST_DOMAIN)] : []
  errors.push(...partErrors(field, domain, dnsLabelProblems))
  if (!domain.includes('.')) {
    const why = 'should be a domain with at least two segments separated by dots'
    errors.push(fieldError.invalid(field, domain, why))
  }
  errors.push(...partErrors(field, path, dnsSubdomainProblems))
  return name.length > LONGEST ? [...errors, fieldError.tooLong(field, LONGEST)] : errors
}

/** Of the first part that is none: the same said of the others helps nobody. */
function partErrors(field: string, whole: string, problemsOf: (part: string) => string[]): FieldError[] {
  const wrong = whole.split('.').find((part) => problemsOf(part).length > 0)
  return wrong === undefined
    ? []
    : problemsOf(wrong).map((problem) =>
        fieldError.invalid(field, whole, `validating label ${JSON.stringify(wrong)}: ${problem}`),
      )
}

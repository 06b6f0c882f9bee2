// Names of drivers, pools, devices and what is told of them. Upstream: pkg/apis/resource/validation/validation.go.

import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { driverNameErrors } from '../storage/csi-names.ts'

const LONGEST_POOL = 253
const LONGEST_ID = 32
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
const NO_IDENTIFIER =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' " +
  "(e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')"
const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NO_UID =
  'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'

export const labelErrors = (name: string | undefined, at: string): FieldError[] =>
  problemsAt(at, name ?? '', dnsLabelProblems(name ?? ''))

export function poolErrors(name: string | undefined, at: string): FieldError[] {
  if (!name) return [fieldError.required(at)]
  const errors = name.length > LONGEST_POOL ? [fieldError.tooLong(at, LONGEST_POOL)] : []
  return [...errors, ...name.split('/').flatMap((part) => problemsAt(at, part, dnsSubdomainProblems(part)))]
}

export function uidErrors(uid: string, at: string): FieldError[] {
  if (UID.test(uid)) return []
  const isOne = UID.test(uid.toLowerCase())
  const broken = uid.length === 36 ? 'invalid UUID format' : `invalid UUID length: ${uid.length}`
  return [fieldError.invalid(at, uid, isOne ? NO_UID : `error validating uid: ${broken}`)]
}

/** `name`, in the driver's own domain, or `domain/name`. */
export function qualifiedNameErrors(name: string, at: string): FieldError[] {
  const [domain = '', id, ...more] = name.split('/')
  if (more.length > 0) return [fieldError.invalid(at, name, 'must not contain more than one slash')]
  if (id === undefined) return identifierErrors(domain, at)
  return [
    ...(domain ? driverNameErrors(at, domain) : [fieldError.invalid(at, '', 'the domain must not be empty')]),
    ...(id ? identifierErrors(id, at) : [fieldError.invalid(at, '', 'the name must not be empty')]),
  ]
}

export function fullyQualifiedNameErrors(name: string, at: string): FieldError[] {
  const errors = qualifiedNameErrors(name, at)
  const why = 'a fully qualified name must be a domain and a name separated by a slash'
  return name.includes('/') ? errors : [...errors, fieldError.invalid(at, name, why)]
}

const identifierErrors = (id: string, at: string): FieldError[] => [
  ...(id.length > LONGEST_ID ? [fieldError.tooLong(at, LONGEST_ID)] : []),
  ...(IDENTIFIER.test(id) ? [] : [fieldError.invalid(at, id, NO_IDENTIFIER)]),
]

export function nodeNameErrors(name: string | undefined, at: string, whenEmpty: string): FieldError[] {
  if (name === undefined) return []
  return name === '' ? [fieldError.invalid(at, name, whenEmpty)] : problemsAt(at, name, dnsSubdomainProblems(name))
}

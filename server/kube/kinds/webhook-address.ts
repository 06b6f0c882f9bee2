// Where a webhook is, for admission and for conversion alike. Upstream: apiserver/pkg/util/webhook/validation.go.

import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'

const FORM = '; desired format: https://host[/path]'
/** The parts of a URL, of RFC 3986: one that has no scheme or no host is a URL as well, and is told what it lacks. */
const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s

export function webhookUrlErrors(url: string, at: string): FieldError[] {
  const [, scheme = '', authority = '', query = '', fragment = ''] = PARTS.exec(url) ?? []
  const [host = '', user] = authority.split('@').reverse()
  if (host !== '' && !URL.canParse(`https://${host}`)) {
    return [fieldError.required(at, `url must be a valid URL: parse ${JSON.stringify(url)}${FORM}`)]
  }
  const errors: FieldError[] = []
  if (scheme.toLowerCase() !== 'https') {
    errors.push(fieldError.invalid(at, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`))
  }
  if (host === '') errors.push(fieldError.invalid(at, '', `host must be specified${FORM}`))
  if (user !== undefined) errors.push(fieldError.invalid(at, user, 'user information is not permitted in the URL'))
  if (fragment) errors.push(fieldError.invalid(at, fragment, 'fragments are not permitted in the URL'))
  if (query) errors.push(fieldError.invalid(at, query, 'query parameters are not permitted in the URL'))
  return errors
}

interface ServiceReference {
  name?: string
  namespace?: string
  path?: string
  port?: number
}

export function webhookServiceErrors({ name, namespace, path, port = 443 }: ServiceReference, at: string) {
  const errors: FieldError[] = []
  // Each is asked for by the name of the other: upstream hands them over in that order.
  if (!namespace) errors.push(fieldError.required(`${at}.name`))
  if (!name) errors.push(fieldError.required(`${at}.namespace`))
  if (port < 1 || port > 65535) {
    const why = 'port is not valid: must be between 1 and 65535, inclusive'
    errors.push(fieldError.invalid(`${at}.port`, port, why))
  }
  return [...errors, ...pathErrors(path, `${at}.path`)]
}

function pathErrors(path: string | undefined, at: string): FieldError[] {
  if (!path || path === '/') return []
  const refuse = (why: string) => fieldError.invalid(at, path, why)
  if (path === '//') return [refuse('segment[0] may not be empty')]
  const errors = path.startsWith('/') ? [] : [refuse("must start with a '/'")]
  const segments = path.slice(1).replace(/\/$/, '').split('/')
  return [
    ...errors,
    ...segments.flatMap((segment, index) =>
      segment === ''
        ? [refuse(`segment[${index}] may not be empty`)]
        : dnsSubdomainProblems(segment).map((problem) => refuse(`segment[${index}]: ${problem}`)),
    ),
  ]
}

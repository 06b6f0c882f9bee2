// Hosts, paths and backends of an Ingress. Upstream: pkg/apis/networking/validation/validation.go.

import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressTLS } from 'kubernetes-types/networking/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { isIP } from '../../apimachinery/ip-rules.ts'
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNameProblems,
  portNumberProblems,
  tooLong,
} from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { typedReferenceErrors } from './references.ts'

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const BAD_ENDINGS = ['/..', '/.']
const LONGEST_HOST = 253
const WILDCARD = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const NO_WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower " +
  "case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used " +
  "for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

/** Paths of hosts with a wildcard, and names of secrets, were not looked at once: who had a bad one may keep what they like. */
export function ruleErrors(rules: readonly IngressRule[], at: string, previous?: Ingress): FieldError[] {
  const wereOdd = (previous?.spec?.rules ?? []).some(
    ({ host, http }) => host?.includes('*') && httpErrors(http, '').length > 0,
  )
  return rules.flatMap(({ host, http }, index) => {
    const here = `${at}[${index}]`
    const errors: FieldError[] = []
    if (host && isIP(host)) {
      errors.push(fieldError.invalid(`${here}.host`, host, 'must be a DNS name, not an IP address'))
    }
    if (host) errors.push(...problemsAt(`${here}.host`, host, hostProblems(host)))
    return host?.includes('*') && wereOdd ? errors : [...errors, ...httpErrors(http, `${here}.http`)]
  })
}

function httpErrors(http: IngressRule['http'], at: string): FieldError[] {
  if (!http) return []
  if (!http.paths?.length) return [fieldError.required(`${at}.paths`)]
  return http.paths.flatMap((path, index) => pathErrors(path, `${at}.paths[${index}]`))
}

export function tlsErrors(tls: readonly IngressTLS[], at: string, previous?: Ingress): FieldError[] {
  const secretProblems = (name: string | undefined) => (name ? dnsSubdomainProblems(name) : [])
  const wereOdd = previous?.spec?.tls?.some(({ secretName }) => secretProblems(secretName).length > 0) ?? false
  return tls.flatMap(({ hosts = [], secretName }, index) => [
    ...hosts.flatMap((host, hostIndex) => problemsAt(`${at}[${index}].hosts[${hostIndex}]`, host, hostProblems(host))),
    ...(wereOdd ? [] : problemsAt(`${at}[${index}].secretName`, secretName, secretProblems(secretName))),
  ])
}

const hostProblems = (host: string): string[] => {
  if (!host.includes('*')) return dnsSubdomainProblems(host)
  return [...(host.length > LONGEST_HOST ? [tooLong(LONGEST_HOST)] : []), ...(WILDCARD.test(host) ? [] : [NO_WILDCARD])]
}

function pathErrors({ path = '', pathType, backend }: HTTPIngressPath, at: string): FieldError[] {
  if (pathType === undefined) return [fieldError.required(`${at}.pathType`, 'pathType must be specified')]
  const errors = oneOf(`${at}.pathType`, pathType, PATH_TYPES)
  const refuse = (why: string) => errors.push(fieldError.invalid(`${at}.path`, path, why))
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) refuse('must be an absolute path')
    for (const bad of BAD_SEQUENCES) if (path.includes(bad)) refuse(`must not contain '${bad}'`)
    for (const bad of BAD_ENDINGS) if (path.endsWith(bad)) refuse(`cannot end with '${bad}'`)
  } else if (pathType === 'ImplementationSpecific' && path !== '' && !path.startsWith('/')) {
    refuse('must be an absolute path')
  }
  return [...errors, ...backendErrors(backend ?? {}, `${at}.backend`)]
}

export function backendErrors({ resource, service }: IngressBackend, at: string): FieldError[] {
  if (resource && service) return [fieldError.invalid(at, '', 'cannot set both resource and service backends')]
  if (resource) return typedReferenceErrors(resource, `${at}.resource`)
  if (!service) return [fieldError.invalid(at, '', 'resource or service backend is required')]
  const errors = service.name
    ? problemsAt(`${at}.service.name`, service.name, dnsLabelProblems(service.name))
    : [fieldError.required(`${at}.service.name`)]
  const { name = '', number = 0 } = service.port ?? {}
  if (name && number) return [...errors, fieldError.invalid(at, '', 'cannot set both port name & port number')]
  if (name) return [...errors, ...problemsAt(`${at}.service.port.name`, name, portNameProblems(name))]
  if (number) return [...errors, ...problemsAt(`${at}.service.port.number`, number, portNumberProblems(number))]
  return [...errors, fieldError.required(at, 'port name or number is required')]
}

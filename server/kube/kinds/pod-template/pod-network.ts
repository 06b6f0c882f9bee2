// What a pod is called, how it resolves names, and which ports of its node it takes. Upstream: pkg/apis/core/validation
// validatePodDNSConfig, ValidateHostAliases, validatePodHostNetworkDeps, validatePodHostName, validateHostUsers.

import { problemsAt } from '../../apimachinery/field-checks.ts'
import { addressProblems } from '../../apimachinery/ip-rules.ts'
import { dnsSearchProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { eachContainer } from './each-container.ts'
import type { Container, PodSpec } from './newer-fields.ts'

const MOST_NAMESERVERS = 3
const MOST_SEARCHES = 32
const LONGEST_SEARCHES = 2048
const LONGEST_HOSTNAME = 64

export function dnsErrors({ dnsPolicy, dnsConfig }: PodSpec, at: string): FieldError[] {
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {}
  if (dnsPolicy === 'None' && !dnsConfig) {
    return [fieldError.required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')]
  }
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    const why = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    return [fieldError.required(`${at}.nameservers`, why)]
  }
  const errors: FieldError[] = []
  const tooMuch = (field: string, value: unknown, what: string) =>
    errors.push(fieldError.invalid(`${at}.${field}`, value, `must not have more than ${what}`))
  if (nameservers.length > MOST_NAMESERVERS) tooMuch('nameservers', nameservers, `${MOST_NAMESERVERS} nameservers`)
  for (const [index, server] of nameservers.entries()) {
    errors.push(...problemsAt(`${at}.nameservers[${index}]`, server, addressProblems(server)))
  }
  if (searches.length > MOST_SEARCHES) tooMuch('searches', searches, `${MOST_SEARCHES} search paths`)
  if (searches.join(' ').length > LONGEST_SEARCHES) {
    tooMuch('searches', searches, `${LONGEST_SEARCHES} characters (including spaces) in the search list`)
  }
  for (const [index, search] of searches.entries()) {
    const domain = search.replace(/\.$/, '')
    if (search !== '.') errors.push(...problemsAt(`${at}.searches[${index}]`, domain, dnsSearchProblems(domain)))
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.push(fieldError.required(`${at}.options[${index}]`, 'must not be empty'))
  }
  return errors
}

export function hostAliasErrors({ hostAliases = [] }: PodSpec, at: string): FieldError[] {
  return hostAliases.flatMap(({ ip = '', hostnames = [] }, index) => [
    ...problemsAt(`${at}[${index}].ip`, ip, addressProblems(ip)),
    ...hostnames.flatMap((name, place) =>
      problemsAt(`${at}[${index}].hostnames[${place}]`, name, dnsSubdomainProblems(name)),
    ),
  ])
}

/** On the node's own network a port has one number. What a template leaves out is filled in when a pod is made of it. */
export function hostPortErrors(spec: PodSpec, at: string, { isPod }: { isPod: boolean }): FieldError[] {
  if (!spec.hostNetwork) return []
  return (spec.containers ?? []).flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ hostPort = 0, containerPort }, place) =>
      hostPort === containerPort || (!isPod && hostPort === 0)
        ? []
        : [
            fieldError.invalid(
              `${at}.containers[${index}].ports[${place}].hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ],
    ),
  )
}

/** Containers that run together cannot take one port of the node twice. */
export function takenPortErrors(containers: readonly Container[], at: (index: number) => string): FieldError[] {
  const taken = new Set<string>()
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ protocol, hostIP = '', hostPort }, place) => {
      if (!hostPort) return []
      const port = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(port)) return [fieldError.duplicate(`${at(index)}.ports[${place}].hostPort`, port)]
      taken.add(port)
      return []
    }),
  )
}

export function hostnameErrors(spec: PodSpec, at: string): FieldError[] {
  const { hostnameOverride: name, setHostnameAsFQDN, hostNetwork } = spec
  if (name === undefined) return []
  const errors: FieldError[] = []
  if (setHostnameAsFQDN) errors.push(fieldError.forbidden(at, 'may not be specified when setHostnameAsFQDN is true'))
  if (hostNetwork) errors.push(fieldError.forbidden(at, 'may not be specified when hostNetwork is true'))
  if (name.length > LONGEST_HOSTNAME) errors.push(fieldError.tooLong(at, LONGEST_HOSTNAME))
  return [...errors, ...problemsAt(at, name, dnsSubdomainProblems(name))]
}

/** A pod with users of its own shares nothing else with its node. */
export function hostUserErrors(spec: PodSpec, at: string): FieldError[] {
  if (spec.hostUsers !== false) return []
  const refused = (field: string) => fieldError.forbidden(field, 'when `hostUsers` is false')
  return [
    ...(spec.hostNetwork ? [refused(`${at}.hostNetwork`)] : []),
    ...(spec.hostPID ? [refused(`${at}.HostPID`)] : []),
    ...(spec.hostIPC ? [refused(`${at}.HostIPC`)] : []),
    ...eachContainer(spec, at, ({ volumeDevices = [] }, here) =>
      volumeDevices.length > 0 ? [refused(`${here}.volumeDevices`)] : [],
    ),
  ]
}

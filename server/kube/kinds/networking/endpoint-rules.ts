// What Endpoints and EndpointSlices may say of the addresses behind a Service.
// Upstream: pkg/apis/discovery/validation, pkg/apis/core/validation validateEndpointSubsets.

import type { EndpointAddress, EndpointSubset, EndpointPort as SubsetPort } from 'kubernetes-types/core/v1'
import type { Endpoint, EndpointHints, EndpointPort } from 'kubernetes-types/discovery/v1'
import { oneOf, problemsAt, repetition } from '../../apimachinery/field-checks.ts'
import { addressProblems, isIP, LEADING_ZEROS, strictAddressProblems } from '../../apimachinery/ip-rules.ts'
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
  portNumberProblems,
} from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { specialProblems } from '../service-rules.ts'

const TYPES = ['FQDN', 'IPv4', 'IPv6']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const MOST_ADDRESSES = 100
const MOST_PORTS = 20_000
const MOST_HINTS = 8

export function typeErrors(addressType: string): FieldError[] {
  return addressType ? oneOf('addressType', addressType, TYPES) : [fieldError.required('addressType')]
}

export function endpointErrors(endpoint: Endpoint, addressType: string, at: string): FieldError[] {
  const { addresses = [], nodeName, hostname, hints } = endpoint
  const errors: FieldError[] = []
  if (addresses.length === 0) {
    errors.push(fieldError.required(`${at}.addresses`, 'must contain at least 1 address'))
  } else if (addresses.length > MOST_ADDRESSES) {
    errors.push(fieldError.tooMany(`${at}.addresses`, addresses.length, MOST_ADDRESSES))
  }
  for (const [index, address] of addresses.entries()) {
    errors.push(...ofType(addressType, address, { list: `${at}.addresses`, index }))
  }
  if (nodeName !== undefined) errors.push(...problemsAt(`${at}.nodeName`, nodeName, dnsSubdomainProblems(nodeName)))
  if (hostname !== undefined) errors.push(...problemsAt(`${at}.hostname`, hostname, dnsLabelProblems(hostname)))
  return hints ? [...errors, ...hintErrors(hints, `${at}.hints`)] : errors
}

function ofType(addressType: string, address: string, { list, index }: { list: string; index: number }): FieldError[] {
  const at = `${list}[${index}]`
  if (addressType === 'FQDN') return domainErrors(address, at)
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return []
  const isFour = addressType === 'IPv4'
  const errors = problemsAt(at, address, isFour ? addressProblems(address) : strictAddressProblems(address))
  if (errors.length > 0) return errors
  // Upstream tells of it at all of them.
  if (isIP(address) !== (isFour ? 4 : 6))
    errors.push(fieldError.invalid(list, address, `must be an ${addressType} address`))
  return [...errors, ...problemsAt(at, address, specialProblems(address))]
}

function domainErrors(name: string, at: string): FieldError[] {
  if (name === '') return [fieldError.required(at)]
  const domain = name.endsWith('.') ? name.slice(0, -1) : name
  const problems = dnsSubdomainProblems(domain)
  if (problems.length > 0) return [fieldError.invalid(at, domain, problems.join(','))]
  const labels = domain.split('.')
  if (labels.length < 2) {
    return [fieldError.invalid(at, domain, 'should be a domain with at least two segments separated by dots')]
  }
  const bad = labels.find((label) => dnsLabelProblems(label).length > 0)
  return bad === undefined ? [] : [fieldError.invalid(at, bad, dnsLabelProblems(bad).join(','))]
}

type Hints = EndpointHints & { forNodes?: { name: string }[] }

function hintErrors({ forZones = [], forNodes = [] }: Hints, at: string): FieldError[] {
  const ofZones = hintsErrors(forZones, `${at}.forZones`, labelValueProblems)
  // With too many zones, nodes are not looked at.
  if (forZones.length > MOST_HINTS) return ofZones
  return [...ofZones, ...hintsErrors(forNodes, `${at}.forNodes`, dnsSubdomainProblems)]
}

function hintsErrors(hints: readonly { name: string }[], at: string, problemsOf: (name: string) => string[]) {
  if (hints.length > MOST_HINTS) return [fieldError.tooMany(at, hints.length, MOST_HINTS)]
  const isRepeated = repetition()
  return hints.flatMap(({ name = '' }, index) => [
    ...(isRepeated(name) ? [fieldError.duplicate(`${at}[${index}].name`, name)] : []),
    ...problemsAt(`${at}[${index}].name`, name, problemsOf(name)),
  ])
}

export function slicePortErrors(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > MOST_PORTS) return [fieldError.tooMany('ports', ports.length, MOST_PORTS)]
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const { name = '' } = port
    const at = `ports[${index}]`
    const errors = name ? problemsAt(`${at}.name`, name, dnsLabelProblems(name)) : []
    if (names.has(name)) errors.push(fieldError.duplicate(`${at}.name`, name))
    names.add(name)
    return [...errors, ...protocolErrors(port, at)]
  })
}

function protocolErrors({ protocol, appProtocol }: Pick<EndpointPort, 'protocol' | 'appProtocol'>, at: string) {
  const errors = protocol ? oneOf(`${at}.protocol`, protocol, PROTOCOLS) : [fieldError.required(`${at}.protocol`)]
  if (appProtocol === undefined) return errors
  return [...errors, ...problemsAt(`${at}.appProtocol`, appProtocol, labelKeyProblems(appProtocol))]
}

export function subsetErrors({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset, at: string) {
  const errors: FieldError[] = []
  if (addresses.length + notReadyAddresses.length === 0) {
    errors.push(fieldError.required(at, 'must specify `addresses` or `notReadyAddresses`'))
  }
  for (const [list, entries] of Object.entries({ addresses, notReadyAddresses })) {
    errors.push(...entries.flatMap((address, index) => subsetAddressErrors(address, `${at}.${list}[${index}]`)))
  }
  const isNamed = ports.length > 1
  return [...errors, ...ports.flatMap((port, index) => subsetPortErrors(port, isNamed, `${at}.ports[${index}]`))]
}

function subsetAddressErrors({ ip = '', hostname, nodeName }: EndpointAddress, at: string): FieldError[] {
  const problems = addressProblems(ip)
  // Leading zeros, which are told of above, can still be read.
  const isReadable = problems.length === 0 || isIP(ip) > 0 || problems[0] === LEADING_ZEROS
  return [
    ...problemsAt(`${at}.ip`, ip, problems),
    ...(hostname ? problemsAt(`${at}.hostname`, hostname, dnsLabelProblems(hostname)) : []),
    ...(nodeName === undefined ? [] : problemsAt(`${at}.nodeName`, nodeName, dnsSubdomainProblems(nodeName))),
    ...problemsAt(`${at}.ip`, ip, isReadable ? specialProblems(ip) : ['must be a valid IP address']),
  ]
}

function subsetPortErrors(port: SubsetPort, isNamed: boolean, at: string): FieldError[] {
  const { name = '' } = port
  const errors = name ? problemsAt(`${at}.name`, name, dnsLabelProblems(name)) : []
  if (!name && isNamed) errors.push(fieldError.required(`${at}.name`))
  return [...errors, ...problemsAt(`${at}.port`, port.port, portNumberProblems(port.port)), ...protocolErrors(port, at)]
}

// EndpointSlice: some of the addresses behind a Service, with what is known of each.
// Upstream: kubernetes/pkg/registry/discovery/endpointslice.

import type { EndpointSlice as Wire } from 'kubernetes-types/discovery/v1'
import { addressWarnings } from '../apimachinery/ip-warnings.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const SHOWN = 3
const MOST = 1000
const TYPES = ['FQDN', 'IPv4', 'IPv6']
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const LOOPS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']

export const EndpointSlice = defineKind<Wire>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  hasGeneration: true,
  strategy: {
    setDefaults(slice) {
      for (const port of slice.ports ?? []) {
        port.name ??= ''
        port.protocol ||= 'TCP'
      }
    },
    validate(slice) {
      const errors: FieldError[] = []
      if (!slice.addressType) errors.push(fieldError.required('addressType'))
      else if (!TYPES.includes(slice.addressType)) {
        errors.push(fieldError.notSupported('addressType', slice.addressType, TYPES))
      }
      if ((slice.endpoints ?? []).length > MOST) {
        errors.push({
          reason: 'FieldValueTooMany',
          field: 'endpoints',
          message: `Too many: must have at most ${MOST} items`,
        })
      }
      for (const [index, { addresses = [] }] of (slice.endpoints ?? []).entries()) {
        if (addresses.length === 0) {
          errors.push(fieldError.required(`endpoints[${index}].addresses`, 'must contain at least 1 address'))
        }
      }
      return errors
    },
    validateUpdate: (next, previous) =>
      next.addressType === previous.addressType
        ? []
        : [fieldError.invalid('addressType', next.addressType, 'field is immutable')],
    warnings({ metadata, addressType, endpoints = [] }) {
      const warnings = addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : []
      // Their own loops write them as they should.
      if (LOOPS.includes(metadata?.labels?.[MANAGED_BY] ?? '')) return warnings
      const ofAddresses = endpoints.flatMap(({ addresses = [] }, index) =>
        addresses.flatMap((address, at) => addressWarnings(`endpoints[${index}].addresses[${at}]`, address)),
      )
      return [...warnings, ...ofAddresses]
    },
  },
  columns: [
    nameColumn,
    { name: 'AddressType', value: (slice) => slice.addressType },
    { name: 'Ports', value: portsOf },
    {
      name: 'Endpoints',
      value: (slice) => shorten((slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
    },
    ageColumn,
  ],
})

function portsOf({ ports }: Wire): string {
  if (!ports) return '<unset>'
  return shorten(ports.map(({ port }) => (port === undefined ? '*' : String(port))))
}

function shorten(items: string[]): string {
  if (items.length === 0) return '<unset>'
  const more = items.length > SHOWN ? ` + ${items.length - SHOWN} more...` : ''
  return items.slice(0, SHOWN).join(',') + more
}

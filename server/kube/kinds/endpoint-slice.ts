// EndpointSlice: some of the addresses behind a Service, with what is known of each.
// Upstream: kubernetes/pkg/registry/discovery/endpointslice.

import type { EndpointSlice as Wire } from 'kubernetes-types/discovery/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { addressWarnings } from '../apimachinery/ip-warnings.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { endpointErrors, slicePortErrors, typeErrors } from './networking/endpoint-rules.ts'

const SHOWN = 3
const MOST = 1000
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
    prepareForCreate: dropTopology,
    prepareForUpdate(next, previous) {
      if (!deepEqual(toldBy(next), toldBy(previous))) {
        next.metadata = { ...next.metadata, generation: (previous.metadata?.generation ?? 0) + 1 }
      }
      if (!deepEqual(next.endpoints, previous.endpoints)) dropTopology(next)
    },
    // Endpoints that were taken once, by older rules, are not looked at again.
    validate: (slice, previous) => [
      ...typeErrors(slice.addressType),
      ...slicePortErrors(slice.ports ?? []),
      ...(deepEqual(slice.endpoints, previous?.endpoints) ? [] : endpointsErrors(slice)),
    ],
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
    { name: 'AddressType', field: 'addressType', value: (slice) => slice.addressType },
    { name: 'Ports', field: 'ports', value: portsOf },
    {
      name: 'Endpoints',
      field: 'endpoints',
      value: (slice) => shorten((slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])),
    },
    ageColumn,
  ],
})

function endpointsErrors({ addressType, endpoints = [] }: Wire): FieldError[] {
  if (endpoints.length > MOST) return [fieldError.tooMany('endpoints', endpoints.length, MOST)]
  return endpoints.flatMap((endpoint, index) => endpointErrors(endpoint, addressType, `endpoints[${index}]`))
}

/** Its labels lead to its Service, so they count too. */
const toldBy = ({ metadata, addressType, endpoints = [], ports = [] }: Wire) => ({
  labels: metadata?.labels ?? {},
  addressType,
  endpoints,
  ports,
})

/** What v1beta1 said of where an endpoint is, v1 only shows. */
function dropTopology({ endpoints = [] }: Wire): void {
  for (const endpoint of endpoints) delete endpoint.deprecatedTopology
}

function portsOf({ ports }: Wire): string {
  if (!ports) return '<unset>'
  return shorten(ports.map(({ port, name }) => String(port ?? name ?? '*')))
}

function shorten(items: string[]): string {
  const shown = items.slice(0, SHOWN).join(',')
  return items.length > SHOWN ? `${shown} + ${items.length - SHOWN} more...` : shown || '<unset>'
}

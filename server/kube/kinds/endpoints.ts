// Endpoints: the addresses behind a Service, all in one object. EndpointSlices have taken over; older clients read this.

import type { Endpoints as Wire } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { addressWarnings } from '../apimachinery/ip-warnings.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { subsetErrors } from './networking/endpoint-rules.ts'

const SHOWN = 3
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'

export const Endpoints = defineKind<Wire>({
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  strategy: {
    createsOnUpdate: true,
    setDefaults(endpoints) {
      for (const { ports } of endpoints.subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP'
    },
    // What was taken once, by older rules, is not looked at again.
    validate: ({ subsets = [] }, previous) =>
      deepEqual(subsets, previous?.subsets)
        ? []
        : subsets.flatMap((subset, index) => subsetErrors(subset, `subsets[${index}]`)),
    warnings({ metadata, subsets = [] }) {
      // Its own loop writes them as it should.
      if (metadata?.labels?.[MANAGED_BY] === 'endpoint-controller') return []
      return subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, index) =>
        Object.entries({ addresses, notReadyAddresses }).flatMap(([list, entries]) =>
          entries.flatMap(({ ip = '' }, at) => addressWarnings(`subsets[${index}].${list}[${at}].ip`, ip)),
        ),
      )
    },
  },
  columns: [nameColumn, { name: 'Endpoints', field: 'subsets', value: addressesOf }, ageColumn],
})

function addressesOf({ subsets = [] }: Wire): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap((port) => addresses.map(({ ip }) => hostPort(ip, port.port))),
  )
  if (subsets.length === 0) return '<none>'
  const more = all.length > SHOWN ? ` + ${all.length - SHOWN} more...` : ''
  return all.slice(0, SHOWN).join(',') + more
}

const hostPort = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)

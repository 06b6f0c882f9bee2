// The IPAddress: a Service's address, taken. Its name is the address. Upstream: kubernetes/pkg/registry/networking/ipaddress.

import { isIPv4 } from 'node:net'
import { immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { strictAddressProblems } from '../apimachinery/ip-rules.ts'
import { dnsSubdomainProblems, pathSegmentProblems } from '../apimachinery/names.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { defineKind, nameColumn } from './define-kind.ts'

interface ParentReference {
  group?: string
  resource?: string
  namespace?: string
  name?: string
}

interface Wire extends KubeObject {
  spec?: { parentRef?: ParentReference }
}

export const IPAddress = defineKind<Wire>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  strategy: {
    nameProblems: strictAddressProblems,
    validate: ({ spec }) => parentErrors(spec?.parentRef, 'spec.parentRef'),
    validateUpdate: (next, previous) => immutable('spec.parentRef', next.spec?.parentRef, previous.spec?.parentRef),
  },
  columns: [
    nameColumn,
    {
      name: 'ParentRef',
      field: 'spec.parentRef',
      value({ spec }) {
        if (!spec?.parentRef) return '<none>'
        const { group, resource = '', namespace, name = '' } = spec.parentRef
        const of = (group ? `${resource}.${group}` : resource).toLowerCase()
        return namespace ? `${of}/${namespace}/${name}` : `${of}/${name}`
      },
    },
  ],
})

/** What holds a Service's address. Upstream: kubernetes/pkg/registry/core/service/ipallocator/ipallocator.go. */
export const serviceIpAddress = (address: string, service: { namespace?: string; name?: string }): Wire => ({
  metadata: {
    name: address,
    labels: {
      'ipaddress.kubernetes.io/ip-family': isIPv4(address) ? 'IPv4' : 'IPv6',
      'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
    },
  },
  spec: {
    parentRef: { group: '', resource: 'services', namespace: service.namespace ?? '', name: service.name ?? '' },
  },
})

function parentErrors(parent: ParentReference | undefined, at: string): FieldError[] {
  if (!parent) return [fieldError.required(at)]
  const { group, resource, name, namespace } = parent
  const errors = group ? problemsAt(`${at}.group`, group, dnsSubdomainProblems(group)) : []
  for (const [field, value] of Object.entries({ resource, name })) {
    if (!value) errors.push(fieldError.required(`${at}.${field}`))
    else errors.push(...problemsAt(`${at}.${field}`, value, pathSegmentProblems(value)))
  }
  if (namespace) errors.push(...problemsAt(`${at}.namespace`, namespace, pathSegmentProblems(namespace)))
  return errors
}

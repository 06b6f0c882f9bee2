// The Lease: "I am still here", said often and cheaply. Upstream: kubernetes/pkg/registry/coordination/lease.

import type { LeaseSpec, Lease as Wire } from 'kubernetes-types/coordination/v1'
import { notNegative } from '../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

type FullSpec = LeaseSpec & { strategy?: string; preferredHolder?: string }

export const Lease = defineKind<Wire>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  strategy: {
    requiresResourceVersion: true,
    createsOnUpdate: true,
    prepareForCreate: dropElection,
    prepareForUpdate: dropElection,
    validate({ spec }) {
      const errors: FieldError[] = []
      const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec ?? {}
      if (duration !== undefined && duration <= 0) {
        errors.push(fieldError.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'))
      }
      errors.push(...notNegative('spec.leaseTransitions', transitions))
      return errors
    },
  },
  columns: [
    nameColumn,
    { name: 'Holder', field: 'spec.holderIdentity', value: (lease) => lease.spec?.holderIdentity ?? '' },
    ageColumn,
  ],
})

/** What elections say that the control plane coordinates: their gate is closed. Mutates. */
function dropElection({ spec }: Wire): void {
  if (!spec) return
  delete (spec as FullSpec).strategy
  delete (spec as FullSpec).preferredHolder
}

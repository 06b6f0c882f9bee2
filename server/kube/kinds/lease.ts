// The Lease: "I am still here", said often and cheaply. Upstream: kubernetes/pkg/registry/coordination/lease.

import type { Lease as Wire } from 'kubernetes-types/coordination/v1'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

export const Lease = defineKind<Wire>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  strategy: {
    validate({ spec }) {
      const errors: FieldError[] = []
      const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec ?? {}
      if (duration !== undefined && duration <= 0) {
        errors.push(fieldError.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'))
      }
      if (transitions !== undefined && transitions < 0) {
        errors.push(fieldError.invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'))
      }
      return errors
    },
  },
  columns: [nameColumn, { name: 'Holder', value: (lease) => lease.spec?.holderIdentity ?? '' }, ageColumn],
})

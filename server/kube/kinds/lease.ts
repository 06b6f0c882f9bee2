// The Lease: "I am still here", said often and cheaply. Upstream: kubernetes/pkg/registry/coordination/lease.

import type { LeaseSpec, Lease as Wire } from 'kubernetes-types/coordination/v1'
import { notNegative, oneOf, problemsAt } from '../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

/** With what elections that the control plane coordinates say. */
type FullSpec = LeaseSpec & { strategy?: string; preferredHolder?: string }

export const Lease = defineKind<Wire>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  strategy: {
    requiresResourceVersion: true,
    createsOnUpdate: true,
    validate({ spec }) {
      const errors: FieldError[] = []
      const {
        leaseDurationSeconds: duration,
        leaseTransitions: transitions,
        strategy,
        preferredHolder,
      }: FullSpec = spec ?? {}
      if (duration !== undefined && duration <= 0) {
        errors.push(fieldError.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'))
      }
      errors.push(...notNegative('spec.leaseTransitions', transitions))
      if (strategy !== undefined) errors.push(...strategyErrors(strategy))
      if (preferredHolder && !strategy) {
        errors.push(fieldError.forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'))
      }
      return errors
    },
  },
  columns: [
    nameColumn,
    { name: 'Holder', field: 'spec.holderIdentity', value: (lease) => lease.spec?.holderIdentity ?? '' },
    ageColumn,
  ],
})

function strategyErrors(strategy: string): FieldError[] {
  // As upstream has it, the field twice.
  const at = 'spec.strategy.strategy'
  if (strategy.includes('/')) return problemsAt(at, strategy, labelKeyProblems(strategy))
  return oneOf(at, strategy, ['OldestEmulationVersion'])
}

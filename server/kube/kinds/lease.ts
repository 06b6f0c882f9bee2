// Lease.

import type { Lease as Wire } from 'kubernetes-types/coordination/v1'
import { defineKind } from './define-kind.ts'

export const Lease = defineKind<Wire>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
})

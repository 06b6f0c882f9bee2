// The ServiceCIDR: a range that Services get addresses from. Upstream: kubernetes/pkg/registry/networking/servicecidr.

import { immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { parseCidr, strictRangeProblems } from '../apimachinery/ip-rules.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'

const FIELD = 'spec.cidrs'

interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export interface WireServiceCIDR extends KubeObject {
  spec?: { cidrs?: string[] }
  status?: { conditions?: Condition[] }
}

export const ServiceCIDR = defineKind<WireServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  subresources: ['status'],
  strategy: {
    keptByStatusUpdates: SENT_METADATA,
    validateCreate: ({ spec }) => rangesErrors(spec?.cidrs ?? []),
    validateUpdate(next, previous) {
      const [cidrs, before] = [next.spec?.cidrs ?? [], previous.spec?.cidrs ?? []]
      const isWidened = before.length === 1 && cidrs.length === 2
      if (cidrs.length !== before.length && !isWidened) return immutable(FIELD, cidrs, before)
      const changed = before.flatMap((cidr, index) => immutable(`${FIELD}[${index}]`, cidrs[index], cidr))
      // The other family may come later.
      return isWidened ? [...changed, ...rangesErrors(cidrs)] : changed
    },
  },
  columns: [
    nameColumn,
    { name: 'CIDRs', field: 'spec.cidrs', value: ({ spec }) => (spec?.cidrs ?? []).join(',') },
    ageColumn,
  ],
})

function rangesErrors(cidrs: string[]): FieldError[] {
  if (cidrs.length === 0) return [fieldError.required(FIELD, 'at least one CIDR required')]
  // Upstream shows its own form of the spec, whose names are Go's.
  if (cidrs.length > 2) return [fieldError.invalid(FIELD, { CIDRs: cidrs }, 'may only hold up to 2 values')]
  const errors = cidrs.flatMap((cidr, index) => problemsAt(`${FIELD}[${index}]`, cidr, strictRangeProblems(cidr)))
  const [family, other] = cidrs.map((cidr) => parseCidr(cidr)?.family)
  if (!family || family !== other) return errors
  const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
  return [...errors, fieldError.invalid(FIELD, cidrs, why)]
}

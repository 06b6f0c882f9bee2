// The ServiceCIDR: a range that Services get addresses from. Upstream: kubernetes/pkg/registry/networking/servicecidr.

import { immutable, problemsAt } from '../apimachinery/field-checks.ts'
import { parseCidr, strictRangeProblems } from '../apimachinery/ip-rules.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'

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
    validate({ spec }) {
      const at = 'spec.cidrs'
      const cidrs = spec?.cidrs ?? []
      if (cidrs.length === 0) return [fieldError.required(at, 'at least one CIDR required')]
      if (cidrs.length > 2) return [fieldError.invalid(at, spec, 'may only hold up to 2 values')]
      const families = cidrs.map((cidr) => parseCidr(cidr)?.family)
      if (cidrs.length === 2 && (families.includes(undefined) || families[0] === families[1])) {
        const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'
        return [fieldError.invalid(at, spec, why)]
      }
      return cidrs.flatMap((cidr, index) => problemsAt(`${at}[${index}]`, cidr, strictRangeProblems(cidr)))
    },
    validateUpdate: (next, previous) => immutable('spec.cidrs', next.spec?.cidrs, previous.spec?.cidrs),
  },
  columns: [nameColumn, { name: 'CIDRs', value: ({ spec }) => (spec?.cidrs ?? []).join(',') }, ageColumn],
})

// The ResourceClaim: devices that a pod wants, and which it got. Upstream: kubernetes/pkg/registry/resource/resourceclaim.

import { immutable } from '../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'
import { claimErrors, defaultClaim } from './devices/claim-rules.ts'
import type { Claim } from './devices/device-objects.ts'

export const ResourceClaim = defineKind<Claim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  subresources: ['status'],
  strategy: {
    keptByStatusUpdates: SENT_METADATA,
    returnsDeletedObject: true,
    setDefaults: ({ spec }) => defaultClaim(spec),
    validate: ({ spec }) => claimErrors(spec, 'spec'),
    validateUpdate: (next, previous) => immutable('spec', next.spec, previous.spec),
    validateStatusUpdate: statusErrors,
  },
  columns: [nameColumn, { name: 'State', value: stateOf }, ageColumn],
})

function stateOf({ metadata, status }: Claim): string {
  const words = metadata?.deletionTimestamp ? ['deleted'] : status?.allocation ? [] : ['pending']
  if (status?.allocation) words.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []))
  return words.join(',')
}

function statusErrors(next: Claim, previous: Claim): FieldError[] {
  const { allocation, reservedFor = [] } = next.status ?? {}
  const at = 'status.reservedFor'
  const errors = reservedFor.flatMap((consumer, index) =>
    (['resource', 'name', 'uid'] as const)
      .filter((field) => !consumer[field])
      .map((field) => fieldError.required(`${at}[${index}].${field}`)),
  )
  if (reservedFor.length > 0 && !allocation) {
    errors.push(fieldError.forbidden(at, 'may not be specified when `allocated` is not set'))
  }
  const before = new Set((previous.status?.reservedFor ?? []).map(({ uid }) => uid))
  if (allocation && next.metadata?.deletionTimestamp && reservedFor.some(({ uid }) => !before.has(uid))) {
    const why = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'
    errors.push(fieldError.forbidden(at, why))
  }
  return allocation && previous.status?.allocation
    ? [...errors, ...immutable('status.allocation', allocation, previous.status.allocation)]
    : errors
}

// The ResourceClaim: devices that a pod wants, and which it got. Upstream: kubernetes/pkg/registry/resource/resourceclaim.

import { immutable } from '../apimachinery/field-checks.ts'
import { ageColumn, defineKind, nameColumn, SENT_METADATA } from './define-kind.ts'
import { claimErrors, defaultClaim, defaultTolerations } from './devices/claim-rules.ts'
import { claimStatusErrors } from './devices/claim-status.ts'
import type { Claim, DeviceStatus } from './devices/device-objects.ts'

export const ResourceClaim = defineKind<Claim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  subresources: ['status'],
  strategy: {
    keptByStatusUpdates: SENT_METADATA,
    returnsDeletedObject: true,
    setDefaults({ spec, status }) {
      defaultClaim(spec)
      for (const { tolerations = [] } of status?.allocation?.devices?.results ?? []) defaultTolerations(tolerations)
    },
    prepareForStatusUpdate: dropDeallocated,
    validateCreate: ({ spec }) => claimErrors(spec, 'spec'),
    validateUpdate: (next, previous) => immutable('spec', next.spec, previous.spec),
    validateStatusUpdate: claimStatusErrors,
  },
  columns: [
    nameColumn,
    {
      name: 'State',
      description: 'A summary of the current state (allocated, pending, reserved, etc.).',
      value: stateOf,
    },
    ageColumn,
  ],
})

/** What is told of a device goes with its allocation. */
function dropDeallocated({ status: next }: Claim, { status: previous }: Claim): void {
  if (!next?.devices) return
  const idOf = ({ driver, pool, device }: Pick<DeviceStatus, 'driver' | 'pool' | 'device'>) =>
    `${driver}/${pool}/${device}`
  const given = new Set(next.allocation?.devices?.results?.map(idOf))
  const gone = new Set(previous?.allocation?.devices?.results?.map(idOf).filter((id) => !given.has(id)))
  const devices = next.devices.filter((device) => !gone.has(idOf(device)))
  if (devices.length > 0) next.devices = devices
  else delete next.devices
}

function stateOf({ metadata, status }: Claim): string {
  const words = metadata?.deletionTimestamp ? ['deleted'] : status?.allocation ? [] : ['pending']
  if (status?.allocation) words.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []))
  return words.join(',')
}

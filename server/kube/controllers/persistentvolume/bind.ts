// Writes a binding: first the volume, so that nobody else gets it, then the claim; each before its status. Stopped in
// between, the next turn finds what is there and goes on. Upstream: pv_controller.go bind, unbindVolume.

import type { PersistentVolumeClaim as Claim, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, isClaimedBy } from '../../kinds/storage/volume-binding.ts'
import type { StorageView } from './storage-view.ts'

const PRE_RESIZE_CAPACITY = 'volume.alpha.kubernetes.io/pre-resize-capacity'

export async function bind(context: ReconcileContext, storage: StorageView, volume: Volume, claim: Claim) {
  const isNews = claim.spec?.volumeName !== volume.metadata?.name || volume.spec?.claimRef?.uid !== claim.metadata?.uid
  const claimed = await bindVolume(context, storage, volume, claim)
  await setPhase(context, storage, claimed, 'Bound')
  const bound = await bindClaim(context, storage, claim, claimed)
  await settleClaim(context, storage, bound, 'Bound', claimed)
  if (isNews) context.report.did.push(`bound ${volume.metadata?.name} to ${claim.metadata?.name}`)
}

async function bindVolume(context: ReconcileContext, storage: StorageView, volume: Volume, claim: Claim) {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = claim.metadata ?? {}
  if (volume.spec?.claimRef?.uid === uid) return volume
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion }
  const marks: Record<string, string> = isClaimedBy(volume, claim) ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }
  return storage.writeVolume(context, {
    ...volume,
    metadata: { ...volume.metadata, annotations: { ...volume.metadata?.annotations, ...marks } },
    spec: { ...volume.spec, claimRef },
  })
}

async function bindClaim(context: ReconcileContext, storage: StorageView, claim: Claim, volume: Volume) {
  const volumeName = volume.metadata?.name ?? ''
  const { annotations = {} } = claim.metadata ?? {}
  const chosen: Record<string, string> = claim.spec?.volumeName === volumeName ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }
  const next = { ...annotations, ...chosen, [BIND_COMPLETED]: 'yes' }
  if (claim.spec?.volumeName === volumeName && deepEqual(next, annotations)) return claim
  return storage.writeClaim(context, {
    ...claim,
    metadata: { ...claim.metadata, annotations: next },
    spec: { ...claim.spec!, volumeName },
  })
}

/** A volume that was made larger may not be on the node yet. */
function sizeOf({ metadata, spec }: Volume): Record<string, string> | undefined {
  const before = metadata?.annotations?.[PRE_RESIZE_CAPACITY]
  return before ? { ...spec?.capacity, storage: before } : spec?.capacity
}

/** The claim's phase, and of a bound one what its volume has. */
export async function settleClaim(
  context: ReconcileContext,
  storage: StorageView,
  claim: Claim,
  phase: 'Pending' | 'Bound' | 'Lost',
  volume?: Volume,
): Promise<void> {
  const { accessModes: _modes, capacity, currentVolumeAttributesClassName: attributes, ...rest } = claim.status ?? {}
  // How large it is now, and of what sort, is told by whoever changes it, once it is bound.
  const isBound = claim.status?.phase === 'Bound'
  const size = isBound && capacity ? capacity : volume && sizeOf(volume)
  const sort = isBound ? attributes : volume?.spec?.volumeAttributesClassName
  const status = {
    ...rest,
    phase,
    ...(volume?.spec?.accessModes ? { accessModes: volume.spec.accessModes } : {}),
    ...(volume && size ? { capacity: size } : {}),
    ...(volume && sort !== undefined ? { currentVolumeAttributesClassName: sort } : {}),
  }
  if (deepEqual(status, claim.status ?? {})) return
  await storage.writeClaim(context, { ...claim, status }, 'status')
}

export async function setPhase(
  context: ReconcileContext,
  storage: StorageView,
  volume: Volume,
  phase: 'Available' | 'Bound' | 'Released' | 'Failed',
  message?: string,
): Promise<void> {
  if (volume.status?.phase === phase) return
  const { message: _, ...rest } = volume.status ?? {}
  const status = { ...rest, phase, ...(message ? { message } : {}) }
  await storage.writeVolume(context, { ...volume, status }, 'status')
  context.report.did.push(`${volume.metadata?.name} is ${phase}`)
}

/** What the binder chose, it lets go; what a person reserved stays reserved. */
export async function unbind(context: ReconcileContext, storage: StorageView, volume: Volume): Promise<void> {
  const { [BOUND_BY_CONTROLLER]: isOurs, ...annotations } = volume.metadata?.annotations ?? {}
  const { claimRef, ...spec } = volume.spec ?? {}
  const { uid: _, ...reserved } = claimRef ?? {}
  const free = await storage.writeVolume(context, {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: isOurs ? spec : { ...spec, claimRef: reserved },
  })
  await setPhase(context, storage, free, 'Available')
}

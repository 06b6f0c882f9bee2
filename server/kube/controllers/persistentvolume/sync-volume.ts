// What a volume needs next: free, bound, or what is to be done when its claim has gone.
// Upstream: pv_controller.go syncVolume, reclaimVolume.

import type { PersistentVolumeClaim as Claim, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { hasOtherMode, PROVISIONED_BY } from '../../kinds/storage/volume-binding.ts'
import { setPhase, unbind } from './bind.ts'
import { isDeletedByOthers, isMigrated, whyNotDeletable } from './deletable.ts'
import { recycle } from './recycle.ts'
import type { StorageView } from './storage-view.ts'

/** Resolves with the key of a claim that must be looked at now. */
export async function syncVolume(
  context: ReconcileContext,
  storage: StorageView,
  volume: Volume,
): Promise<string | undefined> {
  const { claimRef, persistentVolumeReclaimPolicy: policy } = volume.spec ?? {}
  if (!claimRef?.uid) {
    context.report.seen = claimRef ? 'reserved' : 'free'
    await setPhase(context, storage, volume, 'Available')
    return claimRef ? `${claimRef.namespace}/${claimRef.name}` : undefined
  }
  const key = `${claimRef.namespace}/${claimRef.name}`
  const found = storage.claim(key)
  // Another of the same name is not the one it was bound to.
  const heard = found?.metadata?.uid === claimRef.uid ? found : undefined
  const claim = heard ?? (await unheardClaim(context, volume))
  context.report.seen = claim ? `claim ${key} is there` : `claim ${key} has gone`
  if (!claim) await release(context, storage, volume)
  else if (!claim.spec?.volumeName) {
    if (!hasOtherMode(volume, claim)) return key
    tellOtherMode(context, volume, claim)
  } else if (claim.spec.volumeName === volume.metadata?.name) await setPhase(context, storage, volume, 'Bound')
  else if (volume.metadata?.annotations?.[PROVISIONED_BY] && policy === 'Delete')
    await release(context, storage, volume)
  else await unbind(context, storage, volume)
  return undefined
}

/** Asked of the server before a volume is let go: one that was made and bound elsewhere may be news that are still on their way. */
async function unheardClaim({ client }: ReconcileContext, { spec, status }: Volume): Promise<Claim | undefined> {
  const { namespace = '', name = '', uid } = spec?.claimRef ?? {}
  if (status?.phase === 'Released' || status?.phase === 'Failed') return undefined
  try {
    const claim = await client.of(PersistentVolumeClaim).get({ namespace, name })
    return claim.metadata?.uid === uid ? claim : undefined
  } catch (err) {
    if (!isNotFound(err)) throw err
    return undefined
  }
}

/** It was reserved for a claim that it cannot be had by. */
function tellOtherMode({ event }: ReconcileContext, volume: Volume, claim: Claim): void {
  const [of, to] = [volume.metadata?.name, claim.metadata?.name]
  const why = 'due to incompatible volumeMode.'
  const ofVolume = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${to}" ${why}`
  event(PersistentVolume, volume, 'Warning', 'VolumeMismatch', ofVolume)
  const ofClaim = `Cannot bind PersistentVolume "${of}" to requested PersistentVolumeClaim "${to}" ${why}`
  event(PersistentVolumeClaim, claim, 'Warning', 'VolumeMismatch', ofClaim)
}

async function release(context: ReconcileContext, storage: StorageView, volume: Volume): Promise<void> {
  const { phase } = volume.status ?? {}
  if (phase !== 'Released' && phase !== 'Failed') await setPhase(context, storage, volume, 'Released')
  if (isMigrated(volume)) return
  const { persistentVolumeReclaimPolicy: policy } = volume.spec ?? {}
  const now = storage.volume(context.key) ?? volume
  const fail = async (reason: string, message: string) => {
    if (now.status?.phase === 'Failed') return
    context.event(PersistentVolume, now, 'Warning', reason, message)
    await setPhase(context, storage, now, 'Failed', message)
  }
  if (policy === 'Recycle') {
    const why = await recycle(context, storage, now)
    return why === undefined ? undefined : fail('VolumeFailedRecycle', why)
  }
  if (policy !== 'Delete' || isDeletedByOthers(volume)) return
  const why = whyNotDeletable(volume)
  return why === undefined ? remove(context, now) : fail('VolumeFailedDelete', why)
}

/** Upstream empties the directory of the machine on which the loop runs; here that is nobody's. Those of nodes stay in both. */
async function remove({ client, report }: ReconcileContext, { metadata }: Volume): Promise<void> {
  const { name = '', uid } = metadata ?? {}
  try {
    await client.of(PersistentVolume).delete({ name }, uid ? { uid } : {})
    report.did.push(`deleted ${name}`)
  } catch (err) {
    if (!isNotFound(err)) throw err
  }
}

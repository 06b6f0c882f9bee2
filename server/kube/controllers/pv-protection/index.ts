import type { PersistentVolume as WireVolume } from 'kubernetes-types/core/v1'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PV_PROTECTION } from '../../kinds/storage/volumes.ts'
import { finalizersFor } from '../protection.ts'

/**
 * Lets go of a deleted volume when no claim is bound to it any more.
 * Upstream: kubernetes/pkg/controller/volume/pvprotection.
 */
class VolumeProtectionReconciler implements Reconciler {
  readonly #volumes: Lister<WireVolume>

  constructor(view: ClusterView) {
    this.#volumes = view.cache(PersistentVolume)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const volume = this.#volumes.get(key)
    if (!volume) return
    report.sees(volume)
    report.seen = `it is ${volume.status?.phase}`
    const finalizers = finalizersFor(volume, PV_PROTECTION, { isUsed: volume.status?.phase === 'Bound' })
    if (!finalizers) return
    await client.of(PersistentVolume).update({ ...volume, metadata: { ...volume.metadata, finalizers } })
    report.did.push(finalizers.includes(PV_PROTECTION) ? 'protected the volume' : 'let the volume go')
  }
}

export const volumeProtectionController = controller('pv-protection')
  .queueNamed('pvprotection')
  .actsAs('pv-protection-controller')
  .for(PersistentVolume)
  .reconcileWith((view) => new VolumeProtectionReconciler(view))

import type { PersistentVolumeClaim as Claim } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { PROVISIONED_BY } from '../../kinds/storage/volume-binding.ts'

/** Volumes of the classroom's provisioners, which grow them as well. */
const OURS = 'podium.dev/'

/**
 * Says that a claim which is to grow waits for somebody outside: no volume is grown by the controller manager itself.
 * Upstream: kubernetes/pkg/controller/volume/expand.
 */
class ExpanderReconciler implements Reconciler {
  readonly #claims: Lister<Claim>

  constructor(view: ClusterView) {
    this.#claims = view.cache(PersistentVolumeClaim)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { key, client, report } = context
    const claim = this.#claims.get(key)
    if (!claim || !isToGrow(claim)) return
    const name = claim.spec?.volumeName ?? ''
    const volume = await client
      .of(PersistentVolume)
      .get({ name })
      .catch((err) => {
        if (isNotFound(err)) return undefined
        throw err
      })
    if (!volume || volume.spec?.claimRef?.uid !== claim.metadata?.uid) return
    report.sees(claim, volume)
    report.seen = `${name} is to grow, by somebody outside`
    // Of drivers it is known that they are outside, of our own provisioners too: there a driver would be in their place. For
    // any other source it looked for a plug-in and found none.
    const isKnown = volume.spec?.csi || volume.metadata?.annotations?.[PROVISIONED_BY]?.startsWith(OURS)
    const type = isKnown ? 'Normal' : 'Warning'
    const message = 'waiting for an external controller to expand this PVC'
    context.event(PersistentVolumeClaim, claim, type, 'ExternalExpanding', message)
  }
}

const requested = ({ spec }: Claim) => quantityOf(spec?.resources?.requests?.storage)

const isToGrow = (claim: Claim) =>
  claim.status?.phase === 'Bound' && requested(claim).compare(quantityOf(claim.status.capacity?.storage)) > 0

export const persistentVolumeExpander = controller('persistentvolume-expander')
  .queueNamed('volume_expand')
  .actsAs('expand-controller')
  .eventsFrom('volume_expand')
  .watches(PersistentVolumeClaim, (change) => {
    if (change.type === 'deleted' || !isToGrow(change.object)) return []
    // Told once for each time that somebody asks for more.
    const isAskedFor = change.type === 'added' || requested(change.object).compare(requested(change.previous)) > 0
    return isAskedFor ? [keyOf(change.object)] : []
  })
  .reconcileWith((view) => new ExpanderReconciler(view))

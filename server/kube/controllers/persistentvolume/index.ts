import type { PersistentVolumeClaim as Claim, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller, type Enqueue } from '../../client/controller-builder.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { storageClassOf } from '../../kinds/storage/volumes.ts'
import { StorageClass } from '../../kinds/storage-class.ts'
import { isRecyclable, recycledBy } from './recycle.ts'
import { StorageView } from './storage-view.ts'
import { syncClaim } from './sync-claim.ts'
import { syncVolume } from './sync-volume.ts'

/** What waits for somebody else is looked at again, and told again, as upstream's resync does. */
const AGAIN_MS = 15_000

/** Brings claims and volumes together. Keys are of claims, `namespace/name`, and of volumes, `name`. */
class VolumeBinder implements Reconciler {
  readonly #storage: StorageView
  readonly #enqueue: Enqueue

  constructor(view: ClusterView, enqueue: Enqueue) {
    this.#storage = new StorageView(view)
    this.#enqueue = enqueue
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    if (key.includes('/')) {
      const claim = this.#storage.claim(key)
      if (!claim) return
      report.sees(claim)
      await syncClaim(context, this.#storage, claim)
      const isPending = this.#storage.claim(key)?.status?.phase === 'Pending'
      return isPending ? { requeueAfterMs: AGAIN_MS } : undefined
    }
    const volume = this.#storage.volume(key)
    if (!volume) return
    report.sees(volume)
    const next = await syncVolume(context, this.#storage, volume)
    if (next) this.#enqueue(next, volume)
    const now = this.#storage.volume(key) ?? volume
    const isToRecycle = now.spec?.persistentVolumeReclaimPolicy === 'Recycle' && isRecyclable(now)
    const isReleased = now.status?.phase === 'Released' || now.status?.phase === 'Failed'
    return isToRecycle && isReleased ? { requeueAfterMs: AGAIN_MS } : undefined
  }
}

const isOf =
  ({ metadata, spec }: Claim) =>
  (volume: Volume) =>
    volume.metadata?.name === spec?.volumeName || volume.spec?.claimRef?.uid === metadata?.uid

const pendingClaims = (view: ClusterView) =>
  view
    .cache(PersistentVolumeClaim)
    .list()
    .filter(({ status }) => status?.phase === 'Pending')

export const persistentVolumeBinder = controller('persistent-volume-binder')
  .actsAs('persistent-volume-binder')
  .eventsFrom('persistentvolume-controller')
  // One at a time: two claims must not be given one volume.
  .concurrency(1)
  .watches(PersistentVolumeClaim, ({ type, object }, view) => {
    const { volumeName } = object.spec ?? {}
    // A claim that has gone sets its volume free, also one that had not been told yet which it is.
    if (type === 'deleted') return view.cache(PersistentVolume).list().filter(isOf(object)).map(keyOf)
    return volumeName ? [keyOf(object), volumeName] : [keyOf(object)]
  })
  .watches(PersistentVolume, (change, view) => {
    const { type, object } = change
    const { claimRef } = object.spec ?? {}
    const claim = claimRef ? [`${claimRef.namespace}/${claimRef.name}`] : []
    if (type === 'deleted') return claim
    // What has become free may be what somebody waits for.
    const isFree = !claimRef && object.status?.phase === 'Available'
    const waiting = isFree ? pendingClaims(view).filter((one) => storageClassOf(one) === storageClassOf(object)) : []
    return [keyOf(object), ...claim, ...waiting.map(keyOf)]
  })
  .watches(StorageClass, ({ object }, view) =>
    pendingClaims(view)
      .filter((claim) => storageClassOf(claim) === object.metadata?.name)
      .map(keyOf),
  )
  // Whom a claim waits for is told by its Events.
  .watches(Pod, (change) => {
    const { object } = change
    const recycled = recycledBy(object)
    if (recycled.length > 0) return recycled
    if (change.type === 'updated' && deepEqual(change.object.spec, change.previous.spec)) return []
    const { namespace } = object.metadata ?? {}
    return (object.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: used }) =>
      used ? [`${namespace}/${used.claimName}`] : [],
    )
  })
  .reconcileWith((view, enqueue) => new VolumeBinder(view, enqueue))

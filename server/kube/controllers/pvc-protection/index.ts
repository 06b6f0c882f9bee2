import type { PersistentVolumeClaim as WireClaim, Pod as WirePod } from 'kubernetes-types/core/v1'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import type { Client } from '../../client/client.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { PVC_PROTECTION } from '../../kinds/storage/volumes.ts'
import { finalizersFor } from '../protection.ts'

/**
 * Lets go of a deleted claim when no pod uses it any more. Upstream: kubernetes/pkg/controller/volume/pvcprotection.
 */
class ClaimProtectionReconciler implements Reconciler {
  readonly #claims: Lister<WireClaim>
  readonly #pods: Lister<WirePod>

  constructor(view: ClusterView) {
    this.#claims = view.cache(PersistentVolumeClaim)
    this.#pods = view.cache(Pod)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const claim = this.#claims.get(key)
    if (!claim) return
    report.sees(claim)
    const user = this.#pods.list().find((pod) => usesClaim(pod, claim)) ?? (await this.#unheardUser(client, claim))
    report.seen = user ? `pod ${user.metadata?.name} uses it` : 'no pod uses it'
    const finalizers = finalizersFor(claim, PVC_PROTECTION, { isUsed: user !== undefined })
    if (!finalizers) return
    await client.of(PersistentVolumeClaim).update({ ...claim, metadata: { ...claim.metadata, finalizers } })
    report.did.push(finalizers.includes(PVC_PROTECTION) ? 'protected the claim' : 'let the claim go')
  }

  /** What has just got a node may not have been heard of: before a claim is let go of, the server is asked. */
  async #unheardUser(client: Client, claim: WireClaim): Promise<WirePod | undefined> {
    const { deletionTimestamp, namespace = '', finalizers } = claim.metadata ?? {}
    if (!deletionTimestamp || !finalizers?.includes(PVC_PROTECTION)) return undefined
    const { items } = await client.of(Pod).list({ namespace })
    return items.find((pod) => usesClaim(pod, claim))
  }
}

/**
 * A pod without a node is not started any more with a claim that goes. Others use it as long as they are there, also when they
 * have finished; but the claim of a pod's own goes when its node is done with the pod.
 */
export function usesClaim(pod: WirePod, claim: WireClaim): boolean {
  const { name, namespace } = claim.metadata ?? {}
  if (pod.metadata?.namespace !== namespace || !pod.spec?.nodeName) return false
  const { deletionTimestamp, deletionGracePeriodSeconds, uid } = pod.metadata ?? {}
  const isShutDown = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0
  const isItsOwn = controllerOf(claim)?.uid === uid
  return (pod.spec.volumes ?? []).some(
    (volume) =>
      volume.persistentVolumeClaim?.claimName === name ||
      (volume.ephemeral && `${pod.metadata?.name}-${volume.name}` === name && isItsOwn && !isShutDown),
  )
}

/** An ephemeral volume's claim is named after its pod and the volume. */
const claimsOf = ({ metadata, spec }: WirePod): string[] =>
  (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName]
    return ephemeral ? [`${metadata?.name}-${name}`] : []
  })

export const claimProtectionController = controller('pvc-protection')
  .queueNamed('pvcprotection')
  .actsAs('pvc-protection-controller')
  .for(PersistentVolumeClaim)
  .watches(Pod, ({ object }) => claimsOf(object).map((name) => `${object.metadata?.namespace}/${name}`))
  .reconcileWith((view) => new ClaimProtectionReconciler(view))

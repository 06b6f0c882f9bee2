import type { PersistentVolumeClaim as Claim, Pod as WirePod } from 'kubernetes-types/core/v1'
import type { Counter } from '../../../base/metrics.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { controllerReference, messageOf } from '../pod-control.ts'

/**
 * Makes the claims of pods' ephemeral volumes; each goes with its pod.
 * Upstream: kubernetes/pkg/controller/volume/ephemeral.
 */
class EphemeralVolumes implements Reconciler {
  readonly #pods: Lister<WirePod>
  readonly #claims: Lister<Claim>
  readonly #tries: Counter
  readonly #failures: Counter

  constructor(view: ClusterView) {
    this.#pods = view.cache(Pod)
    this.#claims = view.cache(PersistentVolumeClaim)
    // Upstream tells both in these words.
    const help = 'Number of PersistentVolumeClaim creation requests'
    this.#tries = view.metrics.counter('ephemeral_volume_controller_create_total', help)
    this.#failures = view.metrics.counter('ephemeral_volume_controller_create_failures_total', help)
    for (const counter of [this.#tries, this.#failures]) counter.add({}, 0)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const pod = this.#pods.get(context.key)
    if (!pod || pod.metadata?.deletionTimestamp) return
    context.report.sees(pod)
    for (const { name, ephemeral } of pod.spec?.volumes ?? []) {
      const template = ephemeral?.volumeClaimTemplate
      if (!template) continue
      try {
        await this.#make(context, pod, claimNameOf(pod, name), template)
      } catch (cause) {
        const message = `ephemeral volume ${name}: ${messageOf(cause)}`
        context.event(Pod, pod, 'Warning', 'FailedBinding', message)
        throw new Error(`pod ${context.key}, ${message}`, { cause })
      }
    }
  }

  async #make(
    context: ReconcileContext,
    pod: WirePod,
    name: string,
    { metadata, spec }: { metadata?: WirePod['metadata']; spec: NonNullable<Claim['spec']> },
  ): Promise<void> {
    const { namespace = '', uid } = pod.metadata ?? {}
    const there = this.#claims.get(`${namespace}/${name}`)
    if (there?.metadata?.ownerReferences?.some((owner) => owner.uid === uid && owner.controller)) return
    if (there) throw new Error(`PVC "${namespace}/${name}" was not created for pod "${context.key}" (pod is not owner)`)
    const { labels, annotations } = metadata ?? {}
    const claim = {
      metadata: {
        namespace,
        name,
        ...(labels ? { labels } : {}),
        ...(annotations ? { annotations } : {}),
        ownerReferences: [controllerReference(Pod, pod)],
      },
      spec,
    }
    this.#tries.add({})
    await context.client
      .of(PersistentVolumeClaim)
      .create(claim)
      .catch((cause) => {
        this.#failures.add({})
        throw new Error(`create PVC ${name}: ${messageOf(cause)}`, { cause })
      })
    context.report.did.push(`created claim ${name}`)
  }
}

const claimNameOf = ({ metadata }: WirePod, volume: string) => `${metadata?.name}-${volume}`

/** Whether a pod is to have a claim of this name made for itself. */
const wantsClaim = (pod: WirePod, { metadata }: Claim): boolean =>
  pod.metadata?.namespace === metadata?.namespace &&
  (pod.spec?.volumes ?? []).some(({ name, ephemeral }) => ephemeral && claimNameOf(pod, name) === metadata?.name)

export const ephemeralVolumeController = controller('ephemeral-volume')
  .watches(Pod, ({ object }) => (object.spec?.volumes?.some(({ ephemeral }) => ephemeral) ? [keyOf(object)] : []))
  .queueNamed('ephemeral_volume')
  .eventsFrom('ephemeral_volume')
  // One that somebody has taken away is made again, and one that was another's stands in the way no more.
  .watches(PersistentVolumeClaim, ({ type, object }, view) => {
    if (type !== 'deleted') return []
    const pods = view.cache(Pod).list()
    return pods.filter((pod) => wantsClaim(pod, object)).map(keyOf)
  })
  .reconcileWith((view) => new EphemeralVolumes(view))

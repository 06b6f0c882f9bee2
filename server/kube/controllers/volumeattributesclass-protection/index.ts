import type { PersistentVolumeClaim as WireClaim, PersistentVolume as WireVolume } from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import type { Change } from '../../client/shared-informer.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { VAC_PROTECTION } from '../../kinds/storage/volumes.ts'
import { VolumeAttributesClass } from '../../kinds/volume-attributes-class.ts'
import { finalizersFor } from '../protection.ts'

const BY_ATTRIBUTES = 'attributes-class'

/** What it asks for, what it has, and what it is on its way to. */
function classesOfClaim({ spec, status }: WireClaim): string[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = status ?? {}
  const names = [
    spec?.volumeAttributesClassName,
    currentVolumeAttributesClassName,
    modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(names)].flatMap((name) => name || [])
}

const classesOfVolume = ({ spec }: WireVolume): string[] =>
  spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : []

/**
 * Lets go of a deleted class of attributes when no claim and no volume has it any more.
 * Upstream: kubernetes/pkg/controller/volume/vacprotection.
 */
class AttributesProtectionReconciler implements Reconciler {
  readonly #classes: Lister<KubeObject>
  readonly #volumes: IndexedCache<WireVolume>
  readonly #claims: IndexedCache<WireClaim>

  constructor(view: ClusterView) {
    this.#classes = view.cache(VolumeAttributesClass)
    this.#volumes = view.cache(PersistentVolume)
    this.#volumes.addIndex(BY_ATTRIBUTES, classesOfVolume)
    this.#claims = view.cache(PersistentVolumeClaim)
    this.#claims.addIndex(BY_ATTRIBUTES, classesOfClaim)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const found = this.#classes.get(key)
    if (!found) return
    const [volume] = this.#volumes.byIndex(BY_ATTRIBUTES, key)
    const [claim] = this.#claims.byIndex(BY_ATTRIBUTES, key)
    report.sees(found, volume, claim)
    if (volume) report.seen = `volume ${volume.metadata?.name} has it`
    else if (claim) report.seen = `claim ${claim.metadata?.namespace}/${claim.metadata?.name} names it`
    else report.seen = 'nobody has it'
    const finalizers = finalizersFor(found, VAC_PROTECTION, { isUsed: volume !== undefined || claim !== undefined })
    if (!finalizers) return
    await client.of(VolumeAttributesClass).update({ ...found, metadata: { ...found.metadata, finalizers } })
    report.did.push(finalizers.includes(VAC_PROTECTION) ? 'protected the class' : 'let the class go')
  }
}

/** The classes that it had and has no more. */
function leftBy<T extends KubeObject>(change: Change<T>, classesOf: (object: T) => string[]): string[] {
  if (change.type === 'added') return []
  if (change.type === 'deleted') return classesOf(change.object)
  const kept = classesOf(change.object)
  return classesOf(change.previous).filter((name) => !kept.includes(name))
}

export const attributesClassProtectionController = controller('volumeattributesclass-protection')
  .queueNamed('vacprotection')
  .actsAs('volumeattributesclass-protection-controller')
  .for(VolumeAttributesClass)
  .watches(PersistentVolume, (change) => leftBy(change, classesOfVolume))
  .watches(PersistentVolumeClaim, (change) => leftBy(change, classesOfClaim))
  .reconcileWith((view) => new AttributesProtectionReconciler(view))

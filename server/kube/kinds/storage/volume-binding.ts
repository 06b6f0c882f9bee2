// Which volume suits which claim, and the marks that binding leaves on both: what the binder and the scheduler must agree
// on. Upstream: component-helpers/storage/volume, kubernetes/pkg/controller/volume/persistentvolume/index.go.

import type { PersistentVolumeClaim as Claim, Node, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { type LabelSelector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import { matchesAny } from '../../apimachinery/node-affinity.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { storageClassOf } from './volumes.ts'

/** On a claim: both sides have been written. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
/** On either: not a person but the binder chose the other. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
/** On a volume: who made it, and will delete it. */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
/** On a claim: who is to make a volume, and for which node. */
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner'
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
/** Of classes whose volumes are made by hand. */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

/** Named in its claimRef; by name alone where a person has reserved it. */
export function isClaimedBy({ spec }: Volume, { metadata }: Claim): boolean {
  const { name, namespace, uid } = spec?.claimRef ?? {}
  return name === metadata?.name && namespace === metadata?.namespace && (!uid || uid === metadata?.uid)
}

/** Both sides say so, and it is done. */
export const isFullyBound = ({ metadata, spec }: Claim): boolean =>
  !!spec?.volumeName && metadata?.annotations?.[BIND_COMPLETED] !== undefined

export const waitsForConsumer = (storageClass: StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer'

const sizeOf = ({ spec }: Volume) => quantityOf(spec?.capacity?.storage)
export const wantedSize = ({ spec }: Claim) => quantityOf(spec?.resources?.requests?.storage)
const modeOf = (spec: { volumeMode?: string } | undefined) => spec?.volumeMode ?? 'Filesystem'
const attributesOf = (spec: { volumeAttributesClassName?: string } | undefined) => spec?.volumeAttributesClassName ?? ''
const hasModes = (volume: Volume, claim: Claim) =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode))

export const hasOtherMode = (volume: Volume, claim: Claim) => modeOf(volume.spec) !== modeOf(claim.spec)

/** Why a volume that the claim names cannot be had. */
export function mismatch(volume: Volume, claim: Claim): string | undefined {
  if (volume.metadata?.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`
  if (sizeOf(volume).compare(wantedSize(claim)) < 0) return 'requested PV is too small'
  if (storageClassOf(volume) !== storageClassOf(claim)) return 'storageClassName does not match'
  if (attributesOf(volume.spec) !== attributesOf(claim.spec)) return 'volumeAttributesClassName does not match'
  if (hasOtherMode(volume, claim)) return 'incompatible volumeMode'
  return hasModes(volume, claim) ? undefined : 'incompatible accessMode'
}

export function isReachedFrom(volume: Volume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required
  return !required || matchesAny(required, node)
}

/**
 * The one that was reserved for the claim, else the smallest that is large enough. With a node, only what can be reached
 * from there; without one and `isDelayed`, only what was reserved: the scheduler will choose.
 */
export function findVolume(
  claim: Claim,
  volumes: readonly Volume[],
  {
    node,
    isDelayed = false,
    isTaken,
  }: { node?: Node; isDelayed?: boolean; isTaken?: (volume: string) => boolean } = {},
): Volume | undefined {
  const fits = (volume: Volume) =>
    !volume.metadata?.deletionTimestamp &&
    sizeOf(volume).compare(wantedSize(claim)) >= 0 &&
    attributesOf(volume.spec) === attributesOf(claim.spec) &&
    !hasOtherMode(volume, claim) &&
    hasModes(volume, claim)
  const reserved = volumes.find((volume) => isClaimedBy(volume, claim) && fits(volume))
  if (reserved) return !node || isReachedFrom(reserved, node) ? reserved : undefined
  if (!node && isDelayed) return undefined
  const selector = claim.spec?.selector && selectorOfObject(claim.spec.selector as LabelSelector)
  return volumes
    .filter(
      (volume) =>
        !volume.spec?.claimRef &&
        volume.status?.phase === 'Available' &&
        !isTaken?.(volume.metadata?.name ?? '') &&
        fits(volume) &&
        storageClassOf(volume) === storageClassOf(claim) &&
        (selector?.matches(volume.metadata?.labels) ?? true) &&
        (!node || isReachedFrom(volume, node)),
    )
    .sort(byModesThenSize)[0]
}

function byModesThenSize(a: Volume, b: Volume): number {
  const modes = (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0)
  return modes || sizeOf(a).compare(sizeOf(b)) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)
}

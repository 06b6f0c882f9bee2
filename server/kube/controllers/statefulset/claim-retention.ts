// Whether the disks of a StatefulSet go with it, or with the pods that are scaled away: told by owners, so that the
// garbage collector does the rest. Only disks of pods that are there are touched: what others left is somebody's data.
// Upstream: kubernetes/pkg/controller/statefulset: updateClaimOwnerRefForSetAndPod, PodClaimIsStale.

import type { StatefulSet as AppsStatefulSet } from 'kubernetes-types/apps/v1'
import type { PersistentVolumeClaim as Claim, Pod as CorePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { OwnerReference } from '../../apimachinery/object-meta.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { controllerReference } from '../pod-control.ts'
import { claimName, firstOrdinal, ordinalOf } from './identity.ts'

export async function settleClaims(
  context: ReconcileContext,
  set: AppsStatefulSet,
  { claimNamed, pods }: { claimNamed(name: string): Claim | undefined; pods: readonly CorePod[] },
): Promise<void> {
  for (const pod of pods) {
    for (const { metadata } of set.spec?.volumeClaimTemplates ?? []) {
      const held = claimNamed(claimName(set, metadata?.name ?? '', ordinalOf(set, pod) ?? 0))
      if (held) await settle(context, set, pod, held)
    }
  }
}

async function settle(context: ReconcileContext, set: AppsStatefulSet, pod: CorePod, held: Claim): Promise<void> {
  const { name = '', ownerReferences: before = [] } = held.metadata ?? {}
  const ownerReferences = ownersOf(set, { before, pod })
  if (deepEqual(before, ownerReferences)) return
  if (asksForDeletion(set) && hasStrangeController(ownerReferences, set, pod)) {
    const told = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
    context.event(StatefulSet, set, 'Warning', 'ConflictingController', told)
  }
  const metadata = { ...held.metadata, ownerReferences: [...ownerReferences] }
  await context.client.of(PersistentVolumeClaim).update({ ...held, metadata })
  context.report.did.push(`${ownerReferences.length > 0 ? 'took' : 'let go of'} claim ${name}`)
}

const asksForDeletion = ({ spec }: AppsStatefulSet) =>
  [
    spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted,
    spec?.persistentVolumeClaimRetentionPolicy?.whenScaled,
  ].includes('Delete')

const names = (kind: string, name: string | undefined) => (reference: OwnerReference) =>
  reference.apiVersion === (kind === 'Pod' ? 'v1' : 'apps/v1') && reference.kind === kind && reference.name === name

const hasStrangeController = (references: readonly OwnerReference[], set: AppsStatefulSet, pod: CorePod) =>
  references.some(({ controller, uid }) => controller && uid !== set.metadata?.uid && uid !== pod.metadata?.uid)

export function ownersOf(
  set: AppsStatefulSet,
  { before, pod }: { before: readonly OwnerReference[]; pod: CorePod },
): readonly OwnerReference[] {
  const isSet = names('StatefulSet', set.metadata?.name)
  const isPod = names('Pod', pod.metadata?.name)
  const isOld = (reference: OwnerReference) =>
    (isSet(reference) && reference.uid !== set.metadata?.uid) ||
    (isPod(reference) && reference.uid !== pod.metadata?.uid)
  // It goes with one of that name that was: the garbage collector's business.
  if (before.some(isOld)) return before
  const others = before.filter((reference) => !isSet(reference) && !isPod(reference))
  if (!asksForDeletion(set) || hasStrangeController(others, set, pod)) return others
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  const start = firstOrdinal(set)
  const ordinal = ordinalOf(set, pod) ?? 0
  const isCondemned = ordinal < start || ordinal >= start + (set.spec?.replicas ?? 1)
  // A pod that is scaled away takes its disk along.
  if (whenScaled === 'Delete' && isCondemned) return [...others, controllerReference(Pod, pod)]
  return whenDeleted === 'Delete' ? [...others, controllerReference(StatefulSet, set)] : others
}

/** About to go with a pod of this name that was scaled away: a new pod would be left without it. */
export const isStale = (set: AppsStatefulSet, held: Claim | undefined, pod: string): boolean =>
  set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete' &&
  (held?.metadata?.ownerReferences ?? []).some(names('Pod', pod))

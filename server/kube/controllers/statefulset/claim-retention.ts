// Whether the disks of a StatefulSet go with it, or with the pods that are scaled away: told by owners, so that the
// garbage collector does the rest. Upstream: kubernetes/pkg/controller/statefulset: UpdateClaimOwnerRefForSetAndPod.

import type { StatefulSet as AppsStatefulSet } from 'kubernetes-types/apps/v1'
import type { PersistentVolumeClaim as Claim, Pod as CorePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { KubeObject, OwnerReference } from '../../apimachinery/object-meta.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { claimName, firstOrdinal, ordinalOf } from './identity.ts'

export async function settleClaims(
  { client, report }: ReconcileContext,
  set: AppsStatefulSet,
  { claims, pods }: { claims: readonly Claim[]; pods: readonly CorePod[] },
): Promise<void> {
  const templates = (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '')
  for (const template of templates) {
    for (const held of claims) {
      const prefix = claimName(set, template, 0).slice(0, -1)
      const [, ordinal] = held.metadata?.name?.startsWith(prefix)
        ? (/^(\d+)$/.exec(held.metadata.name.slice(prefix.length)) ?? [])
        : []
      if (ordinal === undefined) continue
      const pod = pods.find((candidate) => ordinalOf(set, candidate) === Number(ordinal))
      const before = held.metadata?.ownerReferences ?? []
      const ownerReferences = ownersOf(set, { before, pod, ordinal: Number(ordinal) })
      if (deepEqual(before, ownerReferences)) continue
      const { namespace = '', name = '', uid, resourceVersion } = held.metadata ?? {}
      const patch = { metadata: { uid, resourceVersion, ownerReferences } }
      await client.of(PersistentVolumeClaim).patch({ namespace, name }, 'application/merge-patch+json', patch)
      report.did.push(`${ownerReferences.length > 0 ? 'took' : 'let go of'} claim ${name}`)
    }
  }
}

export function ownersOf(
  set: AppsStatefulSet,
  { before, pod, ordinal }: { before: readonly OwnerReference[]; pod: CorePod | undefined; ordinal: number },
): OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  const start = firstOrdinal(set)
  const isCondemned = ordinal < start || ordinal >= start + (set.spec?.replicas ?? 1)
  const isOfPod = ({ kind, name }: OwnerReference) => kind === 'Pod' && name === `${set.metadata?.name}-${ordinal}`
  const isOfSet = ({ uid }: OwnerReference) => uid === set.metadata?.uid
  const others = before.filter((reference) => !isOfPod(reference) && !isOfSet(reference))
  // A pod that was scaled away takes its disk along; it must still be there to be named.
  const ownPod = before.find(isOfPod)
  const bySet = whenDeleted === 'Delete' && !(whenScaled === 'Delete' && isCondemned)
  const byPod = whenScaled === 'Delete' && isCondemned
  return [
    ...others,
    ...(bySet ? [reference('apps/v1', 'StatefulSet', set)] : []),
    ...(byPod ? (pod ? [reference('v1', 'Pod', pod)] : ownPod ? [ownPod] : []) : []),
  ]
}

const reference = (apiVersion: string, kind: string, { metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
})

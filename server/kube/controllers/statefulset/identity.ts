// Who the pods of a StatefulSet are: an ordinal, and from it a name, a host name and disks that come back to them.
// Upstream: kubernetes/pkg/controller/statefulset/stateful_set_utils.go.

import type { StatefulSet } from 'kubernetes-types/apps/v1'
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from 'kubernetes-types/core/v1'
import { deepCopy } from '../../apimachinery/deep.ts'
import { StatefulSet as Kind } from '../../kinds/stateful-set.ts'
import { controllerReference } from '../pod-control.ts'
import { REVISION_HASH } from '../revision-history.ts'

const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'

export const firstOrdinal = ({ spec }: StatefulSet) => spec?.ordinals?.start ?? 0

const LARGEST_ORDINAL = 2 ** 31 - 1

/** Undefined for pods that are not named as this set's are. */
export function ordinalOf(set: StatefulSet, { metadata }: Pod): number | undefined {
  const [, parent, ordinal] = /^(.*)-(\d+)$/.exec(metadata?.name ?? '') ?? []
  return parent === set.metadata?.name && Number(ordinal) <= LARGEST_ORDINAL ? Number(ordinal) : undefined
}

/** Services for single pods select by this label. */
export const saysItsName = ({ metadata }: Pod): boolean => metadata?.labels?.[POD_NAME] === metadata?.name

export const identityLabels = (name: string, ordinal: number) => ({ [POD_NAME]: name, [POD_INDEX]: String(ordinal) })

const podName = (set: StatefulSet, ordinal: number) => `${set.metadata?.name}-${ordinal}`

export const claimName = (set: StatefulSet, template: string, ordinal: number) => `${template}-${podName(set, ordinal)}`

/** `revision` is the name of the revision that `template` was kept in. */
export function podFor(set: StatefulSet, ordinal: number, revision: { name: string; template: PodTemplateSpec }): Pod {
  const { metadata, spec } = deepCopy(revision.template)
  const name = podName(set, ordinal)
  const claims = (set.spec?.volumeClaimTemplates ?? []).map(
    (template): Volume => ({
      name: template.metadata?.name ?? '',
      persistentVolumeClaim: { claimName: claimName(set, template.metadata?.name ?? '', ordinal) },
    }),
  )
  const own = (spec?.volumes ?? []).filter((volume) => !claims.some((claim) => claim.name === volume.name))
  const volumes = [...claims, ...own]
  return {
    metadata: {
      name,
      namespace: set.metadata?.namespace ?? '',
      labels: { ...metadata?.labels, [REVISION_HASH]: revision.name, ...identityLabels(name, ordinal) },
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ...(metadata?.finalizers ? { finalizers: metadata.finalizers } : {}),
      ownerReferences: [controllerReference(Kind, set)],
    },
    spec: {
      containers: [],
      ...spec,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  }
}

export function claimsFor(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => {
    const { metadata, spec } = deepCopy(template)
    return {
      metadata: {
        ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
        name: claimName(set, metadata?.name ?? '', ordinal),
        namespace: set.metadata?.namespace ?? '',
        labels: { ...metadata?.labels, ...set.spec?.selector?.matchLabels },
      },
      spec: spec ?? {},
    } as PersistentVolumeClaim
  })
}

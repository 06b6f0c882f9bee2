// Of volumes, claims and classes that ask for what is no longer there. Upstream: pkg/api/persistentvolume, persistentvolumeclaim,
// storage.

import type { PersistentVolume } from 'kubernetes-types/core/v1'
import type { ObjectMeta } from 'kubernetes-types/meta/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { fractionWarnings } from '../pod-template/byte-warnings.ts'
import { nodeLabelWarning, nodeTermWarnings } from '../pod-template/node-label-warnings.ts'
import { driverWarnings } from '../pod-template/old-drivers.ts'
import { CLASS_ANNOTATION } from './volumes.ts'

type Amounts = Readonly<Record<string, string>>

const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options'
const NOTED: Readonly<Record<string, string>> = {
  [CLASS_ANNOTATION]: 'deprecated since v1.8; use "storageClassName" attribute instead',
  [MOUNT_OPTIONS]: 'deprecated since v1.31; use "mountOptions" attribute instead',
}

function annotationWarnings({ annotations = {} }: ObjectMeta, ...keys: string[]): string[] {
  return keys.flatMap((key) => (Object.hasOwn(annotations, key) ? [`metadata.annotations[${key}]: ${NOTED[key]}`] : []))
}

/** Of what a claim asks for. */
export function storageWarnings(spec: { resources?: { requests?: Amounts; limits?: Amounts } }, at: string): string[] {
  return [
    ...fractionWarnings(spec.resources?.requests, `${at}.resources.requests`, ['storage']),
    ...fractionWarnings(spec.resources?.limits, `${at}.resources.limits`, ['storage']),
  ]
}

export const claimWarnings = ({ metadata = {}, spec }: { metadata?: ObjectMeta; spec?: object }): string[] => [
  ...annotationWarnings(metadata, CLASS_ANNOTATION),
  ...storageWarnings(spec ?? {}, 'spec'),
]

export function volumeWarnings({ metadata = {}, spec }: PersistentVolume): string[] {
  const recycles = spec?.persistentVolumeReclaimPolicy === 'Recycle'
  return [
    ...annotationWarnings(metadata, CLASS_ANNOTATION, MOUNT_OPTIONS),
    ...(recycles
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...(spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`),
    ),
    ...driverWarnings(spec ?? {}, 'spec', ['flocker', 'quobyte']),
    ...fractionWarnings(spec?.capacity, 'spec.capacity', ['storage']),
  ]
}

export function classWarnings({ allowedTopologies = [] }: StorageClass): string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, term) =>
    matchLabelExpressions.flatMap(({ key }, index) => {
      const why = nodeLabelWarning(key)
      return why ? [`allowedTopologies[${term}].matchLabelExpressions[${index}].key: ${key} is ${why}`] : []
    }),
  )
}

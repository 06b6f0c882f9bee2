// A claim that a pod uses, a volume that a claim uses, and a class whose attributes a volume has outlive their deletion
// until they are no longer used: a loop takes the finalizer away again. Upstream: kubernetes/plugin/pkg/admission/storage/storageobjectinuseprotection.

import { PV_PROTECTION, PVC_PROTECTION, VAC_PROTECTION } from '../../kinds/storage/volumes.ts'
import type { AdmissionPlugin } from './admission.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  PersistentVolume: PV_PROTECTION,
  PersistentVolumeClaim: PVC_PROTECTION,
  VolumeAttributesClass: VAC_PROTECTION,
}
const GROUPS = ['', 'storage.k8s.io']

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.kind in FINALIZERS && GROUPS.includes(kind.group) && subresource === '',
  mutate({ kind, object }) {
    const finalizer = FINALIZERS[kind.kind] ?? ''
    const finalizers = object?.metadata?.finalizers ?? []
    if (object && !finalizers.includes(finalizer)) {
      object.metadata = { ...object.metadata, finalizers: [...finalizers, finalizer] }
    }
  },
}

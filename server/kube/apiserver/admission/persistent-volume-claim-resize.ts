// A claim grows only where its class says that its volumes can.
// Upstream: kubernetes/plugin/pkg/admission/storage/persistentvolume/resize.

import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { StorageClass } from '../../kinds/index.ts'
import { storageClassOf } from '../../kinds/storage/volumes.ts'
import { type AdmissionPlugin, refusal } from './admission.ts'

export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  handles: ({ operation, kind, subresource }) =>
    operation === 'UPDATE' && kind.kind === 'PersistentVolumeClaim' && subresource === '',
  validate(request, reader) {
    const [next, previous] = [request.object, request.previous] as PersistentVolumeClaim[]
    const size = (claim: PersistentVolumeClaim | undefined) => quantityOf(claim?.spec?.resources?.requests?.storage)
    if (size(next).compare(size(previous)) <= 0) return
    if (previous?.status?.phase !== 'Bound') {
      throw refusal(request, 'Only bound persistent volume claims can be expanded')
    }
    const storageClass = next && reader.find(StorageClass, '', storageClassOf(next))
    if (storageClass?.allowVolumeExpansion) return
    throw refusal(
      request,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    )
  },
}

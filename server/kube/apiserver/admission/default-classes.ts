// Claims and Ingresses that name no class get the one that is marked as default. Of several, the newest counts.
// Upstream: kubernetes/plugin/pkg/admission/{storage/storageclass/setdefault,defaultingressclass}.

import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1'
import type { Ingress } from 'kubernetes-types/networking/v1'
import { newest } from '../../apimachinery/object-meta.ts'
import { IngressClass, StorageClass } from '../../kinds/index.ts'
import { INGRESS_CLASS_ANNOTATION } from '../../kinds/ingress.ts'
import { isDefaultIngressClass } from '../../kinds/ingress-class.ts'
import { namesClass } from '../../kinds/storage/volumes.ts'
import { isDefaultStorageClass } from '../../kinds/storage-class.ts'
import type { AdmissionPlugin } from './admission.ts'

export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.kind === 'PersistentVolumeClaim' && subresource === '',
  mutate({ object }, reader) {
    const claim = object as PersistentVolumeClaim
    if (!claim.spec || namesClass(claim)) return
    const name = newest(reader.list(StorageClass).filter(isDefaultStorageClass))?.metadata?.name
    if (name) claim.spec.storageClassName = name
  },
}

export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  handles: ({ operation, kind, subresource }) =>
    operation === 'CREATE' && kind.kind === 'Ingress' && subresource === '',
  mutate({ object }, reader) {
    const { spec, metadata } = object as Ingress
    if (!spec || spec.ingressClassName !== undefined) return
    if (metadata?.annotations?.[INGRESS_CLASS_ANNOTATION] !== undefined) return
    const name = newest(reader.list(IngressClass).filter(isDefaultIngressClass))?.metadata?.name
    if (name) spec.ingressClassName = name
  },
}

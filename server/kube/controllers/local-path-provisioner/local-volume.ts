// A volume that is a directory of one machine, and the pod that removes it again.

import type { PersistentVolumeClaim as Claim, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { PROVISIONED_BY } from '../../kinds/storage/volume-binding.ts'

export const PROVISIONER = 'podium.dev/local-path'
/** While it is there, the directory may be there. */
export const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer'
const HOSTNAME = 'kubernetes.io/hostname'
const ROOT = '/var/local-path-provisioner'

export const volumeNameFor = ({ metadata }: Claim) => `pvc-${metadata?.uid}`

export function localVolume(claim: Claim, storageClass: StorageClass, hostname: string): Volume {
  const { namespace = '', name = '', uid = '' } = claim.metadata ?? {}
  const volumeName = volumeNameFor(claim)
  const storage = claim.spec?.resources?.requests?.storage ?? '0'
  return {
    metadata: { name: volumeName, annotations: { [PROVISIONED_BY]: PROVISIONER }, finalizers: [FINALIZER] },
    spec: {
      capacity: { storage },
      accessModes: claim.spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata?.name ?? '',
      volumeMode: 'Filesystem',
      hostPath: { path: `${ROOT}/${volumeName}_${namespace}_${name}`, type: 'DirectoryOrCreate' },
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [hostname] }] }],
        },
      },
    },
  }
}

/** The machine that the volume lies on, by its label. */
export const hostnameOf = ({ spec }: Volume): string =>
  spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0] ?? ''

/** Says where it cannot be done; undefined when it can. */
export function refusal({ spec }: Claim): string | undefined {
  if (spec?.volumeMode === 'Block') return 'block volume is not supported'
  if (spec?.selector) return 'claim.Spec.Selector is not supported'
  const isLocal = spec?.accessModes?.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod')
  return isLocal ? undefined : 'Only support ReadWriteOnce access mode'
}

export const removerName = (volume: Volume) => `helper-pod-delete-${volume.metadata?.name}`

export function remover(volume: Volume, nodeName: string): Pod {
  const path = volume.spec?.hostPath?.path ?? ''
  const directory = path.slice(ROOT.length + 1)
  return {
    metadata: {
      name: removerName(volume),
      namespace: 'kube-system',
      // Where nothing runs, nothing takes time either.
      annotations: { 'simulated.podium.dev/exit-after': '0s' },
    },
    spec: {
      nodeName,
      restartPolicy: 'OnFailure',
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'remove',
          image: 'busybox',
          command: ['rm', '-rf', `/volumes/${directory}`],
          volumeMounts: [{ name: 'volumes', mountPath: '/volumes' }],
        },
      ],
      volumes: [{ name: 'volumes', hostPath: { path: ROOT, type: 'DirectoryOrCreate' } }],
    },
  }
}

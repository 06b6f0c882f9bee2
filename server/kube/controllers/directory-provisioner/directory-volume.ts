// A volume that is a directory, and the pod that removes it again: of one machine, or of the learner's shared directory,
// which all machines have (server/machines/shared-directory.ts).

import type { PersistentVolumeClaim as Claim, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { PROVISIONED_BY } from '../../kinds/storage/volume-binding.ts'

/** Where directories are made, and what for. */
export interface Place {
  /** Also the name of the loop. */
  name: string
  provisioner: string
  storageClass: StorageClass & { metadata: { name: string } }
  root: string
  /** Each directory is on the one machine that the scheduler has chosen, and so can be read and written there only. */
  isOfOneMachine: boolean
}

export const localPath: Place = {
  name: 'local-path-provisioner',
  provisioner: 'podium.dev/local-path',
  storageClass: {
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'podium.dev/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  },
  root: '/var/local-path-provisioner',
  isOfOneMachine: true,
}

export const sharedDirectory: Place = {
  name: 'shared-directory-provisioner',
  provisioner: 'podium.dev/shared-directory',
  storageClass: {
    metadata: { name: 'shared-directory' },
    provisioner: 'podium.dev/shared-directory',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  },
  root: '/srv/shared-directory',
  isOfOneMachine: false,
}

/** While it is there, the directory may be there. */
export const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer'
const HOSTNAME = 'kubernetes.io/hostname'
/** On nodes whose machines are on another host than the cluster: what machines share is not there. */
export const ELSEWHERE = 'podium.dev/elsewhere'

export const volumeNameFor = ({ metadata }: Claim) => `pvc-${metadata?.uid}`

/** `hostname` is undefined for one that all machines of the cluster's host have. */
export function directoryVolume(place: Place, claim: Claim, storageClass: StorageClass, hostname?: string): Volume {
  const { namespace = '', name = '', uid = '' } = claim.metadata ?? {}
  const volumeName = volumeNameFor(claim)
  const storage = claim.spec?.resources?.requests?.storage ?? '0'
  return {
    metadata: { name: volumeName, annotations: { [PROVISIONED_BY]: place.provisioner }, finalizers: [FINALIZER] },
    spec: {
      capacity: { storage },
      accessModes: claim.spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata?.name ?? '',
      volumeMode: 'Filesystem',
      hostPath: { path: `${place.root}/${volumeName}_${namespace}_${name}`, type: 'DirectoryOrCreate' },
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid },
      nodeAffinity: hostname === undefined ? AT_HOME : onlyOn(hostname),
    },
  }
}

const AT_HOME = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ELSEWHERE, operator: 'DoesNotExist' }] }] },
}
const onlyOn = (hostname: string) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [hostname] }] }] },
})

/** The machine that the volume lies on, by its label; undefined for one that all have. */
export const hostnameOf = ({ spec }: Volume): string | undefined =>
  spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0]

/** Says where it cannot be done; undefined when it can. */
export function refusal({ isOfOneMachine }: Place, { spec }: Claim): string | undefined {
  if (spec?.volumeMode === 'Block') return 'block volume is not supported'
  if (spec?.selector) return 'claim.Spec.Selector is not supported'
  const isLocal = spec?.accessModes?.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod')
  return isLocal || !isOfOneMachine ? undefined : 'Only support ReadWriteOnce access mode'
}

export const removerName = (volume: Volume) => `helper-pod-delete-${volume.metadata?.name}`

export function remover({ root }: Place, volume: Volume, nodeName: string): Pod {
  const path = volume.spec?.hostPath?.path ?? ''
  const directory = path.slice(root.length + 1)
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
      volumes: [{ name: 'volumes', hostPath: { path: root, type: 'DirectoryOrCreate' } }],
    },
  }
}

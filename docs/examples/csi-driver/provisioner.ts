// Makes a volume for each claim that waits for this driver on this machine, and removes those that were given back:
// what upstream's external-provisioner does. Looks every second; a larger one would watch.

import { api, everyMs } from './api.ts'

interface Claim {
  metadata: { name: string; namespace: string; uid: string; annotations?: Record<string, string> }
  spec: {
    volumeName?: string
    accessModes: string[]
    storageClassName?: string
    resources: { requests: { storage: string } }
  }
}
interface Volume {
  metadata: { name: string; annotations?: Record<string, string>; deletionTimestamp?: string }
  spec: { csi?: { driver: string; volumeHandle: string }; persistentVolumeReclaimPolicy: string }
  status?: { phase: string }
}

export function provision(options: {
  driver: string
  node: string
  remove(volumeHandle: string): void
  say(line: string): void
}): Promise<never> {
  return everyMs(1000, options.say, () => look(options))
}

async function look({ driver, node, remove, say }: Parameters<typeof provision>[0]): Promise<void> {
  const claims = await api<{ items: Claim[] }>('GET', '/api/v1/persistentvolumeclaims')
  for (const { metadata, spec } of claims.items) {
    const { annotations = {}, name, namespace, uid } = metadata
    const isOurs = annotations['volume.kubernetes.io/storage-provisioner'] === driver
    if (!isOurs || spec.volumeName || annotations['volume.kubernetes.io/selected-node'] !== node) continue
    const volumeHandle = `pvc-${uid}`
    say(`make ${volumeHandle} for ${namespace}/${name}`)
    await api('POST', '/api/v1/persistentvolumes', {
      metadata: { name: volumeHandle, annotations: { 'pv.kubernetes.io/provisioned-by': driver } },
      spec: {
        capacity: spec.resources.requests,
        accessModes: spec.accessModes,
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: spec.storageClassName,
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
        csi: { driver, volumeHandle },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: `topology.${driver}/node`, operator: 'In', values: [node] }] },
            ],
          },
        },
      },
    })
  }
  const volumes = await api<{ items: Volume[] }>('GET', '/api/v1/persistentvolumes')
  for (const { metadata, spec, status } of volumes.items) {
    const isGivenBack = status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete'
    // One that is attached still is kept by the attacher for a moment.
    if (spec.csi?.driver !== driver || !isGivenBack || metadata.deletionTimestamp) continue
    say(`remove ${metadata.name}`)
    remove(spec.csi.volumeHandle)
    await api('DELETE', `/api/v1/persistentvolumes/${metadata.name}`)
  }
}

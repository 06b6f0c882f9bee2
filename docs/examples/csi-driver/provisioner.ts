// Makes a volume for each claim that waits for this driver on this machine, makes larger those that are to be, and removes
// those that were given back: what upstream's external-provisioner and external-resizer do. Looks every second; a larger one
// would watch.

import { api, everyMs } from './api.ts'

interface Claim {
  metadata: { name: string; namespace: string; uid: string; annotations?: Record<string, string> }
  spec: {
    volumeName?: string
    accessModes: string[]
    storageClassName?: string
    resources: { requests: { storage: string } }
  }
  status: { capacity?: { storage: string }; allocatedResourceStatuses?: { storage?: string } }
}
interface Volume {
  metadata: { name: string; annotations?: Record<string, string>; deletionTimestamp?: string }
  spec: {
    csi?: { driver: string; volumeHandle: string }
    persistentVolumeReclaimPolicy: string
    nodeAffinity?: { required: { nodeSelectorTerms: { matchExpressions: { values: string[] }[] }[] } }
  }
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
        csi: { driver, volumeHandle, volumeAttributes: { size: spec.resources.requests.storage } },
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
  for (const claim of claims.items) {
    const volume = volumes.items.find(({ metadata }) => metadata.name === claim.spec.volumeName)
    if (volume?.spec.csi?.driver === driver && isHere(volume, node)) await enlarge(claim, volume, say)
  }
  for (const volume of volumes.items) {
    const { metadata, spec, status } = volume
    const isGivenBack = status?.phase === 'Released' && spec.persistentVolumeReclaimPolicy === 'Delete'
    // One that is attached still is kept by the attacher for a moment.
    if (spec.csi?.driver !== driver || !isGivenBack || metadata.deletionTimestamp || !isHere(volume, node)) continue
    say(`remove ${metadata.name}`)
    remove(spec.csi.volumeHandle)
    await api('DELETE', `/api/v1/persistentvolumes/${metadata.name}`)
  }
}

const isHere = ({ spec }: Volume, node: string) =>
  spec.nodeAffinity?.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values[0] === node

/** First the volume, then a word to its machine that something is left to do there; whoever is interrupted does both again. */
async function enlarge({ metadata, spec, status }: Claim, volume: Volume, say: (line: string) => void): Promise<void> {
  const { storage } = spec.resources.requests
  const isUnderWay = status.allocatedResourceStatuses?.storage !== undefined
  if (isUnderWay || bytesOf(storage) <= bytesOf(status.capacity?.storage ?? storage)) return
  say(`enlarge ${volume.metadata.name} to ${storage}`)
  await api('PATCH', `/api/v1/persistentvolumes/${volume.metadata.name}`, { spec: { capacity: { storage } } })
  await api('PATCH', `/api/v1/namespaces/${metadata.namespace}/persistentvolumeclaims/${metadata.name}/status`, {
    status: {
      allocatedResources: { storage },
      allocatedResourceStatuses: { storage: 'NodeResizePending' },
      conditions: [
        {
          type: 'FileSystemResizePending',
          status: 'True',
          lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
        },
      ],
    },
  })
}

/** Of the quantities that people write for sizes. */
export function bytesOf(quantity: string): number {
  const unit = ['', 'Ki', 'Mi', 'Gi', 'Ti'].indexOf(quantity.replace(/^[0-9.]+/, ''))
  return Number.parseFloat(quantity) * 1024 ** Math.max(0, unit)
}

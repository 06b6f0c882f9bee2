// Two pods cannot have what only one may have: a claim that is ReadWriteOncePod, anywhere; a disk of the old kinds that
// nobody may share, on one node. Upstream: plugins/volumerestrictions.

import type { Pod, Volume } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type Plugin, reject, rejectForGood, SKIP } from '../framework.ts'
import { claimNotFound, claimsOf, namedClaimsOf } from '../pod-claims.ts'
import type { StorageView } from '../storage-view.ts'

const NAME = 'VolumeRestrictions'

interface Wanted {
  /** Claims for one pod only that another pod has. */
  isTaken: boolean
  disks: Disk[]
}

interface Disk {
  id: string
  /** Many may read; nobody may read what somebody writes. */
  isReadOnly: boolean
}

export function volumeRestrictions(storage: StorageView): Plugin {
  return {
    name: NAME,
    preFilter(state, pod, nodes) {
      const keys = namedClaimsOf(pod)
      const missing = keys.find((key) => !storage.claims.get(key))
      if (missing) return rejectForGood(claimNotFound(missing))
      const alone = keys.filter((key) => storage.claims.get(key)?.spec?.accessModes?.includes('ReadWriteOncePod'))
      const disks = disksOf(pod)
      const isTaken = alone.some((key) => nodes.all.some(({ claims }) => claims.has(key)))
      if (!isTaken && disks.length === 0) return SKIP
      state.set(NAME, { isTaken, disks } satisfies Wanted)
      return undefined
    },
    filter(state, _, node) {
      const { isTaken, disks } = state.get(NAME) as Wanted
      if (disks.length > 0) {
        const there = [...node.pods.values()].flatMap(disksOf)
        const collides = (disk: Disk) =>
          there.some((other) => other.id === disk.id && !(other.isReadOnly && disk.isReadOnly))
        if (disks.some(collides)) return reject('node(s) had no available disk')
      }
      return isTaken
        ? reject(
            'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
          )
        : undefined
    },
    wokenBy: ['node-added', 'pod-removed', 'volume-claim-changed'],
    mayHelp(event, pod) {
      if (event.type === 'volume-claim-changed') {
        return !event.previous && namedClaimsOf(pod).includes(keyOf(event.object))
      }
      if (event.type !== 'pod-removed') return true
      const freed = new Set(idsOf(event.pod))
      return idsOf(pod).some((id) => freed.has(id))
    },
  }
}

const idsOf = (pod: Pod) => [...claimsOf(pod).map(({ key }) => key), ...disksOf(pod).map(({ id }) => id)]

const disksOf = ({ spec }: Pod): Disk[] => (spec?.volumes ?? []).flatMap(diskOf)

function diskOf({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: Volume): Disk[] {
  if (gcePersistentDisk)
    return [{ id: `gce ${gcePersistentDisk.pdName}`, isReadOnly: gcePersistentDisk.readOnly ?? false }]
  // One writer or one reader, and nobody else.
  if (awsElasticBlockStore) return [{ id: `aws ${awsElasticBlockStore.volumeID}`, isReadOnly: false }]
  if (iscsi) return [{ id: `iscsi ${iscsi.iqn}`, isReadOnly: iscsi.readOnly ?? false }]
  if (!rbd) return []
  const id = `${rbd.pool ?? 'rbd'}/${rbd.image}`
  return rbd.monitors.map((monitor) => ({ id: `rbd ${monitor} ${id}`, isReadOnly: rbd.readOnly ?? false }))
}

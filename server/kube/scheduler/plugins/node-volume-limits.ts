// A storage driver can attach so many volumes to a node and no more, as the node's CSINode says. A volume that several
// pods of the node use counts once; one that is attached still, or already, counts without any pod.
// Upstream: plugins/nodevolumelimits/csi.go.

import type { PersistentVolume, Pod } from 'kubernetes-types/core/v1'
import type { CSINode } from 'kubernetes-types/storage/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type Plugin, reject, SKIP } from '../framework.ts'
import { claimsOf, namedClaimsOf } from '../pod-claims.ts'
import type { StorageView } from '../storage-view.ts'

const NAME = 'NodeVolumeLimits'

/** Of each volume a name of its own, with the driver it is of. */
type Volumes = Map<string, string>

export function nodeVolumeLimits(storage: StorageView): Plugin {
  return {
    name: NAME,
    preFilter(state, pod) {
      const wanted = volumesOf(pod, storage)
      if (wanted.size === 0) return SKIP
      state.set(NAME, wanted)
      return undefined
    },
    filter(state, _, node) {
      const limits = storage.volumeLimits(node.name)
      if (limits.size === 0) return undefined
      const there: Volumes = new Map()
      for (const pod of node.pods.values()) for (const [id, driver] of volumesOf(pod, storage)) there.set(id, driver)
      // What is attached and nobody's counts twice, as upstream has it: it may be on its way off.
      const wanted = [...(state.get(NAME) as Volumes)].filter(([id]) => !there.has(id))
      for (const volume of storage.attachedTo(node.name)) countVolume(there, volume)
      const isFull = ([driver, most]: [string, number]) => {
        const more = wanted.filter((volume) => volume[1] === driver).length
        const now = [...there.values()].filter((other) => other === driver).length
        return more > 0 && now + more > most
      }
      return [...limits].some(isFull) ? reject('node(s) exceed max volume count') : undefined
    },
    // A node can have volumes when its drivers have said so.
    wokenBy: ['csi-node-changed', 'pod-removed', 'volume-claim-changed', 'volume-detached'],
    mayHelp(event, pod) {
      if (event.type === 'pod-removed') return claimsOf(event.pod).length > 0
      if (event.type === 'volume-claim-changed') {
        return !event.previous && claimsOf(pod).some(({ key }) => key === keyOf(event.object))
      }
      if (event.type === 'volume-detached') return namedClaimsOf(pod).length > 0
      return event.type !== 'csi-node-changed' || !event.previous || canHaveMore(event.object, event.previous)
    },
  }
}

function canHaveMore(now: CSINode, before: CSINode): boolean {
  const limits = ({ spec }: CSINode) =>
    new Map(spec.drivers.map(({ name, allocatable }) => [name, allocatable?.count ?? 0]))
  const had = limits(before)
  return [...limits(now)].some(([driver, most]) => most > (had.get(driver) ?? 0))
}

function volumesOf(pod: Pod, storage: StorageView): Volumes {
  const volumes: Volumes = new Map()
  for (const { key } of claimsOf(pod)) {
    const claim = storage.claims.get(key)
    const volume = storage.volumes.get(claim?.spec?.volumeName ?? '')
    if (volume) countVolume(volumes, volume)
    // Not made yet: it will be by the driver that the class names.
    else if (claim) {
      const driver = storage.classOf(claim)?.provisioner
      if (driver) volumes.set(`${driver}/${key}`, driver)
    }
  }
  return volumes
}

function countVolume(volumes: Volumes, { spec }: PersistentVolume): void {
  const { driver, volumeHandle } = spec?.csi ?? {}
  if (driver) volumes.set(`${driver}/${volumeHandle}`, driver)
}

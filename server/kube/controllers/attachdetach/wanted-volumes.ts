// Which volumes shall be attached to which node: those of other people's drivers that a pod there has by a bound claim.
// Upstream: kubernetes/pkg/controller/volume/attachdetach/{cache,populator,util}, kubernetes/pkg/volume/csi.

import { createHash } from 'node:crypto'
import type {
  PersistentVolumeClaim as Claim,
  Pod as CorePod,
  PersistentVolume as Volume,
} from 'kubernetes-types/core/v1'
import type { CSIDriver as Driver } from 'kubernetes-types/storage/v1'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import { CSIDriver } from '../../kinds/csi-driver.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { isTerminated } from '../pod-state.ts'
import { indexByNode, podsOn } from '../pods-by-node.ts'

export const BY_CLAIM = 'claim'

export interface WantedVolume {
  volume: Volume
  pods: CorePod[]
}

export class WantedVolumes {
  readonly #pods: IndexedCache<CorePod>
  readonly #claims: Lister<Claim>
  readonly #volumes: Lister<Volume>
  readonly #drivers: Lister<Driver>

  constructor(view: ClusterView) {
    this.#pods = view.cache(Pod)
    indexByNode(this.#pods)
    this.#pods.addIndex(BY_CLAIM, claimsOf, ({ spec }) => spec)
    this.#claims = view.cache(PersistentVolumeClaim)
    this.#volumes = view.cache(PersistentVolume)
    this.#drivers = view.cache(CSIDriver)
  }

  volume = (name: string): Volume | undefined => this.#volumes.get(name)

  /** By the names of their attachments. */
  of(nodeName: string): Map<string, WantedVolume> {
    const wanted = new Map<string, WantedVolume>()
    for (const pod of podsOn(this.#pods, nodeName)) {
      if (hasEnded(pod)) continue
      for (const volume of this.#attachableOf(pod)) {
        const name = attachmentNameOf(volume, nodeName)
        const one = wanted.get(name) ?? { volume, pods: [] }
        one.pods.push(pod)
        wanted.set(name, one)
      }
    }
    return wanted
  }

  /** The pods that use a volume, wherever they are. */
  podsWith({ spec }: Volume): CorePod[] {
    const { namespace, name } = spec?.claimRef ?? {}
    const pods = this.#pods.byIndex(BY_CLAIM, `${namespace}/${name}`)
    return pods.filter((pod) => pod.spec?.nodeName && !hasEnded(pod))
  }

  #attachableOf(pod: CorePod): Volume[] {
    return claimsOf(pod).flatMap((key) => {
      const claim = this.#claims.get(key)
      const volume = this.#volumes.get(claim?.spec?.volumeName ?? '')
      const { csi, claimRef } = volume?.spec ?? {}
      if (!volume || !csi || claim?.status?.phase !== 'Bound' || claimRef?.uid !== claim.metadata?.uid) return []
      return (this.#drivers.get(csi.driver)?.spec?.attachRequired ?? true) ? [volume] : []
    })
  }
}

/** It runs nothing any more, or is on its way out and nothing of it runs. */
export const hasEnded = (pod: CorePod): boolean =>
  isTerminated(pod) ||
  (pod.metadata?.deletionTimestamp !== undefined &&
    (pod.status?.containerStatuses ?? []).every(({ state }) => state?.terminated || state?.waiting))

export const claimsOf = ({ metadata, spec }: CorePod): string[] =>
  (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim: used, ephemeral }) => {
    const claimName = used?.claimName ?? (ephemeral ? `${metadata?.name}-${name}` : undefined)
    return claimName ? [`${metadata?.namespace}/${claimName}`] : []
  })

/** The kubelet looks for it under the same. */
export function attachmentNameOf({ spec }: Volume, nodeName: string): string {
  const { volumeHandle = '', driver = '' } = spec?.csi ?? {}
  return `csi-${createHash('sha256').update(`${volumeHandle}${driver}${nodeName}`).digest('hex')}`
}

/** As nodes call it in their status. */
export const uniqueNameOf = ({ spec }: Volume) => `kubernetes.io/csi/${spec?.csi?.driver}^${spec?.csi?.volumeHandle}`

/** Whether only one node may have it. */
export function isExclusive({ spec }: Volume): boolean {
  const { accessModes = [] } = spec ?? {}
  return accessModes.length > 0 && !accessModes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')
}

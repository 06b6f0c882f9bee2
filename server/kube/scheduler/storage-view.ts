// What the scheduler knows of storage and how it settles it: it promises a volume to a claim before it writes so, and
// waits until the binder has seen to it. Upstream: plugins/volumebinding/{binder,assume_cache}.go.

import type { PersistentVolumeClaim as Claim, Node, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type {
  VolumeAttachment as Attachment,
  CSIStorageCapacity as Capacity,
  StorageClass as Class,
  CSINode as CsiNode,
  CSIDriver as Driver,
} from 'kubernetes-types/storage/v1'
import type { Clock } from '../../base/clock.ts'
import { type LabelSelector, selectorOfObject } from '../apimachinery/label-selector.ts'
import { type KubeObject, keyOf, revisionOf } from '../apimachinery/object-meta.ts'
import { quantityOf } from '../apimachinery/quantity.ts'
import type { Client } from '../client/client.ts'
import type { Lister } from '../client/indexed-cache.ts'
import type { SharedInformer } from '../client/shared-informer.ts'
import { PersistentVolume } from '../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts'
import { BOUND_BY_CONTROLLER, isFullyBound, SELECTED_NODE, wantedSize } from '../kinds/storage/volume-binding.ts'
import { storageClassOf } from '../kinds/storage/volumes.ts'
import { type ClusterEvent, toldOf } from './cluster-event.ts'
import { NextNews } from './next-news.ts'

const BY_NODE = 'node'

export interface StorageOptions {
  client: Client
  clock: Clock
  signal: AbortSignal
  claims: SharedInformer<Claim>
  volumes: SharedInformer<Volume>
  classes: SharedInformer<Class>
  csiNodes: SharedInformer<CsiNode>
  attachments: SharedInformer<Attachment>
  drivers: SharedInformer<Driver>
  capacities: SharedInformer<Capacity>
  onChange(event: ClusterEvent, revision: number): void
}

export class StorageView {
  readonly #options: StorageOptions
  readonly claims: Lister<Claim>
  readonly volumes: Lister<Volume>
  /** Volumes that are promised to claims, by uid, of pods whose binding is under way. */
  readonly promisedVolumes = new Map<string, string>()
  /** For which nodes volumes of such claims, by uid, will be made. */
  readonly promisedNodes = new Map<string, string>()
  readonly #news = new NextNews()

  constructor(options: StorageOptions) {
    this.#options = options
    this.claims = options.claims.cache
    this.volumes = options.volumes.cache
    const tell = (object: KubeObject, event: ClusterEvent | undefined) => {
      this.#news.heard()
      if (event) options.onChange(event, revisionOf(object))
    }
    options.claims.addHandler((change) => tell(change.object, toldOf('volume-claim-changed', change)))
    options.volumes.addHandler((change) => tell(change.object, toldOf('volume-changed', change)))
    options.classes.addHandler((change) => tell(change.object, toldOf('storage-class-changed', change)))
    options.csiNodes.addHandler((change) => tell(change.object, toldOf('csi-node-changed', change)))
    options.drivers.addHandler((change) => tell(change.object, toldOf('csi-driver-changed', change)))
    options.capacities.addHandler((change) => tell(change.object, toldOf('storage-capacity-changed', change)))
    options.attachments.cache.addIndex(BY_NODE, ({ spec }) => [spec.nodeName])
    // One more makes no room.
    options.attachments.addHandler(({ type, object }) => {
      if (type === 'deleted') tell(object, { type: 'volume-detached', object })
    })
  }

  /** So many pods wait until others have bound their claims. */
  get waiting(): number {
    return this.#news.size
  }

  classOf(claim: Claim): Class | undefined {
    return this.#options.classes.cache.get(storageClassOf(claim))
  }

  promisedTo({ metadata }: Claim): Volume | undefined {
    for (const [name, uid] of this.promisedVolumes) if (uid === metadata?.uid) return this.volumes.get(name)
    return undefined
  }

  /** Drivers that keep count of it say how much they have for a class, and from where it is reached. */
  hasRoomFor(claim: Claim, { metadata, provisioner }: Class, node: Node): boolean {
    const { drivers, capacities } = this.#options
    if (!claim.spec?.resources?.requests?.storage || !drivers.cache.get(provisioner)?.spec.storageCapacity) return true
    const wanted = wantedSize(claim).value
    return capacities.cache
      .list()
      .some(
        (capacity) =>
          capacity.storageClassName === metadata?.name &&
          limitOf(capacity) >= wanted &&
          capacity.nodeTopology !== undefined &&
          selectorOfObject(capacity.nodeTopology as LabelSelector).matches(node.metadata?.labels),
      )
  }

  /** By driver, how many volumes the node can have; drivers that do not say can have any number. */
  volumeLimits(node: string): ReadonlyMap<string, number> {
    const drivers = this.#options.csiNodes.cache.get(node)?.spec?.drivers ?? []
    return new Map(
      drivers.flatMap(({ name, allocatable }) => (allocatable?.count === undefined ? [] : [[name, allocatable.count]])),
    )
  }

  /** What is at the node or on its way there, whether a pod uses it or not. */
  attachedTo(node: string): Volume[] {
    const attachments = this.#options.attachments.cache.byIndex(BY_NODE, node)
    return attachments.flatMap(({ spec }) => this.volumes.get(spec.source.persistentVolumeName ?? '') ?? [])
  }

  async reserveFor(claim: Claim, { metadata, spec }: Volume): Promise<Volume> {
    const { namespace = '', name = '', uid = '' } = claim.metadata ?? {}
    return this.#options.client.of(PersistentVolume).update({
      metadata: { ...metadata, annotations: { ...metadata?.annotations, [BOUND_BY_CONTROLLER]: 'yes' } },
      spec: { ...spec, claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid } },
    })
  }

  async askFor(claim: Claim, node: string): Promise<Claim> {
    const annotations = { ...claim.metadata?.annotations, [SELECTED_NODE]: node }
    const metadata = { ...claim.metadata, annotations }
    return this.#options.client.of(PersistentVolumeClaim).update({ ...claim, metadata })
  }

  /** What the cache says may be over: the claim may have gone, and another be there under its name. */
  async assertBound({ metadata, spec }: Claim): Promise<void> {
    const { namespace = '', name = '', uid } = metadata ?? {}
    const now = await this.#options.client.of(PersistentVolumeClaim).get({ namespace, name })
    if (now.metadata?.uid === uid && now.spec?.volumeName === spec?.volumeName) return
    throw new Error(`persistentvolumeclaim "${name}" is another than it was`)
  }

  /** Resolves with their volumes when all are bound; rejects when it will not come to that. */
  async untilBound(binding: Binding, cancelled: AbortSignal): Promise<Volume[]> {
    const { clock, signal } = this.#options
    const end = new AbortController()
    using _timer = clock.setTimeout(() => end.abort(), binding.patienceMs)
    const over = AbortSignal.any([signal, end.signal, cancelled])
    const claims = [...binding.reserved.map(([claim]) => claim), ...binding.asked]
    for (;;) {
      cancelled.throwIfAborted()
      const problem = this.#problemOf(binding)
      if (problem) throw new Error(`binding volumes: ${problem}`)
      const volumes = claims.flatMap((claim) => this.#volumeOf(claim) ?? [])
      if (volumes.length === claims.length) return volumes
      if (over.aborted) throw new Error('binding volumes: timed out waiting for the condition')
      await this.#news.next(over)
    }
  }

  #volumeOf(claim: Claim): Volume | undefined {
    const now = this.claims.get(keyOf(claim))
    return now && isFullyBound(now) ? this.volumes.get(now.spec?.volumeName ?? '') : undefined
  }

  /** Others have undone what was written; what is older than that says nothing. */
  #problemOf({ reserved, asked, node }: Binding): string | undefined {
    for (const [, written] of reserved) {
      const { name = '' } = written.metadata ?? {}
      const now = this.volumes.get(name)
      if (!now) return `failed to check binding: could not find v1.PersistentVolume "${name}"`
      if (revisionOf(now) >= revisionOf(written) && !now.spec?.claimRef?.uid)
        return `ClaimRef got reset for pv "${name}"`
    }
    for (const claim of [...reserved.map(([claim]) => claim), ...asked]) {
      const now = this.claims.get(keyOf(claim))
      if (now?.metadata?.uid === claim.metadata?.uid) continue
      return `failed to check binding: could not find v1.PersistentVolumeClaim "${keyOf(claim)}"`
    }
    // Whoever was to make the volume gives the choice back.
    const failed = asked.find((written) => {
      const now = this.claims.get(keyOf(written))
      return now && revisionOf(now) >= revisionOf(written) && now.metadata?.annotations?.[SELECTED_NODE] !== node
    })
    return failed && `provisioning failed for PVC "${failed.metadata?.name}"`
  }
}

/** What was written for a pod: claims with the volumes that were reserved for them, and those whose volumes are made. */
interface Binding {
  reserved: readonly [Claim, Volume][]
  asked: readonly Claim[]
  node: string
  patienceMs: number
}

/** In bytes; what a driver does not say it has not got. */
export function limitOf({ capacity, maximumVolumeSize }: Capacity): number {
  const limit = maximumVolumeSize ?? capacity
  return limit === undefined ? -1 : quantityOf(limit).value
}

// What the scheduler knows of storage and how it settles it: it promises a volume to a claim before it writes so, and
// waits until the binder has seen to it. Upstream: plugins/volumebinding/{binder,assume_cache}.go.

import type { PersistentVolumeClaim as Claim, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type {
  VolumeAttachment as Attachment,
  StorageClass as Class,
  CSINode as CsiNode,
} from 'kubernetes-types/storage/v1'
import type { Clock } from '../../base/clock.ts'
import { type KubeObject, keyOf, revisionOf } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import type { Lister } from '../client/indexed-cache.ts'
import type { SharedInformer } from '../client/shared-informer.ts'
import { PersistentVolume } from '../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts'
import { BOUND_BY_CONTROLLER, isFullyBound, SELECTED_NODE } from '../kinds/storage/volume-binding.ts'
import { storageClassOf } from '../kinds/storage/volumes.ts'
import type { ClusterEvent } from './framework.ts'

const PATIENCE_MS = 10 * 60_000
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
  onChange(event: ClusterEvent, revision: number): void
}

export class StorageView {
  readonly #options: StorageOptions
  readonly claims: Lister<Claim>
  readonly volumes: Lister<Volume>
  /** Promised to a pod whose binding is under way. */
  readonly promised = new Set<string>()
  readonly #waiting = new Set<() => void>()

  constructor(options: StorageOptions) {
    this.#options = options
    this.claims = options.claims.cache
    this.volumes = options.volumes.cache
    const tell = (object: KubeObject, claim?: string) => {
      for (const look of this.#waiting) look()
      options.onChange({ type: 'storage-changed', ...(claim ? { claim } : {}) }, revisionOf(object))
    }
    options.claims.addHandler(({ object }) => tell(object, keyOf(object)))
    options.volumes.addHandler(({ object }) => tell(object))
    options.classes.addHandler(({ object }) => tell(object))
    options.csiNodes.addHandler(({ object }) => tell(object))
    options.attachments.cache.addIndex(BY_NODE, ({ spec }) => [spec.nodeName])
    // One more makes no room.
    options.attachments.addHandler(({ type, object }) => type === 'deleted' && tell(object))
  }

  /** So many pods wait until others have bound their claims. */
  get waiting(): number {
    return this.#waiting.size
  }

  classOf(claim: Claim): Class | undefined {
    return this.#options.classes.cache.get(storageClassOf(claim))
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

  async reserveFor(claim: Claim, { metadata, spec }: Volume): Promise<void> {
    const { namespace = '', name = '', uid = '' } = claim.metadata ?? {}
    await this.#options.client.of(PersistentVolume).update({
      metadata: { ...metadata, annotations: { ...metadata?.annotations, [BOUND_BY_CONTROLLER]: 'yes' } },
      spec: { ...spec, claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid } },
    })
  }

  async askFor(claim: Claim, node: string): Promise<void> {
    const annotations = { ...claim.metadata?.annotations, [SELECTED_NODE]: node }
    const metadata = { ...claim.metadata, annotations }
    await this.#options.client.of(PersistentVolumeClaim).update({ ...claim, metadata })
  }

  /** What the cache says may be over: the claim may have gone, and another be there under its name. */
  async assertBound({ metadata, spec }: Claim): Promise<void> {
    const { namespace = '', name = '', uid } = metadata ?? {}
    const now = await this.#options.client.of(PersistentVolumeClaim).get({ namespace, name })
    if (now.metadata?.uid === uid && now.spec?.volumeName === spec?.volumeName) return
    throw new Error(`persistentvolumeclaim "${name}" is another than it was`)
  }

  /** Resolves with their volumes when all are bound. */
  async untilBound(pod: Pod, claims: readonly Claim[]): Promise<Volume[]> {
    const { clock, signal } = this.#options
    const end = new AbortController()
    using _timer = clock.setTimeout(() => end.abort(), PATIENCE_MS)
    const over = AbortSignal.any([signal, end.signal])
    const volumesOfAll = () =>
      claims.flatMap((claim) => {
        const now = this.claims.get(keyOf(claim))
        return now && isFullyBound(now) ? (this.volumes.get(now.spec?.volumeName ?? '') ?? []) : []
      })
    for (;;) {
      const volumes = volumesOfAll()
      if (volumes.length === claims.length) return volumes
      if (over.aborted) throw new Error('binding volumes: timed out waiting for the condition')
      const gone = claims.find((claim) => this.claims.get(keyOf(claim))?.metadata?.uid !== claim.metadata?.uid)
      if (gone)
        throw new Error(`binding volumes: persistentvolumeclaim "${gone.metadata?.name}" of ${keyOf(pod)} has gone`)
      await new Promise<void>((resolve) => {
        const look = () => {
          this.#waiting.delete(look)
          over.removeEventListener('abort', look)
          resolve()
        }
        this.#waiting.add(look)
        over.addEventListener('abort', look)
      })
    }
  }
}

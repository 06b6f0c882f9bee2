// What the binder reads, and the two ways in which it writes.

import type { PersistentVolumeClaim as Claim, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass as Class } from 'kubernetes-types/storage/v1'
import { newest, revisionOf } from '../../apimachinery/object-meta.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod as PodKind } from '../../kinds/pod.ts'
import { storageClassOf } from '../../kinds/storage/volumes.ts'
import { isDefaultStorageClass, StorageClass } from '../../kinds/storage-class.ts'

export class StorageView {
  readonly pods: Lister<Pod>
  readonly #claims: Lister<Claim>
  readonly #volumes: Lister<Volume>
  readonly #classes: Lister<Class>
  /** What was written and may not have come back yet: the binder must not give one volume to two claims. */
  readonly #written = new Map<string, Claim | Volume>()

  constructor(view: ClusterView) {
    this.pods = view.cache(PodKind)
    this.#claims = view.cache(PersistentVolumeClaim)
    this.#volumes = view.cache(PersistentVolume)
    this.#classes = view.cache(StorageClass)
  }

  claim = (key: string): Claim | undefined => this.#newest(key, this.#claims.get(key))

  volume = (name: string): Volume | undefined => this.#newest(name, this.#volumes.get(name))

  volumes(): Volume[] {
    return this.#volumes.list().map((volume) => this.#newest(volume.metadata?.name ?? '', volume) ?? volume)
  }

  /** Of claims that name none. */
  defaultClass = (): Class | undefined => newest(this.#classes.list().filter(isDefaultStorageClass))

  classOf = (claim: Claim): Class | undefined => this.#classes.get(storageClassOf(claim))

  async writeClaim({ client }: ReconcileContext, claim: Claim, subresource?: 'status'): Promise<Claim> {
    const claims = client.of(PersistentVolumeClaim)
    const written = await (subresource ? claims.updateStatus(claim) : claims.update(claim))
    this.#written.set(`${claim.metadata?.namespace}/${claim.metadata?.name}`, written)
    return written
  }

  async writeVolume({ client }: ReconcileContext, volume: Volume, subresource?: 'status'): Promise<Volume> {
    const volumes = client.of(PersistentVolume)
    const written = await (subresource ? volumes.updateStatus(volume) : volumes.update(volume))
    this.#written.set(volume.metadata?.name ?? '', written)
    return written
  }

  #newest<T extends Claim | Volume>(key: string, cached: T | undefined): T | undefined {
    const written = this.#written.get(key) as T | undefined
    if (!written || !cached || revisionOf(cached) >= revisionOf(written)) {
      this.#written.delete(key)
      return cached
    }
    return written
  }
}

// The attacher of a storage driver in a simulated cluster: it carries out what VolumeAttachments ask for, after a while, and
// judges what it is asked for. A disk must never be at two machines, or be taken from one that uses it.

import type { VolumeAttachment as Attachment } from 'kubernetes-types/storage/v1'
import { noLogger } from '../../../base/logger.ts'
import { createClient } from '../../client/client.ts'
import { SharedInformer } from '../../client/shared-informer.ts'
import { VolumeAttachment } from '../../kinds/volume-attachment.ts'
import type { Mounts } from './mounts.ts'
import { isDown, type Network } from './network.ts'

export const DRIVER = 'disks.example.com'
const FINALIZER = 'external-attacher/disks-example-com'
const merge = 'application/merge-patch+json'

export class Attacher {
  readonly problems = new Set<string>()
  readonly #network: Network
  readonly #mounts: Mounts
  readonly #signal: AbortSignal
  readonly #client
  readonly #busy = new Set<string>()
  /** By volume: the machines that it is at. */
  readonly #places = new Map<string, Set<string>>()

  constructor(network: Network, mounts: Mounts, signal: AbortSignal) {
    const { clock, dice } = network
    this.#network = network
    this.#mounts = mounts
    this.#signal = signal
    this.#client = createClient(network.trusted('attacher'))
    const kind = VolumeAttachment
    const informer = new SharedInformer({ client: this.#client, kind, clock, random: dice.random, logger: noLogger })
    informer.addHandler(({ type, object }) => {
      if (type !== 'deleted') this.#look(object)
    })
    void informer.start(signal)
  }

  #look(attachment: Attachment): void {
    const { uid, deletionTimestamp, finalizers = [] } = attachment.metadata ?? {}
    const isToGo = deletionTimestamp !== undefined
    const isDone = isToGo ? !finalizers.includes(FINALIZER) : attachment.status?.attached
    const key = `${uid} ${isToGo}`
    if (isDone || this.#busy.has(key)) return
    this.#busy.add(key)
    void this.#play(attachment, isToGo).finally(() => this.#busy.delete(key))
  }

  async #play({ metadata, spec }: Attachment, isToGo: boolean): Promise<void> {
    const { clock, dice } = this.#network
    const { name = '', uid } = metadata ?? {}
    const volume = spec.source.persistentVolumeName ?? ''
    const attachments = this.#client.of(VolumeAttachment)
    const hold = (finalizers: string[]) => attachments.patch({ name }, merge, { metadata: { uid, finalizers } })
    for (;;) {
      await clock.sleep(100 + dice.below(3_000), this.#signal).catch(() => undefined)
      if (this.#signal.aborted) return
      try {
        if (isToGo) {
          this.#detach(volume, spec.nodeName)
          await hold([])
        } else {
          const held = await hold([FINALIZER])
          // It was let go of before it was there.
          if (held.metadata?.deletionTimestamp) return
          this.#attach(volume, spec.nodeName)
          const status = { attached: true }
          await attachments.patch({ name }, merge, { metadata: { uid }, status }, { subresource: 'status' })
        }
        return
      } catch (err) {
        if (!isDown(err)) return
      }
    }
  }

  #attach(volume: string, node: string): void {
    const places = this.#places.get(volume) ?? new Set()
    this.#places.set(volume, places.add(node))
    if (places.size > 1) this.problems.add(`${volume} is attached to ${[...places].join(' and ')} at once`)
  }

  #detach(volume: string, node: string): void {
    if (this.#mounts.isUsed(node, volume)) this.problems.add(`${volume} is taken from ${node}, which uses it`)
    this.#places.get(volume)?.delete(node)
  }
}

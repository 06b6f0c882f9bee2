// Asks for the volumes of other people's drivers to be brought to the nodes whose pods need them, and taken away
// again: a VolumeAttachment for each, which the driver's own attacher carries out. What has been brought is told in the
// node's status; what the kubelet says is in use there stays, unless the node is lost.
// Upstream: kubernetes/pkg/controller/volume/attachdetach/reconciler.

import type { Node as CoreNode, Pod as CorePod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { VolumeAttachment as Attachment } from 'kubernetes-types/storage/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { VolumeAttachment } from '../../kinds/volume-attachment.ts'
import { conditionOf } from '../conditions.ts'
import { OwnWrites } from '../own-writes.ts'
import { attachmentNameOf, isExclusive, uniqueNameOf, type WantedVolume, WantedVolumes } from './wanted-volumes.ts'

const MANAGED = 'volumes.kubernetes.io/controller-managed-attach-detach'
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service'
/** So long a node that is not ready may say that it still uses a volume. */
const UNMOUNT_MS = 6 * 60_000
/** So long the driver's attacher may take before its silence is told. */
const ATTACH_MS = 2 * 60_000

/** Until the news come of what somebody else's turn, or a lost answer, has brought about. */
const UNHEARD_MS = 1_000

const BY_NODE = 'node'
const BY_VOLUME = 'volume'

export class AttachDetachReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #nodes: Lister<CoreNode>
  readonly #attachments: IndexedCache<Attachment>
  readonly #wanted: WantedVolumes
  readonly #ownWrites: OwnWrites<Attachment>
  /** By the names of attachments: since when nobody wants them, since when they are waited for, the last error told. */
  readonly #unwantedSince = new Map<string, number>()
  readonly #waitingSince = new Map<string, number>()
  readonly #toldErrors = new Map<string, string>()
  /** Volumes for which something was asked whose answer was never heard: it may be done, unseen. */
  readonly #unanswered = new Set<string>()
  /** Attachments that were asked to go, by uid: from then on the node must not be told that it has them. */
  readonly #letGo = new Set<string>()
  /** By nodes: whose pods have been told that they cannot have a volume now. */
  readonly #refused = new Map<string, Set<string>>()

  constructor(view: ClusterView) {
    this.#view = view
    this.#nodes = view.cache(Node)
    this.#wanted = new WantedVolumes(view)
    this.#attachments = view.cache(VolumeAttachment)
    this.#attachments.addIndex(BY_NODE, ({ spec }) => [spec.nodeName])
    this.#attachments.addIndex(BY_VOLUME, (attachment) => [volumeNameOf(attachment)])
    this.#ownWrites = new OwnWrites(this.#attachments, view.clock)
    view.onChange(VolumeAttachment, ({ type, object }) => {
      if (type !== 'deleted') return
      this.#ownWrites.gone(volumeNameOf(object), object)
      this.#letGo.delete(object.metadata?.uid ?? '')
      for (const known of [this.#unwantedSince, this.#waitingSince, this.#toldErrors]) known.delete(keyOf(object))
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key: nodeName, report } = context
    const node = this.#nodes.get(nodeName)
    if (node && node.metadata?.annotations?.[MANAGED] === undefined) return
    const wanted = node ? this.#wanted.of(nodeName) : new Map<string, WantedVolume>()
    const there = this.#ofNode(nodeName)
    report.sees(node, ...there.map(({ attachment }) => attachment))
    report.wanted = `${wanted.size} volumes at the node`
    report.seen = `${there.length} attachments`

    const waits: number[] = []
    const staying = there.filter(({ attachment, volume }) => {
      const name = keyOf(attachment)
      if (wanted.has(name)) return !this.#isGoing(attachment)
      const waitMs = this.#isGoing(attachment) ? 0 : this.#stayMs(name, volume, node)
      if (waitMs > 0) waits.push(waitMs)
      return waitMs > 0
    })
    for (const name of wanted.keys()) this.#unwantedSince.delete(name)
    if (node) await this.#tellNode(context, node, staying)
    for (const one of there) if (!staying.includes(one)) await this.#detach(context, one.attachment)
    const refused = new Set<string>()
    for (const [name, one] of wanted) {
      if (this.#mustWait(nodeName, name, one.volume)) refused.add(name)
      else waits.push(await this.#attach(context, name, one))
    }
    this.#tellRefused(context, refused, wanted)
    const soonest = Math.min(...waits)
    return Number.isFinite(soonest) ? { requeueAfterMs: soonest } : undefined
  }

  /** Attachments that somebody else made, under another name, are left alone. */
  #ofNode(nodeName: string): { attachment: Attachment; volume: Volume }[] {
    return this.#attachments.byIndex(BY_NODE, nodeName).flatMap((attachment) => {
      const volume = this.#wanted.volume(volumeNameOf(attachment))
      return volume && attachmentNameOf(volume, nodeName) === keyOf(attachment) ? [{ attachment, volume }] : []
    })
  }

  /** For how long a volume that nobody wants must not be taken away; Infinity when only news can change that. */
  #stayMs(name: string, volume: Volume, node: CoreNode | undefined): number {
    const now = this.#view.clock.monotonic()
    const since = this.#unwantedSince.get(name) ?? now
    this.#unwantedSince.set(name, since)
    // Of a node that has gone nobody says that it has let go.
    const isUsed = !node || (node.status?.volumesInUse ?? []).includes(uniqueNameOf(volume))
    if (!isUsed || node?.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE)) return 0
    if (conditionOf(node?.status?.conditions, 'Ready')?.status === 'True') return Number.POSITIVE_INFINITY
    return Math.max(0, since + UNMOUNT_MS - now)
  }

  /** Before anything is taken away. Refused when the kubelet has said something else meanwhile. */
  async #tellNode(
    { client, report }: ReconcileContext,
    node: CoreNode,
    staying: readonly { attachment: Attachment; volume: Volume }[],
  ): Promise<void> {
    const attached = staying.filter(({ attachment }) => attachment.status?.attached)
    const volumesAttached = attached
      .map(({ volume }) => ({ name: uniqueNameOf(volume), devicePath: '' }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    if (deepEqual(volumesAttached, node.status?.volumesAttached ?? [])) return
    const { name = '', resourceVersion } = node.metadata ?? {}
    const patch = { metadata: { resourceVersion }, status: { volumesAttached } }
    await client.of(Node).patch({ name }, 'application/merge-patch+json', patch, { subresource: 'status' })
    report.did.push(`told the node of ${volumesAttached.length} attached volumes`)
  }

  async #detach({ client, report }: ReconcileContext, attachment: Attachment): Promise<void> {
    const { name = '', uid, deletionTimestamp } = attachment.metadata ?? {}
    if (deletionTimestamp) return
    this.#letGo.add(uid ?? '')
    try {
      await client.of(VolumeAttachment).delete({ name }, uid ? { uid } : {})
      report.did.push(`deleted ${name}`)
    } catch (err) {
      if (isNotFound(err)) return
      if (isRefusal(err)) this.#letGo.delete(uid ?? '')
      throw err
    }
  }

  #isGoing({ metadata }: Attachment): boolean {
    return metadata?.deletionTimestamp !== undefined || this.#letGo.has(metadata?.uid ?? '')
  }

  /** Says when to look again. */
  async #attach(context: ReconcileContext, name: string, { volume, pods }: WantedVolume): Promise<number> {
    const { key: nodeName, client, report } = context
    const volumeName = keyOf(volume)
    const attachment = this.#attachments.get(name)
    if (attachment) return this.#follow(context, attachment, { volume, pods })
    // What was written may not have come back yet.
    const unheardMs = this.#ownWrites.waitMs(volumeName)
    if (unheardMs > 0) return unheardMs
    if (this.#unanswered.has(volumeName)) {
      const { items } = await client.of(VolumeAttachment).list()
      const isMeant = (one: Attachment) =>
        isExclusive(volume) ? volumeNameOf(one) === volumeName : keyOf(one) === name
      if (items.some(isMeant)) return UNHEARD_MS
      this.#unanswered.delete(volumeName)
    }
    const source = { persistentVolumeName: volumeName }
    const spec = { attacher: volume.spec?.csi?.driver ?? '', nodeName, source }
    try {
      this.#ownWrites.wrote(volumeName, await client.of(VolumeAttachment).create({ metadata: { name }, spec }))
      report.did.push(`created ${name}`)
    } catch (err) {
      if (!isAlreadyExists(err)) {
        if (!isRefusal(err)) this.#unanswered.add(volumeName)
        throw err
      }
    }
    this.#waitingSince.set(name, this.#view.clock.monotonic())
    return ATTACH_MS
  }

  /** Tells the pods how it goes with what has been asked for. */
  #follow(context: ReconcileContext, attachment: Attachment, { volume, pods }: WantedVolume): number {
    const { name = '', deletionTimestamp } = attachment.metadata ?? {}
    const { attached, attachError } = attachment.status ?? {}
    const say = (type: 'Normal' | 'Warning', reason: string, what: string) => {
      for (const pod of pods) context.event(Pod, pod, type, reason, `AttachVolume.Attach ${what}`)
    }
    const about = `for volume "${keyOf(volume)}"`
    const fail = (why: string) => say('Warning', 'FailedAttachVolume', `failed ${about} : ${why}`)
    if (deletionTimestamp) return Number.POSITIVE_INFINITY
    if (attached) {
      // What was attached before we were started is no news.
      if (this.#waitingSince.delete(name)) say('Normal', 'SuccessfulAttachVolume', `succeeded ${about} `)
      return Number.POSITIVE_INFINITY
    }
    const now = this.#view.clock.monotonic()
    const since = this.#waitingSince.get(name) ?? now
    this.#waitingSince.set(name, since)
    if (attachError) {
      const news = `${attachError.time} ${attachError.message}`
      if (this.#toldErrors.get(name) !== news) fail(attachError.message ?? '')
      this.#toldErrors.set(name, news)
      return Number.POSITIVE_INFINITY
    }
    const leftMs = since + ATTACH_MS - now
    if (leftMs > 0) return leftMs
    const { driver, volumeHandle } = volume.spec?.csi ?? {}
    fail(`timed out waiting for external-attacher of ${driver} CSI driver to attach volume ${volumeHandle}`)
    this.#waitingSince.set(name, now)
    return ATTACH_MS
  }

  /** A volume that only one node may have is still at another, or on its way there. */
  #mustWait(nodeName: string, name: string, volume: Volume): boolean {
    if (!isExclusive(volume) || this.#attachments.get(name)) return false
    return this.#attachments.byIndex(BY_VOLUME, keyOf(volume)).some(({ spec }) => spec.nodeName !== nodeName)
  }

  /** Once, as long as it lasts. */
  #tellRefused(
    context: ReconcileContext,
    refused: ReadonlySet<string>,
    wanted: ReadonlyMap<string, WantedVolume>,
  ): void {
    const { key: nodeName } = context
    const told = this.#refused.get(nodeName)
    this.#refused.set(nodeName, new Set(refused))
    if (refused.size === 0) this.#refused.delete(nodeName)
    for (const [name, { volume, pods }] of wanted) {
      if (!refused.has(name) || told?.has(name)) continue
      const users = this.#wanted.podsWith(volume).filter(({ spec }) => spec?.nodeName !== nodeName)
      const why = users.length > 0 ? `Volume is already used by pod(s) ${namesOf(users)}` : STILL_ATTACHED
      const message = `Multi-Attach error for volume "${keyOf(volume)}" ${why}`
      for (const pod of pods) context.event(Pod, pod, 'Warning', 'FailedAttachVolume', message)
    }
  }
}

/** Said no, and did nothing. */
const isRefusal = (err: unknown) => err instanceof StatusError && err.code < 500

const STILL_ATTACHED = "Volume is already exclusively attached to one node and can't be attached to another"

const namesOf = (pods: readonly CorePod[]) => pods.map(({ metadata }) => metadata?.name).join(', ')

export const volumeNameOf = ({ spec }: Attachment) => spec.source.persistentVolumeName ?? ''

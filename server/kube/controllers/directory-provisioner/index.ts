import type {
  PersistentVolumeClaim as Claim,
  PersistentVolume as Volume,
  Node as WireNode,
} from 'kubernetes-types/core/v1'
import type { StorageClass as Class } from 'kubernetes-types/storage/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { PROVISIONED_BY, SELECTED_NODE, STORAGE_PROVISIONER } from '../../kinds/storage/volume-binding.ts'
import { storageClassOf } from '../../kinds/storage/volumes.ts'
import { StorageClass } from '../../kinds/storage-class.ts'
import { messageOf } from '../pod-control.ts'
import {
  directoryVolume,
  ELSEWHERE,
  FINALIZER,
  hostnameOf,
  localPath,
  type Place,
  refusal,
  remover,
  removerName,
  sharedDirectory,
  volumeNameFor,
} from './directory-volume.ts'

/** Of the turn that makes the class; claims and volumes have other keys. */
const START = '/'

/** Storage of the classroom: directories of machines, or of what they share (docs/decisions/0035, 0061). */
class DirectoryProvisioner implements Reconciler {
  readonly #place: Place
  readonly #claims: Lister<Claim>
  readonly #volumes: Lister<Volume>
  readonly #classes: Lister<Class>
  readonly #nodes: Lister<WireNode>
  readonly #pods: Lister<import('kubernetes-types/core/v1').Pod>

  constructor(place: Place, view: ClusterView) {
    this.#place = place
    this.#claims = view.cache(PersistentVolumeClaim)
    this.#volumes = view.cache(PersistentVolume)
    this.#classes = view.cache(StorageClass)
    this.#nodes = view.cache(Node)
    this.#pods = view.cache(Pod)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { key, client } = context
    if (key === START) {
      const { storageClass } = this.#place
      if (this.#classes.get(keyOf(storageClass))) return
      await client.of(StorageClass).create(storageClass).catch(unless(isAlreadyExists))
    } else if (key.includes('/')) {
      const claim = this.#claims.get(key)
      if (claim?.spec?.volumeName) await this.#expand(context, claim)
      else if (claim) await this.#provision(context, claim)
    } else {
      const volume = this.#volumes.get(key)
      if (volume) await this.#remove(context, volume)
    }
  }

  async #provision(context: ReconcileContext, claim: Claim): Promise<void> {
    const { annotations = {}, deletionTimestamp } = claim.metadata ?? {}
    const storageClass = this.#classes.get(storageClassOf(claim))
    if (annotations[STORAGE_PROVISIONER] !== this.#place.provisioner || !storageClass || deletionTimestamp) return
    if (this.#volumes.get(volumeNameFor(claim))) return
    context.report.sees(claim)
    const { isOfOneMachine } = this.#place
    const selected = annotations[SELECTED_NODE]
    const node = isOfOneMachine && selected ? await this.#nodeOf(context, selected) : undefined
    if (isOfOneMachine && selected && !node) return this.#giveBack(context, claim)
    const isNowhere = isOfOneMachine && !node
    const why = refusal(this.#place, claim) ?? (isNowhere ? 'configuration error, no node was specified' : undefined)
    const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      context.event(PersistentVolumeClaim, claim, type, reason, message)
    const name = storageClass.metadata?.name
    if (why) {
      const failed = `failed to provision volume with StorageClass "${name}": ${why}`
      return say('Warning', 'ProvisioningFailed', failed)
    }
    say('Normal', 'Provisioning', `External provisioner is provisioning volume for claim "${keyOf(claim)}"`)
    const hostname = node && (node.metadata?.labels?.['kubernetes.io/hostname'] ?? '')
    try {
      await context.client.of(PersistentVolume).create(directoryVolume(this.#place, claim, storageClass, hostname))
    } catch (err) {
      if (isAlreadyExists(err)) return
      say('Warning', 'ProvisioningFailed', `failed to provision volume with StorageClass "${name}": ${messageOf(err)}`)
      throw err
    }
    context.report.did.push(`made ${volumeNameFor(claim)} on ${node?.metadata?.name ?? 'all machines'}`)
    say('Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volumeNameFor(claim)}`)
  }

  /** Nobody tells of a node again that was heard of later than the claim. */
  async #nodeOf({ client }: ReconcileContext, name: string): Promise<WireNode | undefined> {
    const known = this.#nodes.get(name)
    return known ?? client.of(Node).get({ name }).catch(unless(isNotFound))
  }

  /** The node has gone: the scheduler is to choose another. */
  async #giveBack(context: ReconcileContext, claim: Claim): Promise<void> {
    const { [SELECTED_NODE]: gone, ...annotations } = claim.metadata?.annotations ?? {}
    context.event(PersistentVolumeClaim, claim, 'Warning', 'ProvisioningFailed', `node "${gone}" not found`)
    const metadata = { ...claim.metadata, annotations }
    await context.client.of(PersistentVolumeClaim).update({ ...claim, metadata })
    context.report.did.push(`gave node ${gone} back`)
  }

  /** A directory is as large as its disk: only the figures grow. */
  async #expand(context: ReconcileContext, claim: Claim): Promise<void> {
    const volume = this.#volumes.get(claim.spec?.volumeName ?? '')
    const wanted = claim.spec?.resources?.requests?.storage
    const isLarger = quantityOf(wanted).compare(quantityOf(claim.status?.capacity?.storage)) > 0
    if (!volume || !this.#isOurs(volume) || claim.status?.phase !== 'Bound' || !isLarger) return
    context.report.sees(claim, volume)
    const { name = '' } = volume.metadata ?? {}
    const resizing = `External resizer is resizing volume ${name}`
    context.event(PersistentVolumeClaim, claim, 'Normal', 'Resizing', resizing)
    const merge = 'application/merge-patch+json'
    const capacity = { storage: wanted }
    await context.client.of(PersistentVolume).patch({ name }, merge, { spec: { capacity } })
    const status = { ...claim.status, capacity: { storage: wanted ?? '0' } }
    await context.client.of(PersistentVolumeClaim).updateStatus({ ...claim, status })
    context.event(PersistentVolumeClaim, claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded')
    context.report.did.push(`${name} has ${wanted} now`)
  }

  async #remove(context: ReconcileContext, volume: Volume): Promise<void> {
    const { spec, status, metadata } = volume
    const isOver = status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete'
    if (!this.#isOurs(volume) || !isOver) return this.#letGo(context, volume)
    context.report.sees(volume)
    const { client, report } = context
    const hostname = hostnameOf(volume)
    const node = this.#nodes.list().find((one) => isPlaceOf(one, hostname))
    const place = { namespace: 'kube-system', name: removerName(volume) }
    const pod = this.#pods.get(`${place.namespace}/${place.name}`)
    // With the machine its directories are gone.
    if (node && pod?.status?.phase !== 'Succeeded') {
      if (!pod)
        await client
          .of(Pod)
          .create(remover(this.#place, volume, node.metadata?.name ?? ''))
          .catch(unless(isAlreadyExists))
      report.seen = 'the directory is being removed'
      return
    }
    const { name = '', uid } = metadata ?? {}
    await client
      .of(PersistentVolume)
      .delete({ name }, uid ? { uid } : {})
      .catch(unless(isNotFound))
    await this.#dropFinalizer(context, volume)
    if (pod) await client.of(Pod).delete(place).catch(unless(isNotFound))
    report.did.push(`removed ${name}`)
  }

  #isOurs(volume: Volume): boolean {
    return isMadeBy(this.#place, volume)
  }

  /** Deleted by hand while it is kept: its directory stays. */
  async #letGo(context: ReconcileContext, volume: Volume): Promise<void> {
    const isKept = volume.spec?.persistentVolumeReclaimPolicy === 'Retain'
    if (this.#isOurs(volume) && volume.metadata?.deletionTimestamp && isKept) await this.#dropFinalizer(context, volume)
  }

  async #dropFinalizer({ client }: ReconcileContext, { metadata }: Volume): Promise<void> {
    const finalizers = metadata?.finalizers?.filter((one) => one !== FINALIZER) ?? []
    if (finalizers.length === (metadata?.finalizers?.length ?? 0)) return
    const told = { metadata: { uid: metadata?.uid, finalizers } }
    const merge = 'application/merge-patch+json'
    await client
      .of(PersistentVolume)
      .patch({ name: metadata?.name ?? '' }, merge, told)
      .catch(unless(isNotFound))
  }
}

const isMadeBy = ({ provisioner }: Place, { metadata }: Volume) =>
  metadata?.annotations?.[PROVISIONED_BY] === provisioner

/** Whether a directory is on that machine: the machine of its label, or any that runs where all of one host have it. */
function isPlaceOf({ metadata, status }: WireNode, hostname: string | undefined): boolean {
  if (hostname !== undefined) return metadata?.labels?.['kubernetes.io/hostname'] === hostname
  if (metadata?.labels?.[ELSEWHERE] !== undefined) return false
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

const unless =
  (isFine: (err: unknown) => boolean) =>
  (err: unknown): undefined => {
    if (!isFine(err)) throw err
  }

const directoryProvisioner = (place: Place) =>
  controller(place.name)
    .actsAs('local-path-provisioner')
    .eventsFrom(place.provisioner)
    .startsWith(START)
    .for(PersistentVolumeClaim)
    .watches(PersistentVolume, ({ object }) => (isMadeBy(place, object) ? [keyOf(object)] : []))
    .watches(Pod, ({ object }) => {
      const [, name] = /^helper-pod-delete-(.*)$/.exec(object.metadata?.name ?? '') ?? []
      return name && object.metadata?.namespace === 'kube-system' ? [name] : []
    })
    .watches(Node, ({ type, object }, view) => {
      if (type === 'updated' && place.isOfOneMachine) return []
      const hostname = object.metadata?.labels?.['kubernetes.io/hostname']
      return view
        .cache(PersistentVolume)
        .list()
        .filter((volume) => isMadeBy(place, volume) && (hostnameOf(volume) ?? hostname) === hostname)
        .map(keyOf)
    })
    .reconcileWith((view) => new DirectoryProvisioner(place, view))

export const localPathProvisioner = directoryProvisioner(localPath)
export const sharedDirectoryProvisioner = directoryProvisioner(sharedDirectory)

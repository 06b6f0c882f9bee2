// Where a pod's volumes are, or can be had. Claims that wait for their first consumer are bound here, for the node that was
// chosen. Upstream: plugins/volumebinding.

import type { PersistentVolumeClaim as Claim, Node, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { CSINode, StorageClass } from 'kubernetes-types/storage/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import {
  findVolume,
  isFullyBound,
  isReachedFrom,
  NO_PROVISIONER,
  SELECTED_NODE,
  waitsForConsumer,
  wantedSize,
} from '../../kinds/storage/volume-binding.ts'
import { type ClusterEvent, hasOtherLabels } from '../cluster-event.ts'
import { type CycleState, type Plugin, type Rejection, rejectForGood, SKIP } from '../framework.ts'
import { claimNotFound, claimsOf } from '../pod-claims.ts'
import { limitOf, type StorageView } from '../storage-view.ts'

const NAME = 'VolumeBinding'
const WRONG_NODE = "node(s) didn't match PersistentVolume's node affinity"
const NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
const NO_ROOM = 'node(s) did not have enough free storage'
const LOST = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'

interface Plan {
  bound: Claim[]
  /** Theirs; undefined for one that has gone. */
  volumes: (Volume | undefined)[]
  waiting: Claim[]
  byNode: Map<string, NodePlan>
}

interface NodePlan {
  node: Node
  reserve: [Claim, Volume][]
  provision: Claim[]
}

export const BIND_TIMEOUT_SECONDS = 600

export interface VolumeBindingArguments {
  /** So long others have to bind what was chosen. */
  bindTimeoutSeconds: number
}

export function volumeBinding(storage: StorageView, { bindTimeoutSeconds }: VolumeBindingArguments): Plugin {
  return {
    name: NAME,
    preFilter(state, pod) {
      const plan: Plan = { bound: [], volumes: [], waiting: [], byNode: new Map() }
      for (const { key, isEphemeral } of claimsOf(pod)) {
        const claim = storage.claims.get(key)
        const problem = problemOf(pod, key, claim, isEphemeral)
        if (problem) return rejectForGood(problem)
        if (!claim) continue
        if (isFullyBound(claim)) {
          plan.bound.push(claim)
          plan.volumes.push(storage.volumes.get(claim.spec?.volumeName ?? ''))
        } else if (waitsForConsumer(storage.classOf(claim)) && !claim.spec?.volumeName) plan.waiting.push(claim)
        else return rejectForGood('pod has unbound immediate PersistentVolumeClaims')
      }
      if (plan.volumes.length + plan.waiting.length === 0) return SKIP
      state.set(NAME, plan)
      return undefined
    },
    filter(state, _pod, { node, name }) {
      return node && rejectionOn(state.get(NAME) as Plan, node, name, storage)
    },
    reserve(state, _pod, node) {
      const { reserve = [], provision = [] } = planned(state, node) ?? {}
      for (const [claim, volume] of reserve) storage.promisedVolumes.set(volume.metadata?.name ?? '', uidOf(claim))
      for (const claim of provision) storage.promisedNodes.set(uidOf(claim), node)
    },
    unreserve: (state, _pod, node) => takeBack(planned(state, node), storage),
    preBindPreFlight(state, _pod, node) {
      const { reserve = [], provision = [] } = planned(state, node) ?? {}
      return reserve.length + provision.length === 0 ? SKIP : undefined
    },
    async preBind(state, _pod, node, signal) {
      // Nobody would ever bind what was made anew under its name: whoever binds waits for us to choose a node.
      for (const claim of (state.get(NAME) as Plan | undefined)?.bound ?? []) await storage.assertBound(claim)
      const plan = planned(state, node)
      if (!plan || plan.reserve.length + plan.provision.length === 0) return
      const reserved: [Claim, Volume][] = []
      for (const [claim, volume] of plan.reserve) reserved.push([claim, await storage.reserveFor(claim, volume)])
      const asked: Claim[] = []
      for (const claim of plan.provision) asked.push(await storage.askFor(claim, node))
      const volumes = await storage.untilBound({ reserved, asked, node, patienceMs: bindTimeoutSeconds * 1000 }, signal)
      // Made for a node that was chosen before.
      const elsewhere = volumes.find((volume) => !isReachedFrom(volume, plan.node))
      if (elsewhere) throw new Error(`pv "${elsewhere.metadata?.name}" node affinity doesn't match node "${node}"`)
      takeBack(plan, storage)
    },
    wokenBy: [
      'node-added',
      'node-updated',
      'volume-claim-changed',
      'volume-changed',
      'storage-class-changed',
      'csi-node-changed',
      'csi-driver-changed',
      'storage-capacity-changed',
    ],
    mayHelp,
  }
}

function mayHelp(event: ClusterEvent, pod: Pod): boolean {
  switch (event.type) {
    case 'node-updated':
      return hasOtherLabels(event.node, event.previous)
    case 'volume-claim-changed':
      return claimsOf(pod).some(({ key }) => key === keyOf(event.object))
    case 'storage-class-changed':
      return !event.previous || !deepEqual(event.object.allowedTopologies, event.previous.allowedTopologies)
    case 'csi-node-changed':
      return !event.previous || migratedOn(event.object) !== migratedOn(event.previous)
    // A driver that keeps count no longer has room for anybody.
    case 'csi-driver-changed':
      return event.previous?.spec.storageCapacity === true && !event.object.spec.storageCapacity
    case 'storage-capacity-changed':
      return !event.previous || limitOf(event.object) > limitOf(event.previous)
    default:
      return true
  }
}

/** Old kinds of volumes that drivers see to there. */
const migratedOn = ({ metadata }: CSINode) => metadata?.annotations?.['storage.alpha.kubernetes.io/migrated-plugins']

const planned = (state: CycleState, node: string) => (state.get(NAME) as Plan | undefined)?.byNode.get(node)

const uidOf = ({ metadata }: Claim) => metadata?.uid ?? ''

/** What was promised is written now, or does not count any more. */
function takeBack(plan: NodePlan | undefined, storage: StorageView): void {
  for (const [, volume] of plan?.reserve ?? []) storage.promisedVolumes.delete(volume.metadata?.name ?? '')
  for (const claim of plan?.provision ?? []) storage.promisedNodes.delete(uidOf(claim))
}

function problemOf(pod: Pod, key: string, claim: Claim | undefined, isEphemeral: boolean): string | undefined {
  const name = key.slice(key.indexOf('/') + 1)
  if (!claim) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : claimNotFound(key)
  }
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName}"`
  }
  if (claim.metadata?.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`
  const isOwner = claim.metadata?.ownerReferences?.some(({ uid }) => uid === pod.metadata?.uid)
  if (!isEphemeral || isOwner) return undefined
  return `PVC ${key} was not created for pod ${keyOf(pod)} (pod is not owner)`
}

function rejectionOn(plan: Plan, node: Node, name: string, storage: StorageView): Rejection | undefined {
  if (plan.volumes.includes(undefined)) return rejectForGood(LOST)
  const isNear = plan.volumes.every((volume) => volume && isReachedFrom(volume, node))
  const found = planFor(plan.waiting, node, name, storage)
  const reasons = [...(isNear ? [] : [WRONG_NODE]), ...(typeof found === 'string' ? [found] : [])]
  if (typeof found === 'string' || reasons.length > 0) return rejectForGood(...reasons)
  plan.byNode.set(name, found)
  return undefined
}

/** Where each of the claims that wait would get its volume from, or why one of them gets none. */
function planFor(waiting: readonly Claim[], node: Node, name: string, storage: StorageView): NodePlan | string {
  const reserve: [Claim, Volume][] = []
  const provision: Claim[] = []
  const free: Claim[] = []
  for (const claim of waiting) {
    const selected = storage.promisedNodes.get(uidOf(claim)) ?? claim.metadata?.annotations?.[SELECTED_NODE]
    if (selected === undefined) free.push(claim)
    // Its volume is being made there; whoever makes it says so when nothing comes of it.
    else if (selected !== name) return NO_VOLUME
    else provision.push(claim)
  }
  const taken = new Set(storage.promisedVolumes.keys())
  // Those that ask for little first, lest they take what is large.
  for (const claim of free.sort((a, b) => wantedSize(a).compare(wantedSize(b)))) {
    // Another pod with the same claim is on its way.
    const promised = storage.promisedTo(claim)
    const isTaken = (volume: string) => taken.has(volume)
    const volume = promised ?? findVolume(claim, storage.volumes.list(), { node, isTaken })
    if (volume && isReachedFrom(volume, node)) {
      taken.add(volume.metadata?.name ?? '')
      reserve.push([claim, volume])
    } else provision.push(claim)
  }
  for (const claim of provision) {
    const storageClass = storage.classOf(claim)
    if (!storageClass || !mayBeMade(storageClass, node)) return NO_VOLUME
    if (!storage.hasRoomFor(claim, storageClass, node)) return NO_ROOM
  }
  return { node, reserve, provision }
}

function mayBeMade({ provisioner, allowedTopologies = [] }: StorageClass, { metadata }: Node): boolean {
  if (provisioner === NO_PROVISIONER) return false
  if (allowedTopologies.length === 0) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(metadata?.labels?.[key] ?? '')),
  )
}

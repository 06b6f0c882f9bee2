// Where a pod's volumes are, or can be had. Claims that wait for their first consumer are bound here, for the node that was
// chosen. Upstream: plugins/volumebinding.

import type { PersistentVolumeClaim as Claim, Node, Pod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import {
  findVolume,
  isFullyBound,
  isReachedFrom,
  NO_PROVISIONER,
  waitsForConsumer,
} from '../../kinds/storage/volume-binding.ts'
import { type CycleState, type Plugin, type Rejection, rejectForGood, SKIP } from '../framework.ts'
import { claimsOf } from '../pod-claims.ts'
import type { StorageView } from '../storage-view.ts'

const NAME = 'VolumeBinding'
const WRONG_NODE = "node(s) didn't match PersistentVolume's node affinity"
const NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
const LOST = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'

interface Plan {
  bound: Claim[]
  /** Theirs; undefined for one that has gone. */
  volumes: (Volume | undefined)[]
  waiting: Claim[]
  byNode: Map<string, { node: Node; reserve: [Claim, Volume][]; provision: Claim[] }>
}

export function volumeBinding(storage: StorageView): Plugin {
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
      for (const [, volume] of planned(state, node)?.reserve ?? []) storage.promised.add(volume.metadata?.name ?? '')
    },
    unreserve(state, _pod, node) {
      for (const [, volume] of planned(state, node)?.reserve ?? []) storage.promised.delete(volume.metadata?.name ?? '')
    },
    async preBind(state, pod, node) {
      // Nobody would ever bind what was made anew under its name: whoever binds waits for us to choose a node.
      for (const claim of (state.get(NAME) as Plan | undefined)?.bound ?? []) await storage.assertBound(claim)
      const plan = planned(state, node)
      if (!plan || plan.reserve.length + plan.provision.length === 0) return
      for (const [claim, volume] of plan.reserve) await storage.reserveFor(claim, volume)
      for (const claim of plan.provision) await storage.askFor(claim, node)
      const volumes = await storage.untilBound(pod, [...plan.reserve.map(([claim]) => claim), ...plan.provision])
      // Made for a node that was chosen before.
      const elsewhere = volumes.find((volume) => !isReachedFrom(volume, plan.node))
      if (elsewhere) throw new Error(`pv "${elsewhere.metadata?.name}" node affinity doesn't match node "${node}"`)
      for (const [, volume] of plan.reserve) storage.promised.delete(volume.metadata?.name ?? '')
    },
    wokenBy: ['node-added', 'node-updated', 'storage-changed'],
    mayHelp(event, pod) {
      if (event.type !== 'storage-changed') return true
      return event.claim === undefined || claimsOf(pod).some(({ key }) => key === event.claim)
    },
  }
}

const planned = (state: CycleState, node: string) => (state.get(NAME) as Plan | undefined)?.byNode.get(node)

function problemOf(pod: Pod, key: string, claim: Claim | undefined, isEphemeral: boolean): string | undefined {
  const name = key.slice(key.indexOf('/') + 1)
  if (!claim) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`
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
  if (plan.volumes.some((volume) => volume && !isReachedFrom(volume, node))) return rejectForGood(WRONG_NODE)
  const reserve: [Claim, Volume][] = []
  const provision: Claim[] = []
  const taken = new Set(storage.promised)
  for (const claim of plan.waiting) {
    const volume = findVolume(claim, storage.volumes.list(), { node, taken })
    if (volume) {
      taken.add(volume.metadata?.name ?? '')
      reserve.push([claim, volume])
    } else if (mayBeMade(storage.classOf(claim), node)) provision.push(claim)
    else return rejectForGood(NO_VOLUME)
  }
  plan.byNode.set(name, { node, reserve, provision })
  return undefined
}

function mayBeMade(storageClass: StorageClass | undefined, node: Node): boolean {
  if (!storageClass || storageClass.provisioner === NO_PROVISIONER) return false
  const { allowedTopologies = [] } = storageClass
  if (allowedTopologies.length === 0) return true
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(node.metadata?.labels?.[key] ?? '')),
  )
}

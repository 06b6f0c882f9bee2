// Devices for a pod's ResourceClaims: where a claim's devices are, or which ones it could have on a node. They are
// promised when a node is chosen and written before the pod is bound.
// Upstream: plugins/dynamicresources.

import type { Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { matchesAny } from '../../apimachinery/node-affinity.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { MOST_CONSUMERS } from '../../kinds/devices/claim-status.ts'
import type { Claim } from '../../kinds/devices/device-objects.ts'
import { isExtendedClaimOf } from '../../kinds/devices/extended-resources.ts'
import { isReservedFor, namedClaims, whyNotForPod } from '../../kinds/devices/pod-claims.ts'
import { type ClusterEvent, hasOtherClaims, hasOtherLabels } from '../cluster-event.ts'
import { allocate, type DevicesWorld, NotHere, TookTooLong } from '../devices/allocator.ts'
import { hasBindingConditions } from '../devices/binding-conditions.ts'
import type { DeviceView } from '../devices/device-view.ts'
import { bindExtended, type Extended, extendedBy, extendedOn, type Promised } from '../devices/extended-claims.ts'
import { requestsOf, wishesOf } from '../devices/wishes.ts'
import {
  type CycleState,
  normalizeByMax,
  type Plugin,
  type PostFilterResult,
  type Rejection,
  rejectForGood,
  SKIP,
} from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

const NAME = 'DynamicResources'
/** A claim of a wish list's first choice counts so much, of its second one less. */
const MOST_ALTERNATIVES = 8

interface Plan {
  claims: Claim[]
  /** Those of them without devices. */
  pending: Claim[]
  world: DevicesWorld
  byNode: Map<string, Promised[]>
  extended: Extended
  /** Their devices are not where the pod might be, or will not be ready any more. */
  elsewhere: Set<Claim>
  stuck: ReadonlySet<Claim>
}

export function dynamicResources(devices: DeviceView): Plugin {
  return {
    name: NAME,
    preEnqueue(pod) {
      const found = claimsFor(pod, devices)
      return typeof found === 'string' ? found : undefined
    },
    preFilter(state, pod) {
      const extended = extendedBy(pod, devices)
      if (!pod.spec?.resourceClaims?.length && extended.served.size === 0) return SKIP
      const claims = claimsFor(pod, devices)
      if (typeof claims === 'string') return rejectForGood(claims)
      if (claims.length === 0 && extended.served.size === 0) return SKIP
      if (claims.some((claim) => isFull(pod, claim))) return rejectForGood('resourceclaim in use')
      const pending = claims.filter(({ status }) => !status?.allocation)
      const problem = pending.map((claim) => whyNotYet(claim, devices)).find(Boolean)
      if (problem) return rejectForGood(problem)
      state.set(NAME, {
        claims,
        pending,
        world: devices.world(),
        byNode: new Map(),
        extended,
        elsewhere: new Set(),
        stuck: new Set(claims.filter((claim) => hasBindingConditions(claim) && devices.isStuck(claim))),
      } satisfies Plan)
      return undefined
    },
    filter: (state, pod, node) => rejectionOn(state.get(NAME) as Plan, pod, node),
    postFilter: (state, pod) => giveBackIdle(state.get(NAME) as Plan | undefined, pod, devices),
    preScore: (state) => {
      const plan = state.get(NAME) as Plan | undefined
      return !!plan?.pending.some((claim) =>
        requestsOf(claim).some(({ firstAvailable = [] }) => firstAvailable.length > 0),
      )
    },
    score: (state, _pod, { name }) => scoreOf(state.get(NAME) as Plan, name),
    normalize: (_state, _pod, scores) => normalizeByMax(scores, { reverse: false }),
    reserve(state, _pod, node) {
      for (const { claim, allocation } of promised(state, node)) devices.promise(claim, allocation)
    },
    async unreserve(state, pod, node) {
      for (const { claim } of promised(state, node)) devices.takeBack(claim)
      const { claims = [], extended } = (state.get(NAME) as Plan | undefined) ?? {}
      if (extended?.made) await devices.remove(extended.made)
      await Promise.all(claims.filter((claim) => isReservedFor(pod, claim)).map((claim) => devices.release(claim, pod)))
    },
    preBindPreFlight: (state) => (state.has(NAME) ? undefined : SKIP),
    async preBind(state, pod, node, signal) {
      const plan = state.get(NAME) as Plan | undefined
      if (!plan) return
      const here = promised(state, node)
      for (const [at, claim] of plan.claims.entries()) {
        if (isReservedFor(pod, claim)) continue
        plan.claims[at] = await devices.bind(claim, pod, here.find((one) => one.claim === claim)?.allocation)
      }
      const bound = await bindExtended(plan.extended, pod, here, devices)
      const claims = bound ? [...plan.claims, bound] : plan.claims
      if (claims.some(hasBindingConditions)) await devices.untilReady(claims, pod, node, signal)
    },
    wokenBy: ['node-added', 'node-updated', 'claim-changed', 'pod-changed', 'device-class-changed', 'devices-changed'],
    mayHelp: (event, pod) => mayHelp(event, pod, devices),
  }
}

const promised = (state: CycleState, node: string): Promised[] =>
  (state.get(NAME) as Plan | undefined)?.byNode.get(node) ?? []

/** All of them, or why there are not all. */
function claimsFor(pod: Pod, devices: DeviceView): Claim[] | string {
  const claims: Claim[] = []
  for (const { key, template } of namedClaims(pod)) {
    if (key === undefined) return `pod "${keyOf(pod)}": ResourceClaim not created yet`
    const claim = devices.claim(key)
    if (!claim) return `resourceclaim.resource.k8s.io "${key.slice(key.indexOf('/') + 1)}" not found`
    if (claim.metadata?.deletionTimestamp) return `resourceclaim "${claim.metadata.name}" is being deleted`
    const stranger = template && whyNotForPod(pod, claim)
    if (stranger) return stranger
    claims.push(claim)
  }
  return claims
}

/** It has devices, and as many users as it can have. */
const isFull = (pod: Pod, claim: Claim) =>
  !!claim.status?.allocation && !isReservedFor(pod, claim) && (claim.status.reservedFor?.length ?? 0) >= MOST_CONSUMERS

function whyNotYet(claim: Claim, devices: DeviceView): string | undefined {
  if (devices.isBeingAllocated(claim)) return `resource claim ${keyOf(claim)} is in the process of being allocated`
  const unknown = requestsOf(claim)
    .flatMap(wishesOf)
    .find(({ wish }) => !devices.hasClass(wish.deviceClassName ?? ''))
  return unknown && `request ${unknown.name}: device class ${unknown.wish.deviceClassName} does not exist`
}

function rejectionOn(plan: Plan, pod: Pod, info: NodeInfo): Rejection | undefined {
  const { node, name } = info
  if (!node) return undefined
  if (plan.extended.stale) return rejectForGood('cannot schedule extended resource claim')
  const away = plan.claims.filter((claim) => {
    const selector = claim.status?.allocation?.nodeSelector
    return plan.stuck.has(claim) || (selector && !matchesAny(selector, node))
  })
  try {
    const extended = extendedOn(info, pod, plan.extended)
    const wanted = extended ? [...plan.pending, extended.claim] : plan.pending
    const allocations = allocate(node, wanted, plan.world)
    if (!allocations) return rejectForGood('cannot allocate all claims')
    const promised = allocations.map((allocation, at): Promised => ({ claim: wanted[at]!, allocation }))
    if (extended) promised.at(-1)!.mappings = extended.mappings
    plan.byNode.set(name, promised)
  } catch (err) {
    if (err instanceof NotHere) return rejectForGood(err.message)
    // It may go faster the next time, and no news would tell of that.
    const where = err instanceof TookTooLong ? `node ${name}: ` : ''
    throw new Error(`running "${NAME}" filter plugin: ${where}${(err as Error).message}`, { cause: err })
  }
  if (away.length === 0) return undefined
  for (const claim of away) plan.elsewhere.add(claim)
  return rejectForGood('resourceclaim not available on the node')
}

/** A claim that nobody else uses may get other devices, on another node. */
function giveBackIdle(plan: Plan | undefined, { metadata }: Pod, devices: DeviceView): PostFilterResult {
  if (!plan) return { message: 'no new claims to deallocate' }
  const { stale } = plan.extended
  if (stale) return { message: 'deletion of ResourceClaim completed', errand: () => devices.remove(stale) }
  const idle = [...plan.elsewhere].find(({ status }) =>
    (status?.reservedFor ?? []).every(({ uid }) => uid === metadata?.uid),
  )
  if (!idle) return { message: 'still not schedulable' }
  return { message: 'deallocation of ResourceClaim completed', errand: () => devices.deallocate(idle) }
}

/** How near to the top of their wish lists the claims' devices are. */
function scoreOf({ byNode }: Plan, node: string): number {
  let score = 0
  for (const { claim, allocation } of byNode.get(node) ?? []) {
    const granted = new Set(allocation.devices?.results?.map(({ request }) => request))
    for (const request of requestsOf(claim)) {
      if (!request.firstAvailable?.length) continue
      const place = wishesOf(request).findIndex(({ name }) => granted.has(name))
      if (place >= 0) score += MOST_ALTERNATIVES - place
    }
  }
  return score
}

function mayHelp(event: ClusterEvent, pod: Pod, devices: DeviceView): boolean {
  if (event.type === 'node-updated') {
    const { node, previous } = event
    return hasOtherLabels(node, previous) || !deepEqual(node.status?.allocatable, previous.status?.allocatable)
  }
  if (event.type === 'pod-changed') {
    return hasOtherClaims(event.pod, event.previous) && typeof claimsFor(event.pod, devices) !== 'string'
  }
  if (event.type !== 'claim-changed') return true
  const { claim, previous } = event
  const claims = claimsFor(pod, devices)
  if (typeof claims === 'string') return false
  // Its devices are free again, for anybody.
  if (previous?.status?.allocation && !claim.status?.allocation) return true
  if (isExtendedClaimOf(pod, claim)) return true
  if (!claims.some(({ metadata }) => metadata?.uid === claim.metadata?.uid)) return false
  return !previous || !deepEqual(previous.status, claim.status)
}

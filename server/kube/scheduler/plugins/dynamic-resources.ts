// Devices for a pod's ResourceClaims: where a claim's devices are, or which ones it could have on a node. They are
// promised when a node is chosen and written before the pod is bound.
// Upstream: plugins/dynamicresources.

import type { Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { matchesAny } from '../../apimachinery/node-affinity.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import type { Allocation, Claim } from '../../kinds/devices/device-objects.ts'
import { isReservedFor, podClaims, whyNotForPod } from '../../kinds/devices/pod-claims.ts'
import { allocate, type DevicesWorld, NotHere, TookTooLong } from '../devices/allocator.ts'
import { hasBindingConditions } from '../devices/binding-conditions.ts'
import type { DeviceView } from '../devices/device-view.ts'
import { requestsOf, wishesOf } from '../devices/wishes.ts'
import {
  type ClusterEvent,
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
  /** In the order of `pending`. */
  byNode: Map<string, Allocation[]>
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
      if (!pod.spec?.resourceClaims?.length) return SKIP
      const claims = claimsFor(pod, devices)
      if (typeof claims === 'string') return rejectForGood(claims)
      if (claims.length === 0) return SKIP
      const pending = claims.filter(({ status }) => !status?.allocation)
      const problem = pending.map((claim) => whyNotYet(claim, devices)).find(Boolean)
      if (problem) return rejectForGood(problem)
      state.set(NAME, {
        claims,
        pending,
        world: devices.world(),
        byNode: new Map(),
        elsewhere: new Set(),
        stuck: new Set(claims.filter((claim) => hasBindingConditions(claim) && devices.isStuck(claim))),
      } satisfies Plan)
      return undefined
    },
    filter: (state, _pod, node) => rejectionOn(state.get(NAME) as Plan, node),
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
      for (const [claim, allocation] of promised(state, node)) devices.promise(claim, allocation)
    },
    async unreserve(state, pod, node) {
      for (const [claim] of promised(state, node)) devices.takeBack(claim)
      const { claims = [] } = (state.get(NAME) as Plan | undefined) ?? {}
      await Promise.all(claims.filter((claim) => isReservedFor(pod, claim)).map((claim) => devices.release(claim, pod)))
    },
    preBindPreFlight: (state) => (state.has(NAME) ? undefined : SKIP),
    async preBind(state, pod, node, signal) {
      const plan = state.get(NAME) as Plan | undefined
      if (!plan) return
      const allocations = new Map(promised(state, node))
      for (const [at, claim] of plan.claims.entries()) {
        if (isReservedFor(pod, claim)) continue
        plan.claims[at] = await devices.bind(claim, pod, allocations.get(claim))
      }
      if (plan.claims.some(hasBindingConditions)) await devices.untilReady(plan.claims, pod, node, signal)
    },
    wokenBy: ['node-added', 'node-updated', 'claim-changed', 'devices-changed'],
    mayHelp: (event, pod) => mayHelp(event, pod, devices),
  }
}

const promised = (state: CycleState, node: string): [Claim, Allocation][] => {
  const plan = state.get(NAME) as Plan | undefined
  const allocations = plan?.byNode.get(node) ?? []
  return allocations.map((allocation, at) => [plan!.pending[at]!, allocation])
}

/** All of them, or why there are not all. */
function claimsFor(pod: Pod, devices: DeviceView): Claim[] | string {
  const claims: Claim[] = []
  for (const { key, template } of podClaims(pod)) {
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

function whyNotYet(claim: Claim, devices: DeviceView): string | undefined {
  if (devices.isBeingAllocated(claim)) return `resource claim ${keyOf(claim)} is in the process of being allocated`
  const unknown = requestsOf(claim)
    .flatMap(wishesOf)
    .find(({ wish }) => !devices.hasClass(wish.deviceClassName ?? ''))
  return unknown && `request ${unknown.name}: device class ${unknown.wish.deviceClassName} does not exist`
}

function rejectionOn(plan: Plan, { node, name }: NodeInfo): Rejection | undefined {
  if (!node) return undefined
  const away = plan.claims.filter((claim) => {
    const selector = claim.status?.allocation?.nodeSelector
    return plan.stuck.has(claim) || (selector && !matchesAny(selector, node))
  })
  try {
    const allocations = allocate(node, plan.pending, plan.world)
    if (!allocations) return rejectForGood('cannot allocate all claims')
    plan.byNode.set(name, allocations)
  } catch (err) {
    if (err instanceof NotHere || err instanceof TookTooLong) return rejectForGood(err.message)
    throw new Error(`running "${NAME}" filter plugin: ${(err as Error).message}`, { cause: err })
  }
  if (away.length === 0) return undefined
  for (const claim of away) plan.elsewhere.add(claim)
  return rejectForGood('resourceclaim not available on the node')
}

/** A claim that nobody else uses may get other devices, on another node. */
function giveBackIdle(plan: Plan | undefined, { metadata }: Pod, devices: DeviceView): PostFilterResult {
  if (!plan) return { message: 'no new claims to deallocate' }
  const idle = [...plan.elsewhere].find(({ status }) =>
    (status?.reservedFor ?? []).every(({ uid }) => uid === metadata?.uid),
  )
  if (!idle) return { message: 'still not schedulable' }
  return { message: 'deallocation of ResourceClaim completed', errand: () => devices.deallocate(idle) }
}

/** How near to the top of their wish lists the claims' devices are. */
function scoreOf({ pending, byNode }: Plan, node: string): number {
  let score = 0
  for (const [at, allocation] of (byNode.get(node) ?? []).entries()) {
    const granted = new Set(allocation.devices?.results?.map(({ request }) => request))
    for (const request of requestsOf(pending[at]!)) {
      if (!request.firstAvailable?.length) continue
      const place = wishesOf(request).findIndex(({ name }) => granted.has(name))
      if (place >= 0) score += MOST_ALTERNATIVES - place
    }
  }
  return score
}

function mayHelp(event: ClusterEvent, pod: Pod, devices: DeviceView): boolean {
  if (event.type === 'node-updated') return !deepEqual(event.node.metadata?.labels, event.previous.metadata?.labels)
  if (event.type !== 'claim-changed') return true
  const { claim, previous } = event
  const claims = claimsFor(pod, devices)
  if (typeof claims === 'string') return false
  // Its devices are free again, for anybody.
  if (previous?.status?.allocation && !claim.status?.allocation) return true
  if (!claims.some(({ metadata }) => metadata?.uid === claim.metadata?.uid)) return false
  return !previous || !deepEqual(previous.status, claim.status)
}

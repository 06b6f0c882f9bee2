// Finds devices on one node for all claims of a pod at once: every request gets as many as it asks for, no device goes to
// two, and what must be alike is alike. The first solution is taken; all of them are tried if need be.
//
//   claim ─► request (the first wish that can be had) ─► one device after the other ─► next request …
//                                                          └─ none fits: give the last one back, try the next
//
// Upstream: dynamic-resource-allocation/structured/internal/stable/allocator_stable.go.

import type { Node } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import type { Allocation, Claim, Class, Slice } from '../../kinds/devices/device-objects.ts'
import { allocationOf, type Taken } from './allocation.ts'
import { AttributeConstraint } from './attribute-constraint.ts'
import type { Selectors } from './device-selectors.ts'
import { type Offer, type Pool, poolsOf } from './pools.ts'
import { type Amounts, type Share, SharedCapacity, shareOf } from './shared-capacity.ts'
import { SharedCounters } from './shared-counters.ts'
import { inClaim, isKeptAway, type NamedWish, requestsOf, wishesOf } from './wishes.ts'

export interface DevicesWorld {
  slices: readonly Slice[]
  classOf: (name: string) => Class | undefined
  /** Devices that claims have, by id. */
  inUse: ReadonlySet<string>
  /** What claims have of those that several may have. */
  shared: ReadonlyMap<string, Amounts>
  selectors: Selectors
}

const MOST_DEVICES_OF_A_CLAIM = 32
/** Devices looked at, and steps of selectors: some tenths of a second. The search stops everything else meanwhile. */
const MOST_STEPS = 1_000_000

/** It may be that there is a solution. */
export class TookTooLong extends Error {
  override readonly message = 'timed out trying to allocate devices'
}

/** This node cannot; others may. */
export class NotHere extends Error {}

/** One allocation for each claim; undefined when there are none for all of them. Throws for a claim or class that makes no sense. */
export function allocate(node: Node, claims: readonly Claim[], world: DevicesWorld): Allocation[] | undefined {
  return new Search(node, claims, world).run()
}

/** Each capacity and counter of a device is looked at when it is tried. */
const costOf = ({ device: { capacity = {}, consumesCounters = [] } }: Offer) =>
  consumesCounters.reduce(
    (sum, { counters }) => sum + Object.keys(counters ?? {}).length,
    1 + Object.keys(capacity).length,
  )

/** `too many`: no device that came before could help. */
type Found = boolean | 'too many'

class Search {
  readonly #world: DevicesWorld
  readonly #claims: readonly Claim[]
  readonly #node: string
  readonly #pools: readonly Pool[]
  /** Of pools that are whole. */
  readonly #offers: readonly Offer[]
  /** By claim and request. */
  readonly #wishes: NamedWish[][][]
  readonly #chosen: NamedWish[][]
  readonly #constraints: AttributeConstraint[][]
  readonly #taken: Taken[][]
  readonly #counters: SharedCounters
  readonly #capacity: SharedCapacity
  /** Devices that are given out right now, and to which claims. */
  readonly #giving = new Map<string, Set<number>>()
  readonly #selectable = new Map<NamedWish, Map<string, boolean>>()
  #steps = 0

  constructor(node: Node, claims: readonly Claim[], world: DevicesWorld) {
    this.#node = node.metadata?.name ?? ''
    this.#world = world
    this.#claims = claims
    this.#pools = poolsOf(node, world.slices)
    this.#counters = new SharedCounters(this.#pools, (id) => world.inUse.has(id) || world.shared.has(id))
    this.#capacity = new SharedCapacity(world.shared)
    this.#offers = this.#pools.flatMap(({ state, offers }) => (state === 'complete' ? offers : []))
    this.#wishes = claims.map((claim) => requestsOf(claim).map((request) => this.#readRequest(claim, request)))
    this.#chosen = claims.map(() => [])
    this.#taken = claims.map(() => [])
    this.#constraints = claims.map((claim) =>
      (claim.spec?.devices?.constraints ?? []).map((constraint) => new AttributeConstraint(constraint)),
    )
    for (const [at, requests] of this.#wishes.entries()) {
      const least = requests.reduce((sum, wishes) => sum + Math.min(...wishes.map(({ count }) => count)), 0)
      if (least <= MOST_DEVICES_OF_A_CLAIM) continue
      const words = `number of requested devices ${least} exceeds the claim limit of ${MOST_DEVICES_OF_A_CLAIM}`
      throw new Error(`claim ${keyOf(claims[at]!)}: ${words}`)
    }
  }

  run(): Allocation[] | undefined {
    if (this.#serveClaim(0) === true) {
      return this.#claims.map((claim, at) => allocationOf(claim, this.#chosen[at]!, this.#taken[at]!, this.#node))
    }
    if (this.#pools.some(({ state }) => state === 'invalid'))
      throw new NotHere('invalid resource pools were encountered')
    return undefined
  }

  #readRequest(claim: Claim, request: ReturnType<typeof requestsOf>[number]): NamedWish[] {
    return wishesOf(request).map((told) => {
      const { deviceClassName = '', allocationMode, count = 1 } = told.wish
      const where = inClaim(claim, told.wish === request.exactly ? told.name : (told.name.split('/')[1] ?? ''))
      const found = this.#world.classOf(deviceClassName)
      if (!found) {
        const why = `deviceclass.resource.k8s.io "${deviceClassName}" not found`
        throw new Error(`${where}: could not retrieve device class ${deviceClassName}: ${why}`)
      }
      const wish: NamedWish = { ...told, class: found, count: Number(count) }
      if (allocationMode !== 'All') return wish
      wish.all = this.#allFor(claim, wish, where)
      wish.count = wish.all.length
      return wish
    })
  }

  #allFor(claim: Claim, wish: NamedWish, where: string): Offer[] {
    const unclear = this.#pools.find(({ state }) => state !== 'complete')
    if (unclear) {
      const state = unclear.state === 'incomplete' ? 'being updated' : 'invalid'
      throw new Error(`${where}: asks for all devices, but resource pool ${unclear.id} is currently ${state}`)
    }
    return this.#pools.flatMap(({ offers }) =>
      offers.filter((offer) => this.#isMeant(claim, wish, offer) && this.#roomFor(wish, offer)),
    )
  }

  #serveClaim(claim: number): Found {
    return claim === this.#claims.length || this.#serveRequest(claim, 0)
  }

  #serveRequest(claim: number, request: number): Found {
    const wishes = this.#wishes[claim]![request]
    // Another claim with too many devices is no reason not to try this one's other devices.
    if (!wishes) return this.#serveClaim(claim + 1) === true
    let found: Found = 'too many'
    for (const wish of wishes) {
      this.#chosen[claim]![request] = wish
      const served = this.#serveWish(claim, request, wish, 0)
      if (served === true) return true
      if (served === false) found = false
    }
    return found
  }

  /** The order of a request's devices does not matter: each is looked for behind the one before. */
  #serveWish(claim: number, request: number, wish: NamedWish, have: number, from = 0): Found {
    if (wish.all?.length === 0) return false
    if (have >= wish.count) return this.#serveRequest(claim, request + 1)
    if (this.#taken[claim]!.length + wish.count - have > MOST_DEVICES_OF_A_CLAIM) return 'too many'
    const offers = wish.all ?? this.#offers
    for (let at = from; at < (wish.all ? from + 1 : offers.length); at++) {
      const offer = offers[at]!
      this.#spend(costOf(offer))
      if (!this.#take(claim, wish, offer)) continue
      const served = this.#serveWish(claim, request, wish, have + 1, at + 1)
      if (served === true) return true
      this.#giveBack(claim, wish, offer)
      if (served === 'too many') return served
    }
    return false
  }

  #take(claim: number, wish: NamedWish, offer: Offer): boolean {
    if (!this.#isFree(claim, wish, offer) || !this.#isMeant(this.#claims[claim]!, wish, offer)) return false
    const share = this.#roomFor(wish, offer)
    if (!share || isKeptAway(offer.device.taints ?? [], wish.wish)) return false
    // Whoever has a share of it already has taken for all of them.
    const isSharedBefore = this.#capacity.isShared(offer.id)
    if (!isSharedBefore && !this.#counters.take(offer)) return false
    const added: AttributeConstraint[] = []
    for (const constraint of this.#constraints[claim]!) {
      if (constraint.add(wish, offer)) {
        added.push(constraint)
        continue
      }
      for (const one of added) one.removeLast(wish)
      if (!isSharedBefore) this.#counters.giveBack(offer)
      if (!wish.all) return false
      const why = `cannot add device ${offer.id} because a claim constraint would not be satisfied`
      throw new Error(`${inClaim(this.#claims[claim]!, wish.name)}: ${why}`)
    }
    if (offer.device.allowMultipleAllocations) {
      this.#capacity.add(offer, share)
      this.#taken[claim]!.push({ wish, offer, share })
      return true
    }
    const claims = this.#giving.get(offer.id) ?? new Set()
    this.#giving.set(offer.id, claims.add(claim))
    this.#taken[claim]!.push({ wish, offer })
    return true
  }

  #giveBack(claim: number, wish: NamedWish, offer: Offer): void {
    for (const constraint of this.#constraints[claim]!) constraint.removeLast(wish)
    if (offer.device.allowMultipleAllocations) this.#capacity.removeLast(offer)
    if (!this.#capacity.isShared(offer.id)) this.#counters.giveBack(offer)
    this.#giving.get(offer.id)?.delete(claim)
    this.#taken[claim]!.pop()
  }

  /** An administrator may look at a device that others use, but not twice in one claim. */
  #isFree(claim: number, { adminAccess }: NamedWish, { id, device }: Offer): boolean {
    if (device.allowMultipleAllocations) return adminAccess || !this.#world.inUse.has(id)
    const claims = this.#giving.get(id)
    return adminAccess ? !claims?.has(claim) : !claims?.size && !this.#world.inUse.has(id)
  }

  #roomFor({ wish }: NamedWish, offer: Offer): Share | undefined {
    const share = shareOf(offer.device, wish)
    return share && this.#capacity.hasRoom(offer, share) ? share : undefined
  }

  #isMeant(claim: Claim, wish: NamedWish, offer: Offer): boolean {
    const known = this.#selectable.get(wish) ?? new Map<string, boolean>()
    this.#selectable.set(wish, known)
    let isMeant = known.get(offer.id)
    if (isMeant === undefined) {
      isMeant = this.#matches(claim, wish, offer)
      known.set(offer.id, isMeant)
    }
    return isMeant
  }

  #matches(claim: Claim, { class: { metadata, spec }, wish }: NamedWish, offer: Offer): boolean {
    const { selectors } = this.#world
    const spend = (cost: number) => this.#spend(cost)
    return (
      selectors.match(spec?.selectors ?? [], offer, `class ${metadata?.name}`, spend) &&
      selectors.match(wish.selectors ?? [], offer, `claim ${keyOf(claim)}`, spend)
    )
  }

  #spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > MOST_STEPS) throw new TookTooLong()
  }
}

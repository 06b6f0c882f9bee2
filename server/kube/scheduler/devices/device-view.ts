// What the scheduler knows of devices: slices, classes, and claims as they will be when what was decided is written. A
// device that was given to a pod whose binding is under way is given to nobody else.
// Upstream: plugins/dynamicresources/{dra_manager,allocateddevices}.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { type KubeObject, keyOf, revisionOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { isConflict, isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import type { SharedInformer } from '../../client/shared-informer.ts'
import type { Allocation, Claim, Class, Slice } from '../../kinds/devices/device-objects.ts'
import {
  isExtendedClaimOf,
  mayBeDevices,
  type RequestMapping,
  servingClasses,
} from '../../kinds/devices/extended-resources.ts'
import { consumerOf, DELETE_PROTECTION, isReservedFor } from '../../kinds/devices/pod-claims.ts'
import { Pod as PodKind } from '../../kinds/pod.ts'
import { ResourceClaim } from '../../kinds/resource-claim.ts'
import { type ClusterEvent, toldOf } from '../cluster-event.ts'
import { isKnown } from '../lost-answer.ts'
import { NextNews } from '../next-news.ts'
import type { DevicesWorld } from './allocator.ts'
import { BINDING_PATIENCE_MS, isOverdue, isReadyToBind, isStuck } from './binding-conditions.ts'
import { Selectors } from './device-selectors.ts'
import { deviceId } from './pools.ts'

export interface DeviceOptions {
  client: Client
  clock: Clock
  claims: SharedInformer<Claim>
  slices: SharedInformer<Slice>
  classes: SharedInformer<Class>
  /** Nothing is waited for any more. */
  signal: AbortSignal
  onChange(event: ClusterEvent, revision: number): void
  /** Tells people why a pod that has a node is not bound yet. */
  tell(pod: Pod, reason: string, message: string): void
}

/** As often as upstream tries when others write as well. */
const TRIES = 5
const ASK_AGAIN_MS = 1_000

/** Others decided in the meantime. */
class GotOtherwise extends Error {}

export class DeviceView {
  readonly #options: DeviceOptions
  readonly #selectors = new Selectors()
  /** Claims that are being allocated, by uid. */
  readonly #pending = new Map<string, Allocation>()
  /** What we wrote and have not heard of yet, by key. */
  readonly #written = new Map<string, Claim>()
  /** Until classes change: every pod that asks for more than processor and memory asks for it, some for each node. */
  #serving: ReadonlyMap<string, Class> | undefined
  /** Who waits for devices to be ready looks again. */
  readonly #news = new NextNews()

  constructor(options: DeviceOptions) {
    this.#options = options
    options.claims.addHandler((change) => {
      const claim = change.object
      const written = this.#written.get(keyOf(claim))
      if (written && (change.type === 'deleted' || revisionOf(claim) >= revisionOf(written))) {
        this.#written.delete(keyOf(claim))
      }
      this.#news.heard()
      if (change.type === 'deleted') {
        // What it had is free, and whoever it was in the way of may go on.
        const gone = { ...claim, status: {} }
        options.onChange({ type: 'claim-changed', claim: gone, previous: claim }, revisionOf(claim))
        return
      }
      const previous = change.type === 'updated' ? change.previous : undefined
      options.onChange({ type: 'claim-changed', claim, ...(previous ? { previous } : {}) }, revisionOf(claim))
    })
    const tell = (object: KubeObject, event: ClusterEvent | undefined) => {
      if (event) options.onChange(event, revisionOf(object))
    }
    options.slices.addHandler((change) => tell(change.object, toldOf('devices-changed', change)))
    options.classes.addHandler((change) => {
      this.#serving = undefined
      tell(change.object, toldOf('device-class-changed', change))
    })
  }

  claim(key: string): Claim | undefined {
    return this.#written.get(key) ?? this.#options.claims.cache.get(key)
  }

  hasClass(name: string): boolean {
    return this.#options.classes.cache.get(name) !== undefined
  }

  /** By which class devices are asked for as amounts of this resource. */
  classServing(resource: string): string | undefined {
    if (!mayBeDevices(resource)) return undefined
    this.#serving ??= servingClasses(this.#options.classes.cache.list())
    return this.#serving.get(resource)?.metadata?.name
  }

  /** One that was made for the pod in an earlier attempt. */
  extendedClaimOf(pod: Pod): Claim | undefined {
    return this.#options.claims.cache.controlledBy(pod.metadata?.uid).find((claim) => isExtendedClaimOf(pod, claim))
  }

  isBeingAllocated({ metadata }: Claim): boolean {
    return this.#pending.has(metadata?.uid ?? '')
  }

  /** As things are now; a decision asks once. */
  world(): DevicesWorld {
    return {
      slices: this.#options.slices.cache.list(),
      classOf: (name) => this.#options.classes.cache.get(name),
      ...this.#given(),
      selectors: this.#selectors,
    }
  }

  promise({ metadata }: Claim, allocation: Allocation): void {
    this.#pending.set(metadata?.uid ?? '', allocation)
  }

  takeBack({ metadata }: Claim): void {
    this.#pending.delete(metadata?.uid ?? '')
  }

  /**
   * Writes that the pod may use the claim, and which devices it has if that was decided here. Where the answer gets lost it
   * may have been done, so until that is known they are nobody else's.
   */
  async bind(claim: Claim, pod: Pod, allocation: Allocation | undefined): Promise<Claim> {
    let current = claim
    let conflicts = 0
    for (;;) {
      try {
        const bound = isReservedFor(pod, current) ? current : await this.#writeBound(current, pod, allocation)
        const heard = this.#options.claims.cache.get(keyOf(bound))
        if (!heard || revisionOf(heard) < revisionOf(bound)) this.#written.set(keyOf(bound), bound)
        this.takeBack(claim)
        return bound
      } catch (err) {
        if (err instanceof GotOtherwise || (isKnown(err) && (!isConflict(err) || ++conflicts === TRIES))) throw err
        if (!isKnown(err)) await this.#options.clock.sleep(ASK_AGAIN_MS, this.#options.signal)
        current = await this.#ask(claim)
      }
    }
  }

  async #ask(claim: Claim): Promise<Claim> {
    const { client, clock, signal } = this.#options
    for (;;) {
      try {
        return await client.of(ResourceClaim).get(placeOf(claim))
      } catch (err) {
        if (isKnown(err)) throw err
        await clock.sleep(ASK_AGAIN_MS, signal)
      }
    }
  }

  async #writeBound(claim: Claim, pod: Pod, allocation: Allocation | undefined): Promise<Claim> {
    const claims = this.#options.client.of(ResourceClaim)
    const { metadata, status } = claim
    if (metadata?.deletionTimestamp) throw new GotOtherwise(`claim ${keyOf(claim)} got deleted in the meantime`)
    if (allocation && status?.allocation) {
      throw new GotOtherwise(`claim ${keyOf(claim)} got allocated elsewhere in the meantime`)
    }
    const finalizers = metadata?.finalizers ?? []
    const isProtected = !allocation || finalizers.includes(DELETE_PROTECTION)
    const kept = isProtected
      ? claim
      : await claims.update({ ...claim, metadata: { ...metadata, finalizers: [...finalizers, DELETE_PROTECTION] } })
    const allocationTimestamp = isoTime(this.#options.clock)
    return claims.updateStatus({
      ...kept,
      status: {
        ...kept.status,
        ...(allocation ? { allocation: { ...allocation, allocationTimestamp } } : {}),
        reservedFor: [...(kept.status?.reservedFor ?? []), consumerOf(pod)],
      },
    })
  }

  isStuck(claim: Claim): boolean {
    return isStuck(claim, this.#options.clock.now())
  }

  /** Resolves when all devices of the claims are ready for the node; rejects when it will not come to that. */
  async untilReady(claims: readonly Claim[], pod: Pod, node: string, cancelled: AbortSignal): Promise<void> {
    const { clock, signal, tell } = this.#options
    tell(pod, 'BindingConditionsPending', `waiting for binding conditions for device on node ${node}`)
    const end = new AbortController()
    using _timer = clock.setTimeout(() => end.abort(), BINDING_PATIENCE_MS)
    const over = AbortSignal.any([signal, end.signal, cancelled])
    while (!this.#areReady(claims)) {
      cancelled.throwIfAborted()
      if (over.aborted) throw new Error('device binding timeout')
      await this.#news.next(over)
    }
  }

  #areReady(claims: readonly Claim[]): boolean {
    for (const { metadata } of claims) {
      const claim = this.claim(keyOf({ metadata }))
      if (!claim) throw new Error(`resourceclaim.resource.k8s.io "${metadata?.name}" not found`)
      if (isReadyToBind(claim)) continue
      if (isOverdue(claim, this.#options.clock.now())) throw new Error(`claim ${metadata?.name} binding timeout`)
      return false
    }
    return true
  }

  make(claim: Claim): Promise<Claim> {
    return this.#options.client.of(ResourceClaim).create(claim)
  }

  /** Tells the pod's node which devices its containers get. */
  async tellPod(pod: Pod, claim: Claim, requestMappings: RequestMapping[]): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    const extendedResourceClaimStatus = { requestMappings, resourceClaimName: claim.metadata?.name ?? '' }
    const patch = { metadata: { uid }, status: { extendedResourceClaimStatus } }
    const type = 'application/strategic-merge-patch+json'
    await this.#options.client.of(PodKind).patch({ namespace, name }, type, patch, { subresource: 'status' })
  }

  /** Without waiting for somebody to find that nobody uses it. */
  async remove(claim: Claim): Promise<void> {
    const claims = this.#options.client.of(ResourceClaim)
    this.#written.delete(keyOf(claim))
    try {
      const { metadata, ...rest } = await claims.get(placeOf(claim))
      if (metadata?.uid !== claim.metadata?.uid) return
      const finalizers = metadata?.finalizers?.filter((finalizer) => finalizer !== DELETE_PROTECTION) ?? []
      if (finalizers.length < (metadata?.finalizers?.length ?? 0)) {
        await claims.update({ ...rest, metadata: { ...metadata, finalizers } })
      }
      await claims.delete(placeOf(claim), { ...(metadata?.uid ? { uid: metadata.uid } : {}) })
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }

  /** The pod does not go to its node after all. */
  async release(claim: Claim, { metadata }: Pod): Promise<void> {
    const patch = {
      metadata: { uid: claim.metadata?.uid },
      status: { reservedFor: [{ $patch: 'delete', uid: metadata?.uid }] },
    }
    const type = 'application/strategic-merge-patch+json'
    await this.#options.client.of(ResourceClaim).patch(placeOf(claim), type, patch, { subresource: 'status' })
  }

  /** Nobody uses it: its devices may be other ones, on another node. */
  async deallocate(claim: Claim): Promise<void> {
    const { allocation: _allocation, reservedFor: _reservedFor, devices: _devices, ...status } = claim.status ?? {}
    await this.#options.client.of(ResourceClaim).updateStatus({ ...claim, status })
  }

  /** What administrators look at is in use by others, or by nobody. */
  #given(): Pick<DevicesWorld, 'inUse' | 'shared'> {
    const claims = this.#options.claims.cache.list().map((claim) => this.#written.get(keyOf(claim)) ?? claim)
    const allocations = [...claims.map(({ status }) => status?.allocation), ...this.#pending.values()]
    const inUse = new Set<string>()
    const shared = new Map<string, Map<string, bigint>>()
    for (const result of allocations.flatMap((allocation) => allocation?.devices?.results ?? [])) {
      const { driver, pool, device, adminAccess, shareID, consumedCapacity = {} } = result
      const id = deviceId(driver, pool, device)
      if (adminAccess) continue
      if (!shareID) {
        inUse.add(id)
        continue
      }
      const taken = shared.get(id) ?? new Map<string, bigint>()
      shared.set(id, taken)
      for (const [name, amount] of Object.entries(consumedCapacity)) {
        taken.set(name, (taken.get(name) ?? 0n) + quantityOf(amount).nanos)
      }
    }
    return { inUse, shared }
  }
}

const placeOf = ({ metadata }: Claim) => ({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' })

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { Claim, Slice } from '../../kinds/devices/device-objects.ts'
import { isReservedFor, podClaims, whyNotForPod } from '../../kinds/devices/pod-claims.ts'
import { Pod } from '../../kinds/pod.ts'
import { ResourceClaim } from '../../kinds/resource-claim.ts'
import { ResourceSlice } from '../../kinds/resource-slice.ts'
import { driveOff } from '../disrupt-pod.ts'
import { type CountDrivenOff, countingDrivenOff } from '../driven-off.ts'
import { evictionTime, poolOf } from './eviction-time.ts'

const BY_POOL = 'pool'
const BY_USER = 'user'
const REASON = 'DeviceTaintManagerEviction'
/** A claim is its pod's before the pod has its node. */
const PLACED_SOON_MS = 1000

const poolsOfClaim = ({ status }: Claim) => [...new Set(status?.allocation?.devices?.results?.map(poolOf))]
const poolsOfSlice = ({ spec }: Slice) => [poolOf({ driver: spec?.driver ?? '', pool: spec?.pool?.name ?? '' })]
const usersOf = ({ metadata, status }: Claim) =>
  (status?.reservedFor ?? [])
    .filter(({ apiGroup, resource }) => !apiGroup && resource === 'pods')
    .map(({ name }) => `${metadata?.namespace}/${name}`)

/**
 * Drives pods off devices with NoExecute taints, each when its request's tolerations have run out. Claims name their pods:
 * these are asked for only when it may be time. Upstream: kubernetes/pkg/controller/devicetainteviction.
 */
class DeviceTaintEvictionReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #claims: IndexedCache<Claim>
  readonly #slices: IndexedCache<Slice>
  /** Pods that are to go. */
  readonly #leaving = new Set<string>()
  readonly #count: CountDrivenOff

  constructor(view: ClusterView) {
    this.#view = view
    this.#claims = view.cache(ResourceClaim)
    this.#claims.addIndex(BY_POOL, poolsOfClaim)
    this.#claims.addIndex(BY_USER, usersOf)
    this.#slices = view.cache(ResourceSlice)
    this.#slices.addIndex(BY_POOL, poolsOfSlice)
    this.#count = countingDrivenOff(view.metrics, {
      subsystem: 'device_taint_eviction_controller',
      name: 'DeviceTaintEvictionController',
      what: 'device taint',
      whose: "and a Pod's",
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const tainted = this.#claims.byIndex(BY_USER, key).filter((claim) => this.#timeOf(claim) !== undefined)
    if (tainted.length === 0 && !this.#leaving.has(key)) return
    const pod = await this.#podOf(context)
    if (!pod || pod.metadata?.deletionTimestamp) return this.#forget(key)
    report.sees(pod, ...tainted)
    const times = tainted.filter((claim) => uses(pod, claim)).map((claim) => this.#timeOf(claim) ?? 0)
    if (times.length === 0) return this.#forgive(context, pod)
    report.wanted = 'off devices whose taints it does not tolerate'
    if (!pod.spec?.nodeName) return { requeueAfterMs: PLACED_SOON_MS }
    this.#leaving.add(key)
    const leftMs = Math.min(...times) - this.#view.clock.now()
    report.seen =
      leftMs > 0 ? `it tolerates them for ${leftMs / 1000} s more` : 'it has devices that it does not tolerate'
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    context.event(Pod, pod, 'Normal', REASON, 'Marking for deletion')
    const isDrivenOff = await driveOff(context, pod, {
      at: isoTime(this.#view.clock),
      reason: 'DeletionByDeviceTaintManager',
      message: 'Device Taint manager: deleting due to NoExecute taint',
    })
    if (isDrivenOff) this.#count(-leftMs)
    this.#forget(key)
  }

  #timeOf(claim: Claim): number | undefined {
    return evictionTime(claim, (pool) => this.#slices.byIndex(BY_POOL, pool))
  }

  #podOf({ client, key }: ReconcileContext): Promise<CorePod | undefined> {
    const [namespace = '', name = ''] = key.split('/')
    return client
      .of(Pod)
      .get({ namespace, name })
      .catch((err) => {
        if (isNotFound(err)) return undefined
        throw err
      })
  }

  #forget(key: string): void {
    this.#leaving.delete(key)
  }

  #forgive(context: ReconcileContext, pod: CorePod): void {
    if (this.#leaving.delete(context.key)) context.event(Pod, pod, 'Normal', REASON, 'Cancelling deletion')
  }
}

/** A claim of its name may be another's. */
const uses = (pod: CorePod, claim: Claim): boolean =>
  podClaims(pod).some(
    ({ key, template }) =>
      key === `${claim.metadata?.namespace}/${claim.metadata?.name}` && !(template && whyNotForPod(pod, claim)),
  ) && isReservedFor(pod, claim)

export const deviceTaintEvictionController = controller('device-taint-eviction')
  .watches(ResourceClaim, (change) => [
    ...new Set([...usersOf(change.object), ...(change.type === 'updated' ? usersOf(change.previous) : [])]),
  ])
  .watches(ResourceSlice, (change, view) => {
    if (change.type === 'updated' && deepEqual(change.object.spec, change.previous.spec)) return []
    const pools = [...poolsOfSlice(change.object), ...(change.type === 'updated' ? poolsOfSlice(change.previous) : [])]
    return new Set(pools.flatMap((pool) => view.cache(ResourceClaim).byIndex(BY_POOL, pool).flatMap(usersOf)))
  })
  .concurrency(10)
  .reconcileWith((view) => new DeviceTaintEvictionReconciler(view))

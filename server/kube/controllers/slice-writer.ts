// Carries out a plan for the slices of one Service, and remembers what was written until the cache has heard of it:
// deciding by slices from before our own writes would make the same slice twice.

import type { EndpointSlice as Slice } from 'kubernetes-types/discovery/v1'
import type { Clock } from '../../base/clock.ts'
import { deepEqual } from '../apimachinery/deep.ts'
import { type KubeObject, keyOf } from '../apimachinery/object-meta.ts'
import { isNotFound } from '../apimachinery/status-error.ts'
import type { ClusterView } from '../client/controller-builder.ts'
import type { IndexedCache } from '../client/indexed-cache.ts'
import type { ReconcileContext } from '../client/reconcile-context.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { EndpointSlice } from '../kinds/endpoint-slice.ts'
import { withChangeTime } from './change-times.ts'
import { OwnWrites } from './own-writes.ts'
import { type EndpointGroup, planSlices } from './plan-slices.ts'
import { controllerReference, messageOf } from './pod-control.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const BY_SERVICE = 'service'

export const serviceKeyOf = ({ metadata }: Slice) => `${metadata?.namespace}/${metadata?.labels?.[SERVICE_NAME] ?? ''}`

export const isManagedBy = ({ metadata }: Slice, manager: string) => metadata?.labels?.[MANAGED_BY] === manager

export class SliceWriter {
  readonly #manager: string
  /** Endpoints in a slice. */
  readonly #most: number
  readonly #slices: IndexedCache<Slice>
  readonly #ownWrites: OwnWrites<Slice>

  constructor(view: ClusterView & { clock: Clock }, manager: string, most: number) {
    this.#manager = manager
    this.#most = most
    this.#slices = view.cache(EndpointSlice)
    this.#slices.addIndex(BY_SERVICE, (slice) => (isManagedBy(slice, manager) ? [serviceKeyOf(slice)] : []))
    this.#ownWrites = new OwnWrites(this.#slices, view.clock)
    view.onChange(EndpointSlice, ({ type, object }) => {
      if (type === 'deleted') this.#ownWrites.gone(serviceKeyOf(object), object)
    })
  }

  of(key: string): Slice[] {
    return this.#slices.byIndex(BY_SERVICE, key).filter(({ metadata }) => !metadata?.deletionTimestamp)
  }

  waitMs(key: string): number {
    return this.#ownWrites.waitMs(key)
  }

  forget(key: string): void {
    this.#ownWrites.forget(key)
  }

  async write(
    { client, key, report }: ReconcileContext,
    wanted: ReadonlyMap<string, EndpointGroup>,
    owner: {
      kind: AnyKind
      object: KubeObject
      labels: Record<string, string>
      annotations?: Record<string, string>
      changedAt?: string | undefined
    },
  ): Promise<void> {
    const { name = '', namespace = '', uid } = owner.object.metadata ?? {}
    const labels = { ...owner.labels, [SERVICE_NAME]: name, [MANAGED_BY]: this.#manager }
    const { annotations, changedAt } = owner
    const toldOn = (slice?: Slice) => ({
      labels,
      annotations: withChangeTime(annotations ?? slice?.metadata?.annotations, changedAt),
    })
    const isOutdated = ({ metadata }: Slice) =>
      !deepEqual(metadata?.labels, labels) ||
      (annotations !== undefined && !deepEqual(metadata?.annotations ?? {}, annotations))
    // Those of an owner that had this name before go with it.
    const { own = [], foreign = [] } = Object.groupBy(this.of(key), (slice) =>
      slice.metadata?.ownerReferences?.some((owner) => owner.uid === uid) ? 'own' : 'foreign',
    )
    const plan = planSlices(wanted, own, { most: this.#most, isOutdated })
    const slices = client.of(EndpointSlice)
    const whose = `EndpointSlice for ${owner.kind.kind} ${key}`
    for (const { group, endpoints } of plan.create) {
      const { addressType, ports } = group
      const ownerReferences = [controllerReference(owner.kind, owner.object)]
      const metadata = { generateName: `${name}-`, namespace, ...toldOn(), ownerReferences }
      const created = await saying(
        `failed to create ${whose}`,
        slices.create({ metadata, addressType, ports, endpoints }),
      )
      this.#ownWrites.wrote(key, created)
      report.did.push(`created ${created.metadata?.name} with ${endpoints.length} endpoints`)
    }
    for (const { slice, group, endpoints } of plan.update) {
      const metadata = { ...slice.metadata, ...toldOn(slice) }
      const update = slices.update({ ...slice, metadata, ports: group.ports, endpoints })
      const updated = await saying(`failed to update ${slice.metadata?.name} ${whose}`, update)
      this.#ownWrites.wrote(key, updated)
      report.did.push(`updated ${slice.metadata?.name}: ${endpoints.length} endpoints`)
    }
    for (const slice of [...plan.remove, ...foreign]) {
      const removed = this.#remove({ client, key, report }, slice)
      await saying(`failed to delete ${slice.metadata?.name} ${whose}`, removed)
    }
  }

  /** For a Service that is to have none. */
  async clear(context: ReconcileContext): Promise<void> {
    for (const slice of this.of(context.key)) await this.#remove(context, slice)
  }

  async #remove({ client, key, report }: Pick<ReconcileContext, 'client' | 'key' | 'report'>, slice: Slice) {
    const { namespace = '', name = '' } = slice.metadata ?? {}
    try {
      await client.of(EndpointSlice).delete({ namespace, name })
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
    if (this.#slices.get(keyOf(slice))) this.#ownWrites.deleted(key, slice)
    report.did.push(`deleted ${name}`)
  }
}

async function saying<T>(what: string, done: Promise<T>): Promise<T> {
  try {
    return await done
  } catch (cause) {
    throw new Error(`${what}: ${messageOf(cause)}`, { cause })
  }
}

// Keeps the EndpointSlices of each Service that has a selector: what kube-proxy and DNS go by.
// Upstream: kubernetes/pkg/controller/endpointslice, k8s.io/endpointslice.

import type { Node as CoreNode, Pod as CorePod, Service as CoreService } from 'kubernetes-types/core/v1'
import type { EndpointSlice as DiscoverySlice, Endpoint } from 'kubernetes-types/discovery/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfMap } from '../../apimachinery/label-selector.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { OwnWrites } from '../own-writes.ts'
import { controllerReference } from '../pod-control.ts'
import { isHeadless } from '../service-pods.ts'
import { type EndpointGroup, familiesOf, groupKey, groupsFor } from './endpoints-of-service.ts'
import { planSlices } from './plan-slices.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const MANAGER = 'endpointslice-controller.k8s.io'
const HEADLESS = 'service.kubernetes.io/headless'
const BY_SERVICE = 'service'

export const isOurs = (slice: DiscoverySlice) => slice.metadata?.labels?.[MANAGED_BY] === MANAGER

export class EndpointSliceReconciler implements Reconciler {
  readonly #services: Lister<CoreService>
  readonly #pods: Lister<CorePod>
  readonly #nodes: Lister<CoreNode>
  readonly #slices: IndexedCache<DiscoverySlice>
  readonly #ownWrites: OwnWrites<DiscoverySlice>

  constructor(view: ClusterView) {
    this.#services = view.cache(Service)
    this.#pods = view.cache(Pod)
    this.#nodes = view.cache(Node)
    this.#slices = view.cache(EndpointSlice)
    this.#slices.addIndex(BY_SERVICE, (slice) => (isOurs(slice) ? [serviceKeyOf(slice)] : []))
    this.#ownWrites = new OwnWrites(this.#slices, view.clock)
    view.onChange(EndpointSlice, ({ type, object }) => {
      if (type === 'deleted') this.#ownWrites.gone(serviceKeyOf(object), object)
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const service = this.#services.get(key)
    if (!service || service.metadata?.deletionTimestamp) return this.#ownWrites.forget(key) // the garbage collector has them
    const { selector } = service.spec ?? {}
    if (!selector || Object.keys(selector).length === 0 || service.spec?.type === 'ExternalName') return
    // Deciding by slices from before our own writes would make the same slice twice. Their news will wake us.
    if (!this.#ownWrites.allSeen(key)) return { requeueAfterMs: 1000 }
    const matching = selectorOfMap(selector)
    const pods = this.#pods
      .inNamespace(service.metadata?.namespace ?? '')
      .filter((pod) => matching.matches(pod.metadata?.labels))
    const existing = this.#slices.byIndex(BY_SERVICE, key)
    const wanted = groupsFor(service, pods, (name) => this.#nodes.get(name))
    // A Service without endpoints keeps one empty slice, so that readers can tell "none" from "not yet known".
    if (wanted.size === 0) {
      const [addressType = 'IPv4'] = familiesOf(service)
      wanted.set(groupKey(addressType, []), { addressType, ports: [], endpoints: [] })
    }
    report.sees(service, ...pods, ...existing)
    report.wanted = `${pods.length} ${pods.length === 1 ? 'Pod' : 'Pods'} in slices`
    report.seen = `${existing.reduce((sum, { endpoints }) => sum + endpoints.length, 0)} endpoints in ${existing.length} slices`
    await this.#write(context, service, wanted, existing)
  }

  async #write(
    context: ReconcileContext,
    service: CoreService,
    wanted: ReadonlyMap<string, EndpointGroup>,
    existing: readonly DiscoverySlice[],
  ): Promise<void> {
    const labels = labelsFor(service)
    const plan = planSlices(wanted, existing, (slice) => !deepEqual(slice.metadata?.labels, labels))
    const { client, key, report } = context
    const slices = client.of(EndpointSlice)
    for (const { group, endpoints } of plan.create) {
      const created = await slices.create(newSlice(service, group, endpoints, labels))
      this.#ownWrites.wrote(key, created)
      report.did.push(`created ${created.metadata?.name} with ${endpoints.length} endpoints`)
    }
    for (const { slice, endpoints } of plan.update) {
      const updated = await slices.update({ ...slice, metadata: { ...slice.metadata, labels }, endpoints })
      this.#ownWrites.wrote(key, updated)
      report.did.push(`updated ${slice.metadata?.name}: ${endpoints.length} endpoints`)
    }
    for (const slice of plan.remove) {
      const { namespace = '', name = '' } = slice.metadata ?? {}
      try {
        await slices.delete({ namespace, name })
      } catch (err) {
        if (!isNotFound(err)) throw err
      }
      if (this.#slices.get(keyOf(slice))) this.#ownWrites.deleted(key, slice)
      report.did.push(`deleted ${name}`)
    }
  }
}

export const serviceKeyOf = (slice: DiscoverySlice) =>
  `${slice.metadata?.namespace}/${slice.metadata?.labels?.[SERVICE_NAME] ?? ''}`

function labelsFor(service: CoreService): Record<string, string> {
  return {
    ...service.metadata?.labels,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata?.name ?? '',
    [MANAGED_BY]: MANAGER,
  }
}

function newSlice(
  service: CoreService,
  { addressType, ports }: EndpointGroup,
  endpoints: Endpoint[],
  labels: Record<string, string>,
): DiscoverySlice {
  const { name = '', namespace = '' } = service.metadata ?? {}
  return {
    metadata: { generateName: `${name}-`, namespace, labels, ownerReferences: [controllerReference(Service, service)] },
    addressType,
    ports,
    endpoints,
  }
}

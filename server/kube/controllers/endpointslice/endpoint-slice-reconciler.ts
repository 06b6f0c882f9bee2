// Keeps the EndpointSlices of each Service that has a selector: what kube-proxy and DNS go by.
// Upstream: kubernetes/pkg/controller/endpointslice, k8s.io/endpointslice.

import type { Node as CoreNode, Pod as CorePod, Service as CoreService } from 'kubernetes-types/core/v1'
import type { EndpointSlice as DiscoverySlice } from 'kubernetes-types/discovery/v1'
import { selectorOfMap } from '../../apimachinery/label-selector.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { ChangeTimes } from '../change-times.ts'
import { type AddressType, type EndpointGroup, groupKey } from '../plan-slices.ts'
import { isNamespaceTerminating, messageOf } from '../pod-control.ts'
import { familiesOf, mayBeEndpoint, serviceLabels } from '../service-pods.ts'
import { isManagedBy, SliceWriter } from '../slice-writer.ts'
import { asksForShares, ownHints, sharedZones, zoneShares } from './endpoint-hints.ts'
import { groupsFor } from './endpoints-of-service.ts'

const MANAGER = 'endpointslice-controller.k8s.io'
const MAX_ENDPOINTS = 100

export const isOurs = (slice: DiscoverySlice) => isManagedBy(slice, MANAGER)

export class EndpointSliceReconciler implements Reconciler {
  readonly #services: Lister<CoreService>
  readonly #pods: Lister<CorePod>
  readonly #nodes: Lister<CoreNode>
  readonly #slices: SliceWriter
  /** Services whose endpoints were shared out among zones in their last turn. */
  readonly #shared = new Set<string>()
  readonly #changes = new ChangeTimes()

  constructor(view: ClusterView) {
    this.#services = view.cache(Service)
    this.#pods = view.cache(Pod)
    this.#nodes = view.cache(Node)
    this.#slices = new SliceWriter(view, MANAGER, MAX_ENDPOINTS)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const service = this.#services.get(key)
    if (!service || service.metadata?.deletionTimestamp) {
      this.#shared.delete(key)
      this.#changes.forget(key)
      return this.#slices.forget(key) // the garbage collector has them
    }
    const { selector } = service.spec ?? {}
    if (!selector || Object.keys(selector).length === 0 || service.spec?.type === 'ExternalName') return
    // Their news will wake us.
    const waitMs = this.#slices.waitMs(key)
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    const matching = selectorOfMap(selector)
    const pods = this.#pods
      .inNamespace(service.metadata?.namespace ?? '')
      .filter((pod) => matching.matches(pod.metadata?.labels))
    const changedAt = this.#changes.since(service, pods)
    const existing = this.#slices.of(key)
    const lost = service.spec?.publishNotReadyAddresses ? [] : pods.filter((pod) => this.#isLost(pod))
    const found = pods.filter((pod) => !lost.includes(pod))
    const wanted = groupsFor(service, found, (name) => this.#nodes.get(name))
    for (const family of familiesOf(service)) {
      const groups = [...wanted.values()].filter(({ addressType }) => addressType === family)
      this.#hint(context, service, family, groups)
      // Without endpoints it keeps one empty slice, so that readers can tell "none" from "not yet known".
      if (groups.length === 0) wanted.set(groupKey(family, []), { addressType: family, ports: [], endpoints: [] })
    }
    report.sees(service, ...pods, ...existing)
    report.wanted = `${pods.length} ${pods.length === 1 ? 'Pod' : 'Pods'} in slices`
    report.seen = `${existing.reduce((sum, { endpoints = [] }) => sum + endpoints.length, 0)} endpoints in ${existing.length} slices`
    try {
      await this.#slices.write(context, wanted, {
        kind: Service,
        object: service,
        labels: serviceLabels(service),
        changedAt,
      })
      if (lost.length > 0) throw new Error(toldOf(lost, key))
    } catch (err) {
      if (isNamespaceTerminating(err instanceof Error ? err.cause : err)) return
      const message = `Error updating Endpoint Slices for Service ${key}: ${messageOf(err)}`
      context.event(Service, service, 'Warning', 'FailedToUpdateEndpointSlices', message)
      throw err
    }
  }

  /** On a node that is not there: whoever would reach it there would wait in vain. */
  #isLost(pod: CorePod): boolean {
    return mayBeEndpoint(pod) && !this.#nodes.get(pod.spec?.nodeName ?? '')
  }

  #hint(context: ReconcileContext, service: CoreService, family: AddressType, groups: readonly EndpointGroup[]): void {
    const { key } = context
    const endpoints = groups.flatMap((group) => group.endpoints)
    const tell = (type: 'Normal' | 'Warning', what: 'Enabled' | 'Disabled', message: string) =>
      context.event(Service, service, type, `TopologyAwareHints${what}`, `${message}, addressType: ${family}`)
    if (!asksForShares(service)) {
      if (this.#shared.delete(key)) tell('Warning', 'Disabled', 'Topology Aware Hints has been disabled')
      for (const endpoint of endpoints) {
        const hints = ownHints(service, endpoint)
        if (hints) Object.assign(endpoint, { hints })
      }
      return
    }
    const zones = sharedZones(endpoints, zoneShares(this.#nodes.list()))
    if (typeof zones === 'string') {
      this.#shared.delete(key)
      tell('Warning', 'Disabled', zones)
      return
    }
    for (const [endpoint, name] of zones) endpoint.hints = { forZones: [{ name }] }
    if (!this.#shared.has(key)) tell('Normal', 'Enabled', 'Topology Aware Hints has been enabled')
    this.#shared.add(key)
  }
}

function toldOf(lost: readonly CorePod[], key: string): string {
  const skipped = lost.map(
    ({ metadata, spec }) => `skipping Pod ${metadata?.name} for Service ${key}: Node ${spec?.nodeName ?? ''} Not Found`,
  )
  return skipped.length === 1 ? String(skipped) : `[${skipped.join(', ')}]`
}

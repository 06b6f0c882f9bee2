import type { Endpoints as WireEndpoints, Service as WireService } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { Endpoints } from '../../kinds/endpoints.ts'
import { Service } from '../../kinds/service.ts'
import { isManagedBy, SliceWriter, serviceKeyOf } from '../slice-writer.ts'
import { MAX_PER_SUBSET, mirroredGroups } from './mirrored-groups.ts'

const MANAGER = 'endpointslicemirroring-controller.k8s.io'
const SKIP = 'endpointslice.kubernetes.io/skip-mirror'
/** Of those that were locks once. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader'
const NOT_COPIED = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'endpoints.kubernetes.io/last-change-trigger-time',
]

/**
 * Endpoints that somebody wrote by hand, for a Service without a selector, as the slices that everybody reads.
 * Upstream: kubernetes/pkg/controller/endpointslicemirroring.
 */
class EndpointsMirror implements Reconciler {
  readonly #services: Lister<WireService>
  readonly #endpoints: Lister<WireEndpoints>
  readonly #slices: SliceWriter

  constructor(view: ClusterView) {
    this.#services = view.cache(Service)
    this.#endpoints = view.cache(Endpoints)
    this.#slices = new SliceWriter(view, MANAGER, MAX_PER_SUBSET)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const endpoints = this.#endpoints.get(key)
    const service = this.#services.get(key)
    const waitMs = this.#slices.waitMs(key)
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    if (!endpoints || !service || !isMirrored(endpoints) || hasSelector(service)) {
      report.seen = 'nothing to mirror'
      await this.#slices.clear(context)
      return this.#slices.forget(key)
    }
    report.sees(endpoints, service)
    const { groups, invalid, excess } = mirroredGroups(endpoints.subsets ?? [])
    report.wanted = `${groups.size} kinds of slices`
    const warn = (reason: string, message: string) => context.event(Endpoints, endpoints, 'Warning', reason, message)
    if (invalid > 0) {
      warn('InvalidIPAddress', `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`)
    }
    if (excess > 0) {
      warn(
        'TooManyAddressesToMirror',
        `A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. ${invalid + excess} addresses were skipped`,
      )
    }
    const annotations = Object.entries(endpoints.metadata?.annotations ?? {}).filter(
      ([name]) => !NOT_COPIED.includes(name),
    )
    await this.#slices.write(context, groups, {
      kind: Endpoints,
      object: endpoints,
      labels: endpoints.metadata?.labels ?? {},
      annotations: Object.fromEntries(annotations),
    })
  }
}

const isMirrored = ({ metadata }: WireEndpoints) =>
  !metadata?.deletionTimestamp && metadata?.labels?.[SKIP] !== 'true' && metadata?.annotations?.[LEADER] === undefined

const hasSelector = ({ spec }: WireService) => Object.keys(spec?.selector ?? {}).length > 0

export const endpointSliceMirroringController = controller('endpointslicemirroring')
  .queueNamed('endpoint_slice_mirroring')
  .eventsFrom('endpoint-slice-mirroring-controller')
  .for(Endpoints)
  .watches(Service, ({ object }) => [keyOf(object)])
  .watches(EndpointSlice, ({ object }) => (isManagedBy(object, MANAGER) ? [serviceKeyOf(object)] : []))
  .reconcileWith((view) => new EndpointsMirror(view))

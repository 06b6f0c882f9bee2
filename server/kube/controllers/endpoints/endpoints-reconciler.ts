// Keeps the Endpoints object of each Service that has a selector.
// Upstream: kubernetes/pkg/controller/endpoint/endpoints_controller.go.

import type { Endpoints as CoreEndpoints, Pod as CorePod, Service as CoreService } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfMap } from '../../apimachinery/label-selector.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { Endpoints } from '../../kinds/endpoints.ts'
import { Pod } from '../../kinds/pod.ts'
import { Service } from '../../kinds/service.ts'
import { ChangeTimes, withChangeTime } from '../change-times.ts'
import { isNamespaceTerminating, messageOf } from '../pod-control.ts'
import { isHeadless } from '../service-pods.ts'
import { subsetsFor } from './subsets.ts'

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const HEADLESS = 'service.kubernetes.io/headless'
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'

export class EndpointsReconciler implements Reconciler {
  readonly #services: Lister<CoreService>
  readonly #pods: Lister<CorePod>
  readonly #endpoints: Lister<CoreEndpoints>
  readonly #changes = new ChangeTimes()

  constructor(view: ClusterView) {
    this.#services = view.cache(Service)
    this.#pods = view.cache(Pod)
    this.#endpoints = view.cache(Endpoints)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { key, report } = context
    const service = this.#services.get(key)
    const current = this.#endpoints.get(key)
    if (!service) {
      this.#changes.forget(key)
      return this.#deleteOurs(context, current)
    }
    const { selector } = service.spec ?? {}
    if (!selector || Object.keys(selector).length === 0) return // somebody else writes these
    const matching = selectorOfMap(selector)
    const pods = this.#pods
      .inNamespace(service.metadata?.namespace ?? '')
      .filter((pod) => matching.matches(pod.metadata?.labels))
    const changedAt = this.#changes.since(service, pods)
    const { subsets, truncated } = subsetsFor(service, pods)
    report.sees(service, ...pods)
    report.wanted = `addresses of ${pods.length} ${pods.length === 1 ? 'Pod' : 'Pods'}`
    report.seen = current ? `${addressCount(current)} addresses` : 'no Endpoints'

    const labels = {
      ...service.metadata?.labels,
      ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
      [MANAGED_BY]: 'endpoint-controller',
    }
    const { [OVER_CAPACITY]: _, ...annotations } = withChangeTime(current?.metadata?.annotations, undefined)
    if (truncated) Object.assign(annotations, { [OVER_CAPACITY]: 'truncated' })
    if (
      current &&
      deepEqual(current.subsets ?? [], subsets) &&
      deepEqual(current.metadata?.labels, labels) &&
      deepEqual(withChangeTime(current.metadata?.annotations, undefined), annotations)
    )
      return
    const { namespace = '', name = '' } = service.metadata ?? {}
    const next: CoreEndpoints = {
      ...current,
      metadata: {
        ...(current?.metadata ?? { namespace, name }),
        labels,
        annotations: withChangeTime(annotations, changedAt),
      },
      subsets,
    }
    const client = context.client.of(Endpoints)
    let written: CoreEndpoints
    try {
      written = current ? await client.update(next) : await client.create(next)
    } catch (err) {
      const [verb, reason] = current
        ? (['update', 'FailedToUpdateEndpoint'] as const)
        : (['create', 'FailedToCreateEndpoint'] as const)
      const message = `Failed to ${verb} endpoint ${key}: ${messageOf(err)}`
      if (!isNamespaceTerminating(err)) context.event(Endpoints, next, 'Warning', reason, message)
      throw err
    }
    report.did.push(`wrote ${addressCount(written)} addresses`)
  }

  async #deleteOurs({ client, report }: ReconcileContext, current: CoreEndpoints | undefined): Promise<void> {
    // Those that somebody made by hand for a Service without selector go with their maker.
    if (current?.metadata?.labels?.[MANAGED_BY] !== 'endpoint-controller') return
    try {
      const { namespace = '', name = '' } = current.metadata
      await client.of(Endpoints).delete({ namespace, name })
      report.did.push('deleted the Endpoints of a Service that is gone')
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }
}

const addressCount = ({ subsets }: CoreEndpoints) =>
  (subsets ?? []).reduce((sum, subset) => sum + (subset.addresses?.length ?? 0), 0)

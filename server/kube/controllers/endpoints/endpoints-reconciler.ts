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
import { serviceLabels } from '../service-pods.ts'
import { subsetsFor } from './subsets.ts'

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
/** Of those that were locks once. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader'
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
      return this.#deleteAlong(context, current)
    }
    const { selector } = service.spec ?? {}
    // Somebody else writes these, or nobody.
    if (!selector || Object.keys(selector).length === 0 || service.spec?.type === 'ExternalName') return
    const matching = selectorOfMap(selector)
    const pods = this.#pods
      .inNamespace(service.metadata?.namespace ?? '')
      .filter((pod) => matching.matches(pod.metadata?.labels))
    const changedAt = this.#changes.since(service, pods)
    const { subsets, truncated } = subsetsFor(service, pods)
    report.sees(service, ...pods)
    report.wanted = `addresses of ${pods.length} ${pods.length === 1 ? 'Pod' : 'Pods'}`
    report.seen = current ? `${addressCount(current)} addresses` : 'no Endpoints'

    const labels = { ...serviceLabels(service), [MANAGED_BY]: 'endpoint-controller' }
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
      if (isNamespaceTerminating(err)) return
      const [verb, reason] = current
        ? (['update endpoint', 'FailedToUpdateEndpoint'] as const)
        : (['create endpoint for service', 'FailedToCreateEndpoint'] as const)
      context.event(Endpoints, next, 'Warning', reason, `Failed to ${verb} ${key}: ${messageOf(err)}`)
      throw err
    }
    report.did.push(`wrote ${addressCount(written)} addresses`)
  }

  /** Also those that somebody made by hand for it. */
  async #deleteAlong({ client, report }: ReconcileContext, current: CoreEndpoints | undefined): Promise<void> {
    const { namespace = '', name = '', annotations = {} } = current?.metadata ?? {}
    if (!current || LEADER in annotations) return
    // At the start the cache of Services may be older than that of Endpoints.
    const isThere = await client.of(Service).get({ namespace, name }).then(Boolean, no(isNotFound))
    if (isThere) return
    await client.of(Endpoints).delete({ namespace, name }).catch(no(isNotFound))
    report.did.push('deleted the Endpoints of a Service that is gone')
  }
}

const no = (isExpected: (err: unknown) => boolean) => (err: unknown) => {
  if (!isExpected(err)) throw err
  return false
}

const addressCount = ({ subsets }: CoreEndpoints) =>
  (subsets ?? []).reduce((sum, subset) => sum + (subset.addresses?.length ?? 0), 0)

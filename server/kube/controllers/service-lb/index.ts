import type { Service as CoreService } from 'kubernetes-types/core/v1'
import { addressOf, holdsAddress, numberOf, parseCidr } from '../../apimachinery/ip-rules.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Service } from '../../kinds/service.ts'

const RETRY_FULL_MS = 10_000

/**
 * The cloud's part of a Service of type LoadBalancer: an address of the network that the machines are on. One of the
 * machines answers to it (network/load-balancer-addresses.ts). Upstream: k8s.io/cloud-provider/controllers/service.
 */
class ServiceLbReconciler implements Reconciler {
  readonly #services: Lister<CoreService>
  readonly #range: string
  /** Given out and not yet in the cache, by Service. */
  readonly #given = new Map<string, string>()

  constructor(view: ClusterView, range: string) {
    this.#services = view.cache(Service)
    this.#range = range
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const service = this.#services.get(key)
    if (!service || service.metadata?.deletionTimestamp) return void this.#given.delete(key)
    const { spec, status } = service
    // Somebody else's, by its class.
    if (spec?.loadBalancerClass) return
    report.sees(service)
    const [ingress] = status?.loadBalancer?.ingress ?? []
    if (spec?.type !== 'LoadBalancer') {
      this.#given.delete(key)
      if (ingress) await this.#takeBack(context, service)
      return
    }
    report.wanted = 'an address of the network'
    if (ingress?.ip && holdsAddress(this.#range, ingress.ip)) return void this.#given.delete(key)
    return this.#give(context, service)
  }

  async #give(context: ReconcileContext, service: CoreService): Promise<Result> {
    const { key, client, report, event } = context
    event(Service, service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
    const address = this.#given.get(key) ?? this.#free(service)
    if (!address) {
      const asked = service.spec?.loadBalancerIP
      const why = asked ? `${asked} is not free in ${this.#range}` : `all addresses of ${this.#range} are given out`
      const message = `Error syncing load balancer: failed to ensure load balancer: ${why}`
      event(Service, service, 'Warning', 'SyncLoadBalancerFailed', message)
      report.seen = why
      return { requeueAfterMs: RETRY_FULL_MS }
    }
    this.#given.set(key, address)
    await this.#say(client, service, [{ ip: address, ipMode: 'VIP' }])
    report.did.push(`gave ${address}`)
    event(Service, service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
  }

  async #takeBack({ client, report, event }: ReconcileContext, service: CoreService): Promise<void> {
    event(Service, service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer')
    await this.#say(client, service, null)
    report.did.push('took the address back')
    event(Service, service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer')
  }

  #free({ metadata, spec }: CoreService): string | undefined {
    const taken = new Set(this.#given.values())
    for (const other of this.#services.list()) {
      if (other.metadata?.uid === metadata?.uid) continue
      for (const { ip } of other.status?.loadBalancer?.ingress ?? []) if (ip) taken.add(ip)
    }
    const asked = spec?.loadBalancerIP
    if (asked) return holdsAddress(this.#range, asked) && !taken.has(asked) ? asked : undefined
    return addressesIn(this.#range).find((address) => !taken.has(address))
  }

  async #say(client: ReconcileContext['client'], { metadata }: CoreService, ingress: object[] | null): Promise<void> {
    const { name = '', namespace = '', uid } = metadata ?? {}
    const patch = { metadata: { uid }, status: { loadBalancer: { ingress } } } as KubeObject
    await client
      .of(Service)
      .patch({ name, namespace }, 'application/merge-patch+json', patch, { subresource: 'status' })
  }
}

function addressesIn(range: string): string[] {
  const { family, address, bits } = parseCidr(range)!
  const first = numberOf(address)
  return Array.from({ length: 2 ** (32 - bits) }, (_, at) => addressOf(family, first + BigInt(at)))
}

/** `range`: a part of the machines' network that nobody else gives addresses out of. */
export const serviceLbController = (range: string) =>
  controller('service-lb')
    .actsAs('service-controller')
    .eventsFrom('service-controller')
    .for(Service)
    // Two at once could give the same address to two Services.
    .concurrency(1)
    .reconcileWith((view) => new ServiceLbReconciler(view, range))

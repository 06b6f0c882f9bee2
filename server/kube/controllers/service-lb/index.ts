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
  readonly #secondOf: ((address: string) => string) | undefined
  /** Given out and not yet in the cache, by Service; of IPv4, by which that of IPv6 is known. */
  readonly #given = new Map<string, string>()

  constructor(view: ClusterView, { range, secondOf }: LoadBalancerAddresses) {
    this.#services = view.cache(Service)
    this.#range = range
    this.#secondOf = secondOf
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const service = this.#services.get(key)
    if (!service || service.metadata?.deletionTimestamp) return void this.#given.delete(key)
    const { spec, status } = service
    // Somebody else's, by its class.
    if (spec?.loadBalancerClass) return
    report.sees(service)
    const ingress = status?.loadBalancer?.ingress ?? []
    if (spec?.type !== 'LoadBalancer') {
      this.#given.delete(key)
      if (ingress.length > 0) await this.#takeBack(context, service)
      return
    }
    report.wanted = 'an address of the network'
    const has = addressesIn(this.#range).find((address) =>
      ingress.some(({ ip }) => ip && this.#both(address).includes(ip)),
    )
    const wanted = has && this.#inFamilies(service, has)
    if (wanted && ingress.map(({ ip }) => ip).join() === wanted.join()) return void this.#given.delete(key)
    return this.#give(context, service, has)
  }

  async #give(context: ReconcileContext, service: CoreService, has: string | undefined): Promise<Result> {
    const { key, client, report, event } = context
    event(Service, service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
    const address = this.#given.get(key) ?? has ?? this.#free(service)
    if (!address) {
      const asked = service.spec?.loadBalancerIP
      const why = asked ? `${asked} is not free in ${this.#range}` : `all addresses of ${this.#range} are given out`
      const message = `Error syncing load balancer: failed to ensure load balancer: ${why}`
      event(Service, service, 'Warning', 'SyncLoadBalancerFailed', message)
      report.seen = why
      return { requeueAfterMs: RETRY_FULL_MS }
    }
    this.#given.set(key, address)
    const addresses = this.#inFamilies(service, address)
    const ingress = addresses.map((ip) => ({ ip, ipMode: 'VIP' }))
    await this.#say(client, service, ingress)
    report.did.push(`gave ${addresses.join(' and ')}`)
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
    const isFree = (address: string) => this.#both(address).every((one) => !taken.has(one))
    if (asked) return holdsAddress(this.#range, asked) && isFree(asked) ? asked : undefined
    return addressesIn(this.#range).find(isFree)
  }

  #both(address: string): string[] {
    return [address, ...(this.#secondOf ? [this.#secondOf(address)] : [])]
  }

  /** In the order of the Service's families. */
  #inFamilies({ spec }: CoreService, address: string): string[] {
    const families = spec?.ipFamilies ?? ['IPv4']
    return families.map((family) => (family === 'IPv6' && this.#secondOf ? this.#secondOf(address) : address))
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

export interface LoadBalancerAddresses {
  /** A part of the machines' network that nobody else gives addresses out of. */
  range: string
  /** The address of IPv6 that goes with one of IPv4, where the cluster has both. */
  secondOf?: (address: string) => string
}

export const serviceLbController = (addresses: LoadBalancerAddresses) =>
  controller('service-lb')
    .actsAs('service-controller')
    .eventsFrom('service-controller')
    .for(Service)
    // Two at once could give the same address to two Services.
    .concurrency(1)
    .reconcileWith((view) => new ServiceLbReconciler(view, addresses))

import type { Node as CoreNode, Service as CoreService } from 'kubernetes-types/core/v1'
import { type KubeObject, keyOf } from '../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../client/controller-builder.ts'
import type { IndexedCache } from '../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../client/reconcile-context.ts'
import { Node, Service } from '../kinds/index.ts'
import { haproxyConfig } from './haproxy-config.ts'
import { type Balanced, familiesOf, familyOf, listenersOf } from './listeners.ts'

export interface HaproxyOptions {
  /** Takes a configuration and says whether it is another one. */
  use(config: string): Promise<boolean>
  /** By which HAProxy is reached: one, or one of each family. */
  addresses: readonly string[]
  /** Services name it as `loadBalancerClass`. */
  className: string
}

/** There is one HAProxy for all Services, and so one key. */
const HAPROXY = 'haproxy'

/**
 * The cloud's part where the cloud is an HAProxy in front of the nodes. Clients connect to it, and it connects to nodes
 * (`ipMode: Proxy`): kube-proxy has nothing to do with its address.
 */
class HaproxyReconciler implements Reconciler {
  readonly #options: HaproxyOptions
  readonly #services: IndexedCache<CoreService>
  readonly #nodes: IndexedCache<CoreNode>
  /** What was said of each Service last, so that it is said once. */
  readonly #told = new Map<string, string>()

  constructor(view: ClusterView, options: HaproxyOptions) {
    this.#options = options
    this.#services = view.cache(Service)
    this.#nodes = view.cache(Node)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { report } = context
    const { listeners, services } = listenersOf(this.#services.list(), this.#nodes.list(), this.#options.className)
    report.wanted = `${listeners.length} ports of ${services.length} Services`
    if (await this.#options.use(haproxyConfig(listeners))) report.did.push('HAProxy reads its configuration')
    for (const one of services) await this.#tell(context, one)
    const ours = new Set(services.map(({ service }) => keyOf(service)))
    for (const key of this.#told.keys()) {
      if (ours.has(key)) continue
      this.#told.delete(key)
      const service = this.#services.get(key)
      if (service?.status?.loadBalancer?.ingress?.some(({ ip = '' }) => this.#options.addresses.includes(ip))) {
        await this.#say(context, service, null)
      }
    }
  }

  async #tell(context: ReconcileContext, { service, problems }: Balanced): Promise<void> {
    const said = JSON.stringify([service.metadata?.generation, problems])
    if (this.#told.get(keyOf(service)) !== said) {
      this.#told.set(keyOf(service), said)
      for (const problem of problems) context.event(Service, service, 'Warning', 'SyncLoadBalancerFailed', problem)
    }
    const families = familiesOf(service)
    const addresses = this.#options.addresses.filter((address) => families.includes(familyOf(address)))
    const published = (service.status?.loadBalancer?.ingress ?? []).map(({ ip, ipMode }) => `${ip} ${ipMode}`)
    if (published.join() === addresses.map((ip) => `${ip} Proxy`).join()) return
    const ingress = addresses.map((ip) => ({ ip, ipMode: 'Proxy' }))
    await this.#say(context, service, ingress)
    context.event(Service, service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
    context.report.did.push(`published ${addresses.join(' and ')} for ${keyOf(service)}`)
  }

  async #say({ client }: ReconcileContext, { metadata }: CoreService, ingress: object[] | null): Promise<void> {
    const { name = '', namespace = '', uid } = metadata ?? {}
    const patch = { metadata: { uid }, status: { loadBalancer: { ingress } } } as KubeObject
    await client
      .of(Service)
      .patch({ name, namespace }, 'application/merge-patch+json', patch, { subresource: 'status' })
  }
}

export const haproxyController = (options: HaproxyOptions) =>
  controller('haproxy')
    .concurrency(1)
    .eventsFrom('haproxy-controller')
    .startsWith(HAPROXY)
    .watches(Service, () => [HAPROXY])
    .watches(Node, () => [HAPROXY])
    .reconcileWith((view) => new HaproxyReconciler(view, options))

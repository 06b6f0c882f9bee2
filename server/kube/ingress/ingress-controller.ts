import type { Secret as CoreSecret, Service as CoreService } from 'kubernetes-types/core/v1'
import type { EndpointSlice as Slice } from 'kubernetes-types/discovery/v1'
import type {
  Ingress as NetworkingIngress,
  IngressClass as NetworkingIngressClass,
} from 'kubernetes-types/networking/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { keyOf } from '../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../client/controller-builder.ts'
import type { IndexedCache } from '../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../client/reconcile-context.ts'
import { EndpointSlice, Ingress, IngressClass, Secret, Service } from '../kinds/index.ts'
import { addressesOf } from './addresses.ts'
import type { Door } from './door.ts'
import { ingressSites } from './ingress-sites.ts'

export interface DoorOptions {
  door: Door
  /** The Service by which the door is reached, `ingress-nginx/ingress-nginx-controller`: its addresses are told to everybody. */
  publishService: string
}

/** There is one door for all Ingresses, and so one key. */
const DOOR = 'ingresses'
const SERVICE_NAME = 'kubernetes.io/service-name'

export const slicesByService = (slices: readonly Slice[]): Map<string, Slice[]> =>
  Map.groupBy(slices, ({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.[SERVICE_NAME]}`)

/** Keeps the door in step with the cluster. Upstream: kubernetes/ingress-nginx, internal/ingress/controller. */
class IngressReconciler implements Reconciler {
  readonly #options: DoorOptions
  readonly #ingresses: IndexedCache<NetworkingIngress>
  readonly #classes: IndexedCache<NetworkingIngressClass>
  readonly #services: IndexedCache<CoreService>
  readonly #slices: IndexedCache<Slice>
  readonly #secrets: IndexedCache<CoreSecret>
  /** What was said of each Ingress last, so that it is said once. */
  readonly #told = new Map<string, string>()

  constructor(view: ClusterView, options: DoorOptions) {
    this.#options = options
    this.#ingresses = view.cache(Ingress)
    this.#classes = view.cache(IngressClass)
    this.#services = view.cache(Service)
    this.#slices = view.cache(EndpointSlice)
    this.#secrets = view.cache(Secret)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const { report } = context
    const slices = slicesByService(this.#slices.list())
    const { sites, ours } = ingressSites({
      ingresses: this.#ingresses.list(),
      classes: this.#classes.list(),
      service: (key) => this.#services.get(key),
      slicesOf: (key) => slices.get(key) ?? [],
      secret: (key) => this.#secrets.get(key),
    })
    report.wanted = `${sites.length} sites of ${ours.length} Ingresses`
    if (await this.#options.door.ingress(sites)) report.did.push('nginx reads its configuration')
    const published = addressesOf(this.#services.get(this.#options.publishService)).map((ip) => ({ ip }))
    for (const one of ours) await this.#tell(context, one, published)
    const known = new Set(ours.map(({ ingress }) => keyOf(ingress)))
    for (const key of this.#told.keys()) if (!known.has(key)) this.#told.delete(key)
  }

  async #tell(
    context: ReconcileContext,
    { ingress, problems }: { ingress: NetworkingIngress; problems: string[] },
    published: { ip: string }[],
  ): Promise<void> {
    const said = JSON.stringify([ingress.metadata?.generation, problems])
    if (this.#told.get(keyOf(ingress)) !== said) {
      this.#told.set(keyOf(ingress), said)
      context.event(Ingress, ingress, 'Normal', 'Sync', 'Scheduled for sync')
      for (const problem of problems) context.event(Ingress, ingress, 'Warning', 'Rejected', problem)
    }
    if (deepEqual(ingress.status?.loadBalancer?.ingress ?? [], published)) return
    const status = { ...ingress.status, loadBalancer: { ingress: published } }
    await context.client.of(Ingress).updateStatus({ ...ingress, status })
    context.report.did.push(`published ${published.map(({ ip }) => ip).join(', ')} for ${keyOf(ingress)}`)
  }
}

export const ingressController = (options: DoorOptions) =>
  controller('ingress')
    .concurrency(1)
    .eventsFrom('nginx-ingress-controller')
    .startsWith(DOOR)
    .watches(Ingress, () => [DOOR])
    .watches(IngressClass, () => [DOOR])
    .watches(Service, () => [DOOR])
    .watches(EndpointSlice, () => [DOOR])
    .watches(Secret, ({ object }) => (object.type === 'kubernetes.io/tls' ? [DOOR] : []))
    .reconcileWith((view) => new IngressReconciler(view, options))

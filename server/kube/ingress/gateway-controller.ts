import type { Namespace as CoreNamespace, Secret as CoreSecret, Service as CoreService } from 'kubernetes-types/core/v1'
import type { EndpointSlice as Slice } from 'kubernetes-types/discovery/v1'
import { isoTime } from '../../base/clock.ts'
import { deepEqual } from '../apimachinery/deep.ts'
import { type KubeObject, keyOf } from '../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../client/controller-builder.ts'
import type { IndexedCache } from '../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../client/reconcile-context.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { EndpointSlice, Namespace, Secret, Service } from '../kinds/index.ts'
import { addressesOf } from './addresses.ts'
import {
  type Condition,
  Gateway,
  GatewayClass,
  type GatewayClassObject,
  type GatewayObject,
  HttpRoute,
  type HttpRouteObject,
  ReferenceGrant,
  type ReferenceGrantObject,
} from './gateway-kinds.ts'
import type { Verdict } from './gateway-listeners.ts'
import { GATEWAY_CONTROLLER, type GatewaySites, gatewaySites } from './gateway-sites.ts'
import { type DoorOptions, slicesByService } from './ingress-controller.ts'

const DOOR = 'gateways'
const SUPPORTED = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }]

/** Keeps the door in step with Gateways and their routes, and tells each what became of it. */
class GatewayReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #options: DoorOptions
  readonly #classes: IndexedCache<GatewayClassObject>
  readonly #gateways: IndexedCache<GatewayObject>
  readonly #routes: IndexedCache<HttpRouteObject>
  readonly #grants: IndexedCache<ReferenceGrantObject>
  readonly #namespaces: IndexedCache<CoreNamespace>
  readonly #services: IndexedCache<CoreService>
  readonly #slices: IndexedCache<Slice>
  readonly #secrets: IndexedCache<CoreSecret>

  constructor(view: ClusterView, options: DoorOptions) {
    this.#view = view
    this.#options = options
    this.#classes = view.cache(GatewayClass)
    this.#gateways = view.cache(Gateway)
    this.#routes = view.cache(HttpRoute)
    this.#grants = view.cache(ReferenceGrant)
    this.#namespaces = view.cache(Namespace)
    this.#services = view.cache(Service)
    this.#slices = view.cache(EndpointSlice)
    this.#secrets = view.cache(Secret)
  }

  async reconcile(context: ReconcileContext): Promise<void> {
    const slices = slicesByService(this.#slices.list())
    const read = gatewaySites({
      classes: this.#classes.list(),
      gateways: this.#gateways.list(),
      routes: this.#routes.list(),
      grants: this.#grants.list(),
      labelsOfNamespace: (name) => this.#namespaces.get(name)?.metadata?.labels ?? {},
      service: (key) => this.#services.get(key),
      slicesOf: (key) => slices.get(key) ?? [],
      secret: (key) => this.#secrets.get(key),
    })
    context.report.wanted = `${read.routes.length} routes of ${read.gateways.length} Gateways`
    if (await this.#options.door.gateway(read.sites)) context.report.did.push('nginx reads its configuration')
    await this.#tellGateways(context, read)
    await this.#tellRoutes(context, read)
  }

  async #tellGateways(context: ReconcileContext, { classes, gateways }: GatewaySites): Promise<void> {
    for (const { object, verdicts } of classes) {
      const conditions = this.#conditions(object, object.status?.conditions, verdicts)
      await tell(context, GatewayClass, object, { conditions })
    }
    const published = addressesOf(this.#services.get(this.#options.publishService))
    for (const { object, verdicts, listeners } of gateways) {
      await tell(context, Gateway, object, {
        addresses: published.map((value) => ({ type: 'IPAddress', value })),
        conditions: this.#conditions(object, object.status?.conditions, verdicts),
        listeners: listeners.map(({ listener: { name }, verdicts, attached, takesRoutes }) => ({
          name,
          supportedKinds: takesRoutes ? SUPPORTED : [],
          attachedRoutes: attached.length,
          conditions: this.#conditions(
            object,
            object.status?.listeners?.find((one) => one.name === name)?.conditions,
            verdicts,
          ),
        })),
      })
    }
  }

  async #tellRoutes(context: ReconcileContext, { routes }: GatewaySites): Promise<void> {
    const told = new Map(routes.map(({ object, parents }) => [keyOf(object), parents]))
    for (const object of this.#routes.list()) {
      const before = object.status?.parents ?? []
      // What other controllers say of their parents is theirs.
      const others = before.filter(({ controllerName }) => controllerName !== GATEWAY_CONTROLLER)
      const ours = (told.get(keyOf(object)) ?? []).map(({ parentRef, verdicts }) => ({
        parentRef,
        controllerName: GATEWAY_CONTROLLER,
        conditions: this.#conditions(
          object,
          before.find((one) => deepEqual(one.parentRef, parentRef))?.conditions,
          verdicts,
        ),
      }))
      if (before.length + ours.length > 0) await tell(context, HttpRoute, object, { parents: [...others, ...ours] })
    }
  }

  #conditions(object: KubeObject, before: readonly Condition[] = [], verdicts: readonly Verdict[]): Condition[] {
    return verdicts.map((verdict) => {
      const known = before.find(({ type }) => type === verdict.type)
      const since = known?.status === verdict.status ? known.lastTransitionTime : isoTime(this.#view.clock)
      return { ...verdict, observedGeneration: object.metadata?.generation ?? 0, lastTransitionTime: since }
    })
  }
}

async function tell<T extends KubeObject & { status?: object }>(
  { client, report }: ReconcileContext,
  kind: Kind<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<void> {
  if (deepEqual(object.status ?? {}, status)) return
  await client.of(kind).updateStatus({ ...object, status })
  report.did.push(`told ${kind.kind} ${keyOf(object)} what became of it`)
}

/** Works once the kinds are there: `images/terminal/gateway-api.yaml`. */
export const gatewayController = (options: DoorOptions) =>
  controller('gateway')
    .concurrency(1)
    .startsWith(DOOR)
    .watches(GatewayClass, () => [DOOR])
    .watches(Gateway, () => [DOOR])
    .watches(HttpRoute, () => [DOOR])
    .watches(ReferenceGrant, () => [DOOR])
    .watches(Namespace, () => [DOOR])
    .watches(Service, () => [DOOR])
    .watches(EndpointSlice, () => [DOOR])
    .watches(Secret, ({ object }) => (object.type === 'kubernetes.io/tls' ? [DOOR] : []))
    .reconcileWith((view) => new GatewayReconciler(view, options))

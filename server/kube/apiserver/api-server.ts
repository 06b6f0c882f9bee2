// The API server put together: caches over the store, a registry per kind, the request path, two fronts.

import type { Node as CoreNode, Pod as CorePod, Secret } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import type { Trace } from '../../base/trace.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import { createClient } from '../client/client.ts'
import type { Transport } from '../client/transport.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { IPAddress, Node, Service, ServiceCIDR } from '../kinds/index.ts'
import { emptyStatusOf } from '../schemas/empty-fields.ts'
import type { Schemas } from '../schemas/schemas.ts'
import type { Store } from '../store/store.ts'
import { Admission } from './admission/admission.ts'
import { AdmissionMetrics } from './admission/admission-metrics.ts'
import { admissionPlugins } from './admission/index.ts'
import { typeCheckLoop } from './admission/policies/type-check-loop.ts'
import { admissionReader } from './admission/reader.ts'
import { type AdmissionSettings, USUAL_ADMISSION } from './admission/settings.ts'
import { Aggregation } from './aggregation/aggregated-request.ts'
import { apiServiceLoop } from './aggregation/api-service-loop.ts'
import { definitionLoop, serveCustomResources } from './apiextensions/index.ts'
import { webhookConverter } from './apiextensions/webhook-converter.ts'
import { type AuditOptions, Auditor } from './audit/auditor.ts'
import {
  type AuthenticationSettings,
  NO_FLAGS,
  noteLegacyTokenUse,
  openAuthentication,
  ServiceAccountTokens,
} from './authentication/index.ts'
import { ensureDefaultPolicy } from './authorization/default-policy/reconcile.ts'
import { type AuthorizationSettings, NODE_AND_RBAC, openAuthorization } from './authorization/index.ts'
import { startCompactor } from './compactor.ts'
import { type ConfigurationFile, WatchedFile } from './configuration/watched-file.ts'
import { ApiResources } from './endpoints/api-resources.ts'
import { BINDINGS } from './endpoints/bind-pod.ts'
import { COMPONENT_STATUSES, type ComponentProblems, LOCAL_COMPONENTS } from './endpoints/component-status.ts'
import type { Endpoints } from './endpoints/endpoints.ts'
import { FieldManagers } from './endpoints/field-managers.ts'
import { type Flags, flagsOf } from './endpoints/flagz.ts'
import { HealthSlis } from './endpoints/health-slis.ts'
import { kubeletOf } from './endpoints/kubelet-address.ts'
import { LoopsElsewhere } from './endpoints/loops-elsewhere.ts'
import { REVIEWS } from './endpoints/reviews.ts'
import { route } from './endpoints/route.ts'
import { ServedDocuments } from './endpoints/served-documents.ts'
import { serviceLocation } from './endpoints/service-location.ts'
import { Statusz } from './endpoints/statusz.ts'
import { WatchBudget } from './endpoints/watch-budget.ts'
import { danglingLoop } from './flow-control/dangling-loop.ts'
import { openFlowControl } from './flow-control/index.ts'
import { HttpsFront } from './http-front/https-server.ts'
import { inProcessTransport } from './http-front/in-process-transport.ts'
import { KubeletCaller, type KubeletClientOptions } from './http-front/kubelet-caller.ts'
import { ServiceCaller } from './http-front/service-caller.ts'
import { type OwnLoop, type OwnLoops, runOwnLoops } from './own-loops.ts'
import { PostStartHooks } from './post-start-hooks.ts'
import { Profiles } from './profiling/profiles.ts'
import { Committer } from './registry/commit.ts'
import { Registry } from './registry/registry.ts'
import { serviceAddresses } from './registry/service-addresses.ts'
import { handleRequest, type RequestPathOptions } from './request-path/handle-request.ts'
import { RequestMetrics } from './request-path/request-metrics.ts'
import { MEASURED } from './resource-metrics/answer.ts'
import { ResourceMetrics } from './resource-metrics/resource-metrics.ts'
import { serverChecks } from './server-health.ts'
import { identityLoop, leaseCollector, type ServerIdentity } from './server-leases.ts'
import { describeServer } from './server-metrics.ts'
import { missingApiServices } from './system-objects/api-services.ts'
import { keepSystemObjects } from './system-objects/index.ts'
import { CauseMap } from './watch-cache/cause-map.ts'
import { StoreFeed } from './watch-cache/store-feed.ts'
import { WritesInFlight } from './watch-cache/writes-in-flight.ts'

export interface ApiServerOptions {
  store: Store
  kinds: readonly AnyKind[]
  schemas: Schemas
  clock: Clock
  logger: Logger
  trace: Trace
  /** `caPem` also verifies client certificates. */
  serving: { certPem: string; keyPem: string; caPem: string }
  serviceAccounts: { privateKeyPem: string; publicKeyPem: string; issuer: string }
  /** Beside client certificates and service accounts; nothing more when left out. */
  authentication?: AuthenticationSettings
  /** Whom to ask who may do what, after system:masters; Node and RBAC when left out. */
  authorization?: AuthorizationSettings
  /** Where that was read, to read it again when it changes. */
  authorizationFile?: ConfigurationFile<AuthorizationSettings>
  /** Which plug-ins look at what is written; upstream's usual ones when left out. */
  admission?: AdmissionSettings
  /** For logs, exec and the like: HTTPS to the node's address. */
  kubeletClient?: KubeletClientOptions
  /** Shown to servers behind an APIService, which believe whom it names. */
  frontProxyClient?: { certPem: string; keyPem: string }
  /** `10.96.0.0/12` */
  serviceClusterIpRange: string
  nodePortRange: readonly [number, number]
  /** Where the `kubernetes` Service leads. */
  advertise?: { address: string; port: number }
  /** By which this server is told from others over the same store; it says nothing of itself when left out. */
  identity?: ServerIdentity
  /** Who did what is written down as a policy says; nothing is when left out. */
  audit?: AuditOptions
  /** What a kubelet in this process tells at `/metrics/resource`; it has no address to be asked at. */
  usageOfHollowNode?: (node: string) => Promise<string> | undefined
  /** What other components of this process count is told at this server's /metrics too. */
  metrics?: Metrics
  /** What is wrong with the components beside this server; they are asked over HTTPS when left out. */
  components?: ComponentProblems
  /** How many requests may run at once: kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight. */
  inFlight?: { requests: number; mutating: number }
  /** What whoever made this was told by upstream's names, for `/flagz`: what comes of it stands above. */
  flags?: Flags
}

function hasContainer(pod: CorePod | undefined, name: string): boolean {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod?.spec ?? {}
  return [...initContainers, ...containers, ...ephemeralContainers].some((one) => one.name === name)
}

const KUBELET_TIMEOUT_MS = 10_000
/** Several times what a node full of pods has to say of itself. */
const MOST_USAGE_BYTES = 2 ** 20
/** One loop sees whether a server behind an APIService answers, what it serves, and what it says of itself. */
const API_SERVICE_HOOKS = [
  'start-kube-aggregator-informers',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-discovery-controller',
  'apiservice-openapi-controller',
  'apiservice-openapiv3-controller',
] as const
const UNSTORED = [BINDINGS, COMPONENT_STATUSES, ...REVIEWS, ...MEASURED]

export interface ApiServer {
  /** In-process, already authenticated. `client` is the user agent: `kube-controller-manager/replicaset-controller`. */
  transportFor(identity: { user: string; groups: readonly string[]; client: string }): Transport
  /** May be called several times: loopback, and the address machines reach. */
  listen(address: { host: string; port: number }): Promise<{ host: string; port: number }>
  /** Resolves when all has been done that is done at a start: from then on the server says that it is ready. */
  readonly ready: Promise<void>
  /** Certificates in place of those that will run out; no connection is lost. */
  renewCertificates(renewed: RenewedCertificates): void
  close(): Promise<void>
}

type KeyPair = { certPem: string; keyPem: string }

export interface RenewedCertificates {
  serving: KeyPair
  kubeletClient: KeyPair
  frontProxyClient: KeyPair
}

export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, kinds, schemas, clock, logger, trace, metrics = new Metrics() } = options
  const causes = new CauseMap()
  const writes = new WritesInFlight()
  const hooks = new PostStartHooks(options.identity ? [] : ['start-kube-apiserver-identity-lease-controller'])
  const feed = await StoreFeed.start({ store, kinds, schemas, logger, writes, causes })
  hooks.done('generic-apiserver-start-informers', 'storage-readiness', 'storage-object-count-tracker-hook')
  const committer = new Committer({ store, writes, causes, trace, feed, metrics, schemas })
  const registries = kinds.map((kind) => {
    const cache = feed.cacheOf(kind)
    const claims =
      kind.kind === 'Service' && kind.group === ''
        ? serviceAddresses(cache, { ...options, addresses: feed.cacheOf(IPAddress), cidrs: feed.cacheOf(ServiceCIDR) })
        : undefined
    const emptyStatus = emptyStatusOf(schemas, kind)
    return new Registry({ kind, cache, feed, store, committer, clock, claims, emptyStatus })
  })
  const resources = new ApiResources(registries)
  const find = (resource: string, namespace: string, name: string) => resources.core(resource)?.peek(namespace, name)
  const tokens = await ServiceAccountTokens.open({
    ...options.serviceAccounts,
    clock,
    find,
    onLegacyUse: (secret) => noteLegacyTokenUse(secret, { client: () => createClient(own), clock, logger }),
  })
  const settings = options.authentication ?? NO_FLAGS
  // Before any custom resource is served.
  const served = ownVersions(resources.kinds)
  const { authentication, trust } = openAuthentication({
    settings,
    serviceAccounts: tokens,
    clientCaPem: options.serving.caPem,
    clock,
    secretOf: (name) => find('secrets', 'kube-system', name) as Secret | undefined,
  })
  const authorization = openAuthorization((kind) => feed.cacheOf(kind), options.authorization ?? NODE_AND_RBAC, clock)
  const shared = { clock, logger, metrics }
  const watched: Disposable[] = [
    ...(settings.configuration
      ? [new WatchedFile({ ...shared, name: 'authentication', file: settings.configuration, apply: trust })]
      : []),
    ...(options.authorizationFile
      ? [
          new WatchedFile({
            ...shared,
            name: 'authorization',
            file: options.authorizationFile,
            apply: (next) => authorization.replace(next),
          }),
        ]
      : []),
  ]
  const flowControl = openFlowControl(feed, { clock, metrics, ...options.inFlight })
  hooks.done('priority-and-fairness-filter')
  describeServer(metrics, { store, feed })
  // Whoever holds one of these asks it at each call: what is renewed is put in its place.
  const kubeletClient = options.kubeletClient && { ...options.kubeletClient }
  const frontProxyClient = options.frontProxyClient && { ...options.frontProxyClient }
  const kubelet = new KubeletCaller(kubeletClient)
  const resourceMetrics = new ResourceMetrics({
    clock,
    logger,
    nodes: () =>
      feed
        .cacheOf(Node)
        .all()
        .map(({ object }) => object),
    textOf: (node) =>
      options.usageOfHollowNode?.(node.metadata?.name ?? '') ??
      kubelet.text(
        { ...kubeletOf(node as CoreNode), path: '/metrics/resource' },
        AbortSignal.timeout(KUBELET_TIMEOUT_MS),
        MOST_USAGE_BYTES,
      ),
    isKnown: (namespace, pod, container) =>
      hasContainer(resources.core('pods')?.peek(namespace, pod) as CorePod | undefined, container),
  })
  const loopsElsewhere = new LoopsElsewhere({ trace, clock })
  let isClosing = false
  const peek = (kind: AnyKind, namespace: string, name: string) => resources.ofKind(kind)?.peek(namespace, name)
  const checks = serverChecks({
    store,
    hooks,
    unsynced: () => running.unsynced(),
    missing: () => missingApiServices(served, peek),
    isClosing: () => isClosing,
  })
  const admissionMetrics = new AdmissionMetrics(metrics)
  const endpoints: Endpoints = {
    resources,
    aggregation: new Aggregation(resources, frontProxyClient),
    documents: new ServedDocuments({ resources, unstored: UNSTORED, schemas, clock }),
    schemas,
    admission: new Admission(
      admissionPlugins({
        authorization,
        settings: options.admission ?? USUAL_ADMISSION,
        metrics: admissionMetrics,
        client: () => createClient(own),
        call: (told) => caller.call(told),
        schemas,
      }),
      admissionReader({ resources, feed, clock }),
      admissionMetrics,
    ),
    fieldManagers: new FieldManagers(schemas),
    authentication,
    authorization,
    tokens,
    feed,
    store,
    trace: loopsElsewhere,
    metrics,
    resourceMetrics,
    flowControl,
    health: { checks, slis: new HealthSlis() },
    profiles: new Profiles(clock),
    watchBudget: new WatchBudget(),
    statusz: new Statusz(clock),
    flags: flagsOf(options),
    components: {
      ...(options.components ?? LOCAL_COMPONENTS),
      'etcd-0': async () => store.status().failure?.message,
    },
  }
  hooks.done('start-apiserver-admission-initializer')
  const caller = new ServiceCaller({
    kubelet,
    locate: (service) => serviceLocation(resources, service),
    anyKubelet: () => kubeletOf(resources.core('nodes')?.cache.all()[0]?.object as CoreNode | undefined, 'any'),
  })
  const custom = await serveCustomResources({
    feed,
    store,
    committer,
    causes,
    clock,
    logger,
    schemas,
    resources,
    converterOf: (definition) => webhookConverter(caller, definition),
  })
  hooks.done('crd-informer-synced')
  const path: RequestPathOptions = {
    clock,
    logger,
    trace,
    authentication,
    authorization,
    caughtUp: () => feed.caughtUp(),
    causes,
    flowControl,
    metrics: new RequestMetrics(metrics, (info) => resources.serves(info)),
    listSize: (info) => resources.peek(info)?.registry.cache.size ?? 1,
    endpoint: (context, info, request) => route(endpoints, context, info, request),
    auditor: options.audit && new Auditor(options.audit, schemas),
  }
  const closing = new AbortController()
  const handle = (request: Parameters<typeof handleRequest>[1]) => handleRequest(path, request)
  const { caPem, ...serving } = options.serving
  const caPems = [caPem, ...(settings.frontProxy ? [settings.frontProxy.caPem] : [])]
  const front = new HttpsFront({ serving: { ...serving, caPems }, handle, kubelet, clock, schemas })
  const transportFor: ApiServer['transportFor'] = ({ user, groups, client }) =>
    inProcessTransport({
      user: { name: user, groups },
      client,
      handle,
      kubelet,
      caller: () => caller,
      closing: closing.signal,
    })

  const own = transportFor({ user: 'system:apiserver', groups: ['system:masters'], client: 'kube-apiserver' })
  const services = () =>
    feed
      .cacheOf(Service)
      .all()
      .map(({ object }) => object)
  const keeper = await keepSystemObjects({
    ...options,
    served,
    hooks,
    caPem,
    hasFrontProxy: options.frontProxyClient !== undefined,
    transport: own,
    peek,
    services,
  })
  await ensureDefaultPolicy(own, peek)
  hooks.done('rbac/bootstrap-roles')
  const compactor = startCompactor({ store, clock, logger, trace })
  const { identity } = options
  const loops: OwnLoop[] = [
    { definition: definitionLoop(custom), hooks: ['start-apiextensions-informers', 'start-apiextensions-controllers'] },
    {
      definition: apiServiceLoop({ resources, caller, certificate: frontProxyClient }),
      hooks: API_SERVICE_HOOKS,
    },
    { definition: danglingLoop, hooks: ['priority-and-fairness-config-consumer'] },
    { definition: typeCheckLoop({ schemas, kinds: () => resources.kinds, clock }) },
    { definition: leaseCollector, hooks: ['start-kube-apiserver-identity-lease-garbage-collector'] },
    ...(identity
      ? [{ definition: identityLoop(identity), hooks: ['start-kube-apiserver-identity-lease-controller'] as const }]
      : []),
  ]
  const running: OwnLoops = runOwnLoops(loops, {
    hooks,
    transportFor: (client) => transportFor({ user: 'system:apiserver', groups: ['system:masters'], client }),
    clock,
    logger,
    trace,
    metrics,
  })

  return {
    transportFor,
    listen: (address) => front.listen(address),
    ready: running.ready,
    renewCertificates(renewed) {
      front.renew(renewed.serving)
      if (kubeletClient) Object.assign(kubeletClient, renewed.kubeletClient)
      if (frontProxyClient) Object.assign(frontProxyClient, renewed.frontProxyClient)
    },
    async close() {
      isClosing = true
      closing.abort(new StatusError('ServiceUnavailable', 'the server is shutting down'))
      for (const file of watched) file[Symbol.dispose]()
      compactor[Symbol.dispose]()
      await running[Symbol.asyncDispose]()
      keeper[Symbol.dispose]()
      feed.endWatchers()
      await front.close()
      loopsElsewhere[Symbol.dispose]()
      feed[Symbol.dispose]()
      kubelet.close()
    },
  }
}

/** Each version of each group once. */
function ownVersions(kinds: readonly AnyKind[]): { group: string; version: string }[] {
  const all = [...kinds, ...UNSTORED.map(({ kind }) => kind)]
  const names = new Set(all.map(({ group, version }) => `${group}/${version}`))
  return [...names].map((name) => ({
    group: name.slice(0, name.indexOf('/')),
    version: name.slice(name.indexOf('/') + 1),
  }))
}

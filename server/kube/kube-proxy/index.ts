// kube-proxy: watches Services and EndpointSlices, and keeps the kernel's rules equal to them, in one of several modes.
// Upstream: cmd/kube-proxy, pkg/proxy.

import type { EndpointSlice as WireSlice } from 'kubernetes-types/discovery/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { EndpointSlice } from '../kinds/endpoint-slice.ts'
import { Node } from '../kinds/node.ts'
import { Service } from '../kinds/service.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { readProxyConfiguration } from './configuration.ts'
import { type CheckedService, HealthServers } from './health-servers.ts'
import { startMode } from './modes.ts'
import { serveOwnState } from './own-server.ts'
import { ProxyHealth } from './proxy-health.ts'
import { ProxyMetrics } from './proxy-metrics.ts'
import type { ProxyMode } from './proxy-mode.ts'
import { ServiceBook } from './service-book.ts'
import type { Family, ServicePort } from './service-ports.ts'
import { forgetStaleFlows } from './stale-flows.ts'

export interface KubeProxyOptions {
  nodeName: string
  nodeIP: string
  client: Client
  os: NodeOs
  clock: Clock
  logger: Logger
  random?: () => number
  /** The text of a KubeProxyConfiguration. */
  readConfiguration: () => Promise<string>
  clusterCidr: string
  serviceCidr: string
  /** Of IPv6, where the cluster has it. */
  second?: { nodeIP: string; clusterCidr: string; serviceCidr: string }
  /** News that come close together are worked off together. */
  minSyncMs?: number
}

/** Somebody may have flushed the tables; looked at this often. */
const CHECK_MS = 30_000
const RETRY_MS = 2_000
const BY_SERVICE = 'service'
const ZONE = 'topology.kubernetes.io/zone'

/** Put on by whoever made the slice: of which moment's change it tells. */
const CHANGED_AT = 'endpoints.kubernetes.io/last-change-trigger-time'

interface FamilyProxy {
  family: Family
  mode: ProxyMode
  book: ServiceBook
  ports: readonly ServicePort[]
  /** Nothing is known of what the kernel has. */
  isNew: boolean
  /** When what is not yet in the rules was changed. */
  changes: number[]
  /** UDP ports when flows were looked at last. */
  flowsSeen: ReadonlySet<ServicePort>
}

export async function runKubeProxy(options: KubeProxyOptions): Promise<AsyncDisposable> {
  const { nodeName, client, os, clock, logger, random = Math.random, minSyncMs = 50 } = options
  await using stack = new AsyncDisposableStack()
  const configuration = readProxyConfiguration(await options.readConfiguration())
  const stop = new AbortController()
  const informerOf = <T extends KubeObject>(kind: Kind<T>, fieldSelector?: string) =>
    new SharedInformer<T>({
      client,
      kind,
      clock,
      random,
      logger,
      ...(fieldSelector && { selection: { fieldSelector } }),
    })
  const services = informerOf(Service)
  const slices = informerOf(EndpointSlice)
  const nodes = informerOf(Node, `metadata.name=${nodeName}`)
  slices.cache.addIndex(BY_SERVICE, (slice) => [serviceOf(slice)])
  const informers = [services, slices, nodes]
  const source = {
    service: (key: string) => services.cache.get(key),
    slicesOf: (key: string) => slices.cache.byIndex(BY_SERVICE, key),
  }
  const { clusterCidr, serviceCidr, nodeIP, second } = options
  const grounds = [
    { family: 'IPv4' as const, clusterCidr, serviceCidr, nodeIP },
    ...(second ? [{ family: 'IPv6' as const, ...second }] : []),
  ]
  const proxies = await Promise.all(
    grounds.map(async (ground): Promise<FamilyProxy> => {
      const mode = await startMode(configuration.mode, ground, { os, clock, random })
      const book = new ServiceBook(source)
      return { family: ground.family, mode, book, ports: [], isNew: true, changes: [], flowsSeen: new Set() }
    }),
  )
  stack.defer(async () => {
    for (const { mode } of proxies) await mode.close?.()
  })
  const health = new ProxyHealth(clock)
  const metrics = new ProxyMetrics(clock, configuration.mode, () =>
    proxies.map(({ family, mode: { counts }, ports }) => ({ family, counts, ports })),
  )
  let zone = ''
  let timer: Disposable | undefined
  let working = false
  const startedAt = clock.now()
  const checks = stack.use(new HealthServers({ logger, isHealthy: () => health.isHealthy }))

  function soon(delayMs: number): void {
    if (timer || stop.signal.aborted) return
    timer = clock.setTimeout(() => {
      timer = undefined
      void work()
    }, delayMs)
  }

  async function work(): Promise<void> {
    // Rules made from half of the news would refuse what in truth is served.
    if (working || !informers.every((informer) => informer.hasSynced())) return soon(minSyncMs)
    working = true
    metrics.takenUp()
    try {
      for (const proxy of proxies) await sync(proxy)
      await checks.sync(checkedIn(proxies.flatMap(({ ports }) => ports)))
      health.updated()
      // News that came meanwhile begin to wait now: others may never end, and yet nothing is late.
      if (timer) health.queued()
    } catch (err) {
      logger.warn('rules were not written, will be tried again', { err })
      soon(RETRY_MS)
    } finally {
      working = false
    }
  }

  async function sync(proxy: FamilyProxy): Promise<void> {
    const { family, mode, book, isNew: isFull, changes } = proxy
    const began = clock.monotonic()
    proxy.ports = book.read({ nodeName, zone, family })
    proxy.changes = []
    proxy.isNew = true
    try {
      await mode.sync(proxy.ports)
    } catch (err) {
      metrics.failed(family, { isFull })
      proxy.changes.push(...changes)
      throw err
    }
    proxy.isNew = false
    metrics.synced(family, { startedAt: began, isFull })
    for (const changedAt of changes) metrics.programmed(family, changedAt)
    const udp = new Set(proxy.ports.filter(({ protocol }) => protocol === 'udp'))
    const changed = [...udp].filter((port) => !proxy.flowsSeen.has(port))
    if (changed.length > 0) await forgetStaleFlows(os, family, changed)
    proxy.flowsSeen = udp
  }

  async function guard(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(CHECK_MS, stop.signal).catch(() => undefined)
      if (stop.signal.aborted || health.lastUpdated === undefined || working) continue
      for (const proxy of proxies) {
        if (proxy.mode.isUnfinished) soon(0)
        if (await proxy.mode.isIntact().catch(() => true)) continue
        logger.info('the rules were changed by somebody else, all are written again', { family: proxy.family })
        proxy.isNew = true
        soon(0)
      }
    }
  }

  function touch(kind: 'service' | 'endpoint', key: string): void {
    metrics.changed(kind, key)
    for (const { book } of proxies) book.touch(key)
    queue()
  }

  function queue(): void {
    health.queued()
    for (const { family } of proxies) metrics.queued(family)
    soon(minSyncMs)
  }

  services.addHandler(({ object: { metadata } }) => touch('service', `${metadata?.namespace}/${metadata?.name}`))
  slices.addHandler((change) => {
    const at = changeTime(change.object)
    const before = change.type === 'updated' ? changeTime(change.previous) : undefined
    // Of what was changed before there was a kube-proxy, it cannot say how long it took.
    if (at !== undefined && at !== before && at >= startedAt && change.type !== 'deleted') {
      proxies.find(({ family }) => family === change.object.addressType)?.changes.push(at)
    }
    touch('endpoint', serviceOf(change.object))
  })
  nodes.addHandler(({ type, object }) => {
    const node = type === 'deleted' ? undefined : object
    health.see(node)
    const now = node?.metadata?.labels?.[ZONE] ?? ''
    if (now === zone) return
    zone = now
    for (const { book } of proxies) book.touchAll()
    queue()
  })
  stack.use(await serveOwnState({ clock, configuration, health, metrics }, logger))
  const recorder = stack.use(new EventRecorder({ client, clock, logger, component: 'kube-proxy', host: nodeName }))
  // Nodes are told of by their name, as upstream's components on them do.
  const about = { metadata: { name: nodeName, uid: nodeName } }
  recorder.record({ about, kind: Node, type: 'Normal', reason: 'Starting', message: '' })
  const running = [...informers.map((informer) => informer.start(stop.signal)), guard()]
  soon(minSyncMs)
  const held = stack.move()
  return {
    /** The rules stay: connections go on while kube-proxy is away, but in mode userspace. */
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('closed'))
      timer?.[Symbol.dispose]()
      await Promise.allSettled(running)
      await held.disposeAsync()
    },
  }
}

const serviceOf = ({ metadata }: WireSlice) =>
  `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`

function changeTime({ metadata }: WireSlice): number | undefined {
  const at = Date.parse(metadata?.annotations?.[CHANGED_AT] ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** One for each Service, whatever number of ports it has. */
function checkedIn(ports: readonly ServicePort[]): CheckedService[] {
  const checked = new Map<string, CheckedService>()
  for (const { namespace, service, healthCheckNodePort: port, localReady } of ports) {
    if (port === 0) continue
    const known = checked.get(`${namespace}/${service}`)
    const localEndpoints = Math.max(known?.localEndpoints ?? 0, localReady)
    checked.set(`${namespace}/${service}`, { namespace, name: service, port, localEndpoints })
  }
  return [...checked.values()]
}

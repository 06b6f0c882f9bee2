// kube-proxy: watches Services and EndpointSlices, and keeps the kernel's rules equal to them, in one of several modes.
// Upstream: cmd/kube-proxy, pkg/proxy.

import type { EndpointSlice as WireSlice } from 'kubernetes-types/discovery/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { EndpointSlice } from '../kinds/endpoint-slice.ts'
import { Node } from '../kinds/node.ts'
import { Service } from '../kinds/service.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { readProxyMode } from './configuration.ts'
import { type CheckedService, HealthServers } from './health-servers.ts'
import { IptablesMode, removeIptables } from './iptables/iptables-mode.ts'
import { NftablesMode, removeNftables } from './nftables/nftables-mode.ts'
import { serveOwnState } from './own-server.ts'
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

const MODES = { iptables: IptablesMode, nftables: NftablesMode }

interface FamilyProxy {
  family: Family
  mode: ProxyMode
  book: ServiceBook
  /** UDP ports when flows were looked at last. */
  flowsSeen: ReadonlySet<ServicePort>
}

export async function runKubeProxy(options: KubeProxyOptions): Promise<AsyncDisposable> {
  const { nodeName, client, os, clock, logger, random = Math.random, minSyncMs = 50 } = options
  await using stack = new AsyncDisposableStack()
  const mode = readProxyMode(await options.readConfiguration())
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
  const proxies: FamilyProxy[] = grounds.map((ground) => ({
    family: ground.family,
    mode: new MODES[mode](os, ground),
    book: new ServiceBook(source),
    flowsSeen: new Set(),
  }))
  // What another mode left would lead calls twice.
  const removeOther = mode === 'iptables' ? removeNftables : removeIptables
  for (const ground of grounds) await removeOther(os, ground)
  let zone = ''
  let timer: Disposable | undefined
  let working = false
  let lastSync: number | undefined
  let failing = false

  const health = stack.use(new HealthServers({ logger, isHealthy: () => lastSync !== undefined && !failing }))

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
    try {
      const ports = []
      for (const proxy of proxies) ports.push(...(await sync(proxy)))
      await health.sync(checkedIn(ports))
      failing = false
      lastSync = clock.now()
    } catch (err) {
      failing = true
      logger.warn('rules were not written, will be tried again', { err })
      soon(RETRY_MS)
    } finally {
      working = false
    }
  }

  async function sync(proxy: FamilyProxy): Promise<readonly ServicePort[]> {
    const ports = proxy.book.read({ nodeName, zone, family: proxy.family })
    await proxy.mode.sync(ports)
    const udp = new Set(ports.filter(({ protocol }) => protocol === 'udp'))
    const changed = [...udp].filter((port) => !proxy.flowsSeen.has(port))
    if (changed.length > 0) await forgetStaleFlows(os, proxy.family, changed)
    proxy.flowsSeen = udp
    return ports
  }

  async function guard(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(CHECK_MS, stop.signal).catch(() => undefined)
      if (stop.signal.aborted || lastSync === undefined || working) continue
      for (const { family, mode } of proxies) {
        if (await mode.isIntact().catch(() => true)) continue
        logger.info('the rules were changed by somebody else, all are written again', { family })
        soon(0)
      }
    }
  }

  function touch(key: string): void {
    for (const { book } of proxies) book.touch(key)
    soon(minSyncMs)
  }

  services.addHandler(({ object: { metadata } }) => touch(`${metadata?.namespace}/${metadata?.name}`))
  slices.addHandler(({ object }) => touch(serviceOf(object)))
  nodes.addHandler(({ object }) => {
    const now = object.metadata?.labels?.[ZONE] ?? ''
    if (now === zone) return
    zone = now
    for (const { book } of proxies) book.touchAll()
    soon(minSyncMs)
  })
  stack.use(await serveOwnState({ clock, logger, mode, state: () => ({ lastSync, failing }) }))
  const running = [...informers.map((informer) => informer.start(stop.signal)), guard()]
  soon(minSyncMs)
  const held = stack.move()
  return {
    /** The rules stay: connections go on while kube-proxy is away. */
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

// kube-proxy in iptables mode: watches Services and EndpointSlices, and keeps the kernel's rules equal to them.
// Upstream: cmd/kube-proxy, pkg/proxy/iptables.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import { EndpointSlice } from '../kinds/endpoint-slice.ts'
import { Service } from '../kinds/service.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { type RuleSet, ruleSetOf } from './iptables-rules.ts'
import { restoreText, staleChains } from './restore-text.ts'
import { type ServicePort, servicePortsOf } from './service-ports.ts'

export interface KubeProxyOptions {
  nodeName: string
  nodeIP: string
  client: Client
  os: NodeOs
  clock: Clock
  logger: Logger
  random?: () => number
  clusterCidr: string
  /** News that come close together are worked off together. */
  minSyncMs?: number
}

/** Where the kernel's own chains lead to ours. Prepended: nothing on the node may decide before them. */
const JUMPS: readonly { table: string; chain: string; rule: string[] }[] = [
  jump('filter', 'INPUT', 'kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES', true),
  jump('filter', 'FORWARD', 'kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES', true),
  jump('filter', 'FORWARD', 'kubernetes service portals', 'KUBE-SERVICES', true),
  jump('filter', 'OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES', true),
  jump('filter', 'FORWARD', 'kubernetes forwarding rules', 'KUBE-FORWARD', false),
  jump('nat', 'PREROUTING', 'kubernetes service portals', 'KUBE-SERVICES', false),
  jump('nat', 'OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES', false),
  jump('nat', 'POSTROUTING', 'kubernetes postrouting rules', 'KUBE-POSTROUTING', false),
]

/** Somebody may have flushed the tables; looked at this often. */
const CHECK_MS = 30_000
const RETRY_MS = 2_000

export function runKubeProxy(options: KubeProxyOptions): AsyncDisposable {
  const { nodeName, client, os, clock, logger, random = Math.random, clusterCidr, minSyncMs = 50 } = options
  const stop = new AbortController()
  const services = new SharedInformer({ client, kind: Service, clock, random, logger })
  const slices = new SharedInformer({ client, kind: EndpointSlice, clock, random, logger })
  let applied: RuleSet | undefined
  let ports: ServicePort[] = []
  let timer: Disposable | undefined
  let working = false

  function soon(delayMs: number): void {
    if (timer || stop.signal.aborted) return
    timer = clock.setTimeout(() => {
      timer = undefined
      void work()
    }, delayMs)
  }

  async function work(): Promise<void> {
    // Rules made from half of the news would refuse what in truth is served.
    if (!services.hasSynced() || !slices.hasSynced()) return soon(minSyncMs)
    if (working) return soon(minSyncMs)
    working = true
    try {
      await sync()
    } catch (err) {
      applied = undefined
      logger.warn('rules were not written, will be tried again', { err })
      soon(RETRY_MS)
    } finally {
      working = false
    }
  }

  async function sync(): Promise<void> {
    const next = servicePortsOf(services.cache.list(), slices.cache.list(), nodeName)
    const wanted = ruleSetOf(next, clusterCidr)
    const isFirst = applied === undefined
    const before = applied ?? (await leftovers(os, wanted))
    const text = restoreText(wanted, before)
    if (text !== '') {
      const { exitCode, stderr } = await os.run('iptables-restore', ['-w', '5', '--noflush'], { input: text })
      if (exitCode !== 0) throw new Error(`iptables-restore: ${stderr.trim()}`)
    }
    applied = wanted
    if (isFirst) await ensureJumps(os)
    await forgetUdp(os, ports, next)
    ports = next
  }

  async function guard(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(CHECK_MS, stop.signal).catch(() => undefined)
      if (stop.signal.aborted || !applied) continue
      const missing = await ensureJumps(os).catch(() => true)
      if (!missing) continue
      logger.info('the tables were changed by somebody else, all rules are written again')
      applied = undefined
      soon(0)
    }
  }

  services.addHandler(() => soon(minSyncMs))
  slices.addHandler(() => soon(minSyncMs))
  const running = [services.start(stop.signal), slices.start(stop.signal), guard()]
  soon(minSyncMs)
  return {
    /** The rules stay: connections go on while kube-proxy is away. */
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('closed'))
      timer?.[Symbol.dispose]()
      await Promise.allSettled(running)
    },
  }
}

function jump(table: string, chain: string, comment: string, target: string, onlyNew: boolean) {
  const state = onlyNew ? ['-m', 'conntrack', '--ctstate', 'NEW'] : []
  return { table, chain, rule: [...state, '-m', 'comment', '--comment', comment, '-j', target] }
}

/** Says whether one was missing. */
async function ensureJumps(os: NodeOs): Promise<boolean> {
  let missing = false
  for (const { table, chain, rule } of JUMPS) {
    const there = await os.run('iptables', ['-w', '5', '-t', table, '-C', chain, ...rule])
    if (there.exitCode === 0) continue
    missing = true
    const { exitCode, stderr } = await os.run('iptables', ['-w', '5', '-t', table, '-I', chain, '1', ...rule])
    if (exitCode !== 0) throw new Error(`iptables -I ${chain}: ${stderr.trim()}`)
  }
  return missing
}

/** A rule set that knows only which chains of an earlier life have to go; all others are written anew. */
async function leftovers(os: NodeOs, wanted: RuleSet): Promise<RuleSet> {
  const { stdout } = await os.run('iptables-save', ['-t', 'nat'])
  const stale = staleChains(stdout, wanted.nat)
  return { nat: new Map(stale.map((chain) => [chain, []])), filter: new Map() }
}

/** UDP has no end: flows to an endpoint that is gone would be kept alive by their own packets. */
async function forgetUdp(os: NodeOs, before: ServicePort[], after: ServicePort[]): Promise<void> {
  for (const old of before) {
    if (old.protocol !== 'udp') continue
    const now = after.find((port) => port.name === old.name)
    for (const { ip } of old.endpoints) {
      if (now?.endpoints.some((endpoint) => endpoint.ip === ip)) continue
      await os
        .run('conntrack', ['-D', '-p', 'udp', '--orig-dst', old.clusterIP, '--dst-nat', ip])
        .catch(() => undefined)
    }
  }
  for (const port of after) {
    if (port.protocol !== 'udp' || port.endpoints.length === 0) continue
    const had = before.find((old) => old.name === port.name)?.endpoints.length ?? 0
    // Packets sent while there were no endpoints left a flow that leads nowhere.
    if (had === 0) await os.run('conntrack', ['-D', '-p', 'udp', '--orig-dst', port.clusterIP]).catch(() => undefined)
  }
}

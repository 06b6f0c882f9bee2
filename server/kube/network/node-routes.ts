// The ways to the pods of the other nodes (pod-paths.ts says which there are), and who is masqueraded: pods that talk to
// anything outside the cluster, the gateway included, so that the host needs no route to them.
// Upstream: this is the cloud's or the CNI add-on's business (kindnet, flannel host-gw).

import type { Node as NodeObject } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import { Node } from '../kinds/node.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { type PodPathName, podPaths, type Route, runAll } from './pod-paths.ts'

export interface NodeRoutesOptions {
  nodeName: string
  nodeIP: string
  client: Client
  os: NodeOs
  clock: Clock
  logger: Logger
  random?: () => number
  clusterCidr: string
  podPath: PodPathName
}

/**
 * Others' ranges through their addresses, of the same family unless packets are wrapped; a node without a range yet, or
 * without an address, has none.
 */
export function routesTo(nodes: readonly NodeObject[], self: string, { isOverlay }: { isOverlay: boolean }): Route[] {
  return nodes.flatMap((node) => {
    if (node.metadata?.name === self) return []
    return rangesOf(node).flatMap((podCidr) => {
      const bySix = isOfSix(podCidr) && !isOverlay
      const via = internalAddresses(node).find((address) => isOfSix(address) === bySix)
      return via ? [{ podCidr, via }] : []
    })
  })
}

const rangesOf = ({ spec }: NodeObject) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : [])

const isOfSix = (text: string) => text.includes(':')
const internalAddresses = (node: NodeObject) =>
  (node.status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? address : []))

/** One restore for the whole chain. Towards nodes pods keep their own address; towards the rest of the world not. */
export function masqueradeRules(podCidr: string, clusterCidr: string, nodeAddresses: readonly string[]): string {
  const keep = [...nodeAddresses].sort().map((address) => `-A PODIUM-MASQ -d ${address}/32 -j RETURN`)
  return [
    '*nat',
    ':PODIUM-MASQ - [0:0]',
    ...keep,
    `-A PODIUM-MASQ -d ${clusterCidr} -j RETURN`,
    `-A PODIUM-MASQ -s ${podCidr} -m comment --comment "pods leave the cluster under their node's address" -j MASQUERADE`,
    'COMMIT',
    '',
  ].join('\n')
}

const CHECK_MS = 30_000

export function runNodeRoutes(options: NodeRoutesOptions): AsyncDisposable {
  const { nodeName, nodeIP, client, os, clock, logger, random = Math.random, clusterCidr } = options
  const stop = new AbortController()
  const informer = new SharedInformer({ client, kind: Node, clock, random, logger })
  const path = podPaths[options.podPath]
  let installed = new Map<string, string>()
  let prepared = false
  let rules = ''
  let working = false
  let again = false
  let repeat = false

  async function apply(): Promise<void> {
    const nodes = informer.cache.list()
    const self = nodes.find((node) => node.metadata?.name === nodeName)
    if (!self || rangesOf(self).length === 0) return
    if (repeat || !prepared) await runAll(os, path.prepare({ podCidrs: rangesOf(self), via: nodeIP }))
    prepared = true
    const wanted = new Map(routesTo(nodes, nodeName, path).map(({ podCidr, via }) => [podCidr, via]))
    for (const [podCidr, via] of wanted) {
      if (repeat || installed.get(podCidr) !== via) await runAll(os, path.add({ podCidr, via }))
    }
    for (const [podCidr, via] of installed) {
      if (!wanted.has(podCidr)) await runAll(os, path.remove({ podCidr, via }))
    }
    installed = wanted
    repeat = false
    // Pods of IPv6 alone have no way out of the cluster.
    const own = rangesOf(self).find((range) => !isOfSix(range))
    if (!own) return
    const addresses = nodes.flatMap(internalAddresses).filter((address) => !isOfSix(address))
    const text = masqueradeRules(own, clusterCidr, [...new Set([nodeIP, ...addresses])])
    const jump = ['POSTROUTING', '-s', own, '-j', 'PODIUM-MASQ']
    const { exitCode } = await os.run('iptables', ['-w', '5', '-t', 'nat', '-C', ...jump])
    if (text === rules && exitCode === 0) return
    await mustRun(os, 'iptables-restore', ['-w', '5', '--noflush'], text)
    if (exitCode !== 0) await mustRun(os, 'iptables', ['-w', '5', '-t', 'nat', '-A', ...jump])
    rules = text
  }

  async function work(): Promise<void> {
    again = true
    if (working) return
    working = true
    while (again && !stop.signal.aborted) {
      again = false
      try {
        await apply()
      } catch (err) {
        logger.warn('routes to other nodes are not complete, will be tried again', { err })
        await clock.sleep(2_000, stop.signal).catch(() => undefined)
        again = true
      }
    }
    working = false
  }

  /** Somebody may have taken routes or rules away, and every command here may be repeated. */
  async function guard(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(CHECK_MS, stop.signal).catch(() => undefined)
      if (stop.signal.aborted || !informer.hasSynced()) continue
      repeat = true
      void work()
    }
  }

  informer.addHandler((change) => {
    const before = change.type === 'updated' ? outline(change.previous) : ''
    const after = change.type === 'deleted' ? 'gone' : outline(change.object)
    if (before !== after) void work()
  })
  const running = [informer.start(stop.signal), guard()]
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('closed'))
      await Promise.all(running)
    },
  }
}

/** Heartbeats change a node every few seconds; only this matters here. */
const outline = (node: NodeObject) => `${node.spec?.podCIDRs ?? node.spec?.podCIDR} ${internalAddresses(node)}`

async function mustRun(os: NodeOs, command: string, args: string[], input?: string): Promise<void> {
  const { exitCode, stderr } = await os.run(command, args, input === undefined ? {} : { input })
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`)
}

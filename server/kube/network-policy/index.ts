// NetworkPolicies on one machine: watches policies, pods and namespaces, and keeps one table of the kernel's equal to
// what they say. A cluster that never had a policy costs a watch and nothing else. A pod that is about to start waits
// until what policies say of it holds. Upstream leaves all of this to network plug-ins.

import type { Namespace as WireNamespace, Pod as WirePod } from 'kubernetes-types/core/v1'
import type { NetworkPolicy as WirePolicy } from 'kubernetes-types/networking/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import type { NetworkedSandbox, PodNetwork } from '../container-runtime/pod-network.ts'
import { Namespace } from '../kinds/namespace.ts'
import { NetworkPolicy } from '../kinds/network-policy.ts'
import { Pod } from '../kinds/pod.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { changeScripts, TABLE, type Written, written } from './nft-text.ts'
import { dnsAt, factsOf, type PodFacts } from './pod-facts.ts'
import { tableOf } from './policy-table.ts'

export interface NetworkPoliciesOptions {
  nodeName: string
  client: Client
  os: NodeOs
  clock: Clock
  logger: Logger
  random?: () => number
  /** Where the cluster's names are answered. */
  dnsAddress: string
  /** Each machine has that address for itself: what pods send there leaves them, though not the machine. */
  isRelayed?: boolean
}

export interface NetworkPolicies extends AsyncDisposable {
  /** The same network; what it sets up is isolated before anything runs there. */
  isolating(network: PodNetwork): PodNetwork
  /** Of how many dropped packets in a second the kernel tells those who watch traces; none until then, and none by 0. */
  tellOfDrops(perSecond: number): void
}

/** News that come close together are worked off together. */
const MIN_SYNC_MS = 50
const RETRY_MS = 2_000
/** Somebody may have taken the table away; looked at this often. */
const CHECK_MS = 30_000
/** Longer than news take. The kubelet tries again: a pod that nobody knows is not let loose. */
const KNOWN_MS = 10_000

export function runNetworkPolicies(options: NetworkPoliciesOptions): NetworkPolicies {
  const { nodeName, client, os, clock, logger, random = Math.random, dnsAddress, isRelayed = false } = options
  const stop = new AbortController()
  const told = { client, clock, logger, random }
  const policies = new SharedInformer<WirePolicy>({ ...told, kind: NetworkPolicy })
  const pods = new SharedInformer<WirePod>({ ...told, kind: Pod })
  const namespaces = new SharedInformer<WireNamespace>({ ...told, kind: Namespace })
  /** By sandbox: addresses of pods here before the API hears of them. */
  const started = new Map<string, { key: string; addresses: string[] }>()
  /** What the kernel has; undefined when nobody knows. */
  let kernel: Written | 'nothing' | undefined
  let timer: Disposable | undefined
  let writing: Promise<void> = Promise.resolve()
  /** Waits for the one before it, and has not looked yet at what is wanted. */
  let next: Promise<void> | undefined
  let podsAreWatched = false
  let toldDrops = 0
  let news = Promise.withResolvers<void>()

  function soon(delayMs: number): void {
    if (timer || stop.signal.aborted) return
    timer = clock.setTimeout(() => {
      timer = undefined
      // Who waits for it is told as well; that it failed is told below.
      sync().catch(() => undefined)
    }, delayMs)
  }

  /** One after the other: what is known when this is called holds when it resolves. Who waits for the same shares it. */
  function sync(): Promise<void> {
    next ??= writing
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return write()
      })
      .catch((err: unknown) => {
        logger.warn('network policies were not written, will be tried again', { err })
        soon(RETRY_MS)
        throw err
      })
    writing = next
    return next
  }

  async function write(): Promise<void> {
    const informers = podsAreWatched ? [policies, pods, namespaces] : [policies]
    if (!informers.every((informer) => informer.hasSynced())) return
    const cluster = {
      policies: policies.cache.list(),
      pods: podsNow(),
      namespaces: new Map(
        namespaces.cache.list().map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]),
      ),
    }
    const table = tableOf(cluster, nodeName, toldDrops)
    const wanted = table && written(table, isRelayed ? dnsAddress : undefined)
    const scripts = changeScripts(kernel, wanted)
    kernel = undefined
    for (const input of scripts) {
      const { exitCode, stderr } = await os.run('nft', ['-f', '-'], { input })
      if (exitCode !== 0) throw new Error(`nft: ${stderr.trim().slice(0, 1000)}`)
    }
    kernel = wanted ?? 'nothing'
  }

  /** Those with an address that was just given come last: it is theirs, whoever had it before. */
  function podsNow(): PodFacts[] {
    const known = new Map(
      pods.cache.list().flatMap((pod) => {
        const facts = factsOf(pod)
        return facts ? [[keyOf(facts), facts] as const] : []
      }),
    )
    for (const { key, addresses } of started.values()) {
      const facts = known.get(key)
      if (!facts) continue
      known.delete(key)
      known.set(key, { ...facts, addresses })
    }
    return [dnsAt(dnsAddress), ...known.values()]
  }

  function watchPods(): void {
    if (podsAreWatched) return
    podsAreWatched = true
    running.push(pods.start(stop.signal), namespaces.start(stop.signal))
    void Promise.all([pods.synced, namespaces.synced]).then(() => soon(0))
  }

  async function isolate(sandbox: NetworkedSandbox, addresses: string[]): Promise<void> {
    const late = clock.sleep(KNOWN_MS, stop.signal).then(() => {
      throw new Error('nobody has told yet which network policies are about this pod')
    })
    late.catch(() => undefined)
    await Promise.race([policies.synced, late])
    if (!podsAreWatched) return
    const key = keyOf(sandbox)
    started.set(sandbox.id, { key, addresses })
    await Promise.race([Promise.all([pods.synced, namespaces.synced]), late])
    while (!pods.cache.get(key)) await Promise.race([news.promise, late])
    await sync()
  }

  async function guard(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(CHECK_MS, stop.signal).catch(() => undefined)
      if (stop.signal.aborted || !kernel || kernel === 'nothing') continue
      const { exitCode } = await os.run('nft', ['-t', 'list', 'table', ...TABLE.split(' ')])
      if (exitCode === 0) continue
      logger.info('the table of network policies was taken away by somebody else, it is written again')
      kernel = undefined
      soon(0)
    }
  }

  policies.addHandler((change) => {
    if (change.type !== 'deleted') watchPods()
    soon(MIN_SYNC_MS)
  })
  pods.addHandler((change) => {
    const before = change.type === 'updated' ? outline(change.previous) : ''
    if (before !== (change.type === 'deleted' ? 'gone' : outline(change.object))) soon(MIN_SYNC_MS)
    news.resolve()
    news = Promise.withResolvers()
  })
  namespaces.addHandler(() => soon(MIN_SYNC_MS))
  const running = [policies.start(stop.signal), guard()]
  void policies.synced.then(() => soon(0))
  return {
    isolating: (network) => ({
      status: () => network.status(),
      updatePodCidr: (podCidr) => network.updatePodCidr(podCidr),
      addresses: (id) => network.addresses(id),
      async setUp(sandbox) {
        const given = await network.setUp(sandbox)
        await isolate(sandbox, given.ips)
        return given
      },
      async tearDown(sandbox) {
        started.delete(sandbox.id)
        await network.tearDown(sandbox)
      },
    }),
    tellOfDrops(perSecond) {
      toldDrops = perSecond
      soon(0)
    },
    /** The rules stay: they hold while nobody looks after them. */
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('closed'))
      timer?.[Symbol.dispose]()
      await Promise.allSettled([...running, writing])
    },
  }
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`

/** Heartbeats change a pod every few seconds; only this matters here. */
const outline = (pod: WirePod) => JSON.stringify(factsOf(pod))

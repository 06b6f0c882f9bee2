// What the Network lens is told of a cluster, as the classroom hears it.

import { readFile } from 'node:fs/promises'
import { systemClock } from '../../server/base/clock.ts'
import { noLogger } from '../../server/base/logger.ts'
import { watchCluster } from '../../server/classroom/sandboxes/cluster-watch.ts'
import { httpsTransport, parseKubeconfig } from '../../server/kube/client/index.ts'
import { NetworkFeed } from '../../server/observe/network/network-feed.ts'
import type { NetworkMachine, NetworkService, SeenConnection } from '../../server/observe/network/network-push.ts'
import { until } from '../support/until.ts'

export class SeenConnections implements Disposable {
  readonly #seen = new Map<number, SeenConnection>()
  readonly #stack = new DisposableStack()
  #machines: readonly NetworkMachine[] = []
  services: readonly NetworkService[] = []

  /** Resolves when all machines are heard. */
  static async open(kubeconfigPath: string): Promise<SeenConnections> {
    const kubeconfig = await readFile(kubeconfigPath, 'utf8')
    const options = { clock: systemClock, logger: noLogger, random: Math.random }
    const seen = new SeenConnections()
    const sight = seen.#stack.use(watchCluster(kubeconfig, options))
    await sight.synced()
    const connect = () => httpsTransport({ ...parseKubeconfig(kubeconfig), userAgent: 'podium-observe' })
    const feed = seen.#stack.use(new NetworkFeed({ ...options, sight, connect }))
    const stop = new AbortController()
    seen.#stack.defer(() => stop.abort())
    void seen.#look(feed, stop.signal)
    await until('the kernels are heard', async () => {
      const heard = seen.#machines.filter(({ state }) => state === 'listening')
      return heard.length > 0 && heard.length === seen.#machines.length
    })
    return seen
  }

  [Symbol.dispose](): void {
    this.#stack.dispose()
  }

  get all(): SeenConnection[] {
    return [...this.#seen.values()]
  }

  async #look(feed: NetworkFeed, signal: AbortSignal): Promise<void> {
    for await (const push of feed.watch(signal)) {
      for (const connection of push.connections) this.#seen.set(connection.id, connection)
      this.#machines = push.machines ?? this.#machines
      this.services = push.services ?? this.services
    }
  }
}

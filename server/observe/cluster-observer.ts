// The see-through of one cluster: what happens in it, what is in it, what was, and the hand on its loops.

import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type GateState, httpsTransport, parseKubeconfig } from '../kube/client/index.ts'
import type { ClusterHost, ClusterInfo, LoopOrder, ObjectVersions, VersionsQuery } from '../kube/cluster/index.ts'
import { AccessFeed, type AccessPush, type AccessQuestion, accessAt } from './access-feed.ts'
import { NetworkFeed, type NetworkSight } from './network/network-feed.ts'
import { networkAt } from './network/network-past.ts'
import type { NetworkMoment } from './network/network-push.ts'
import { RequestTracing, type TerminalCall } from './network/trace/request-tracing.ts'
import type { TracedRequest, TraceQuestion } from './network/trace/traced-request.ts'
import { ObjectFeed } from './object-feed.ts'
import { type ClusterHistory, historyOf, momentOf, type PastMoment } from './past.ts'
import type { PicturePush } from './picture-push.ts'
import { type Sight, watchPicture } from './watch-picture.ts'

/** The name under which the see-through's own requests appear in traces and audit logs. */
const AGENT = 'podium-observe'

export interface ClusterObserverOptions {
  host: ClusterHost
  info: Pick<ClusterInfo, 'name' | 'superKubeconfig'>
  sight: Sight & NetworkSight
  clock: Clock
  logger: Logger
  random: () => number
}

export class ClusterObserver implements Disposable {
  readonly objects: ObjectFeed
  readonly access: AccessFeed
  readonly network: NetworkFeed
  readonly #options: ClusterObserverOptions
  readonly #tracing: RequestTracing
  readonly #gates: Disposable
  #held: readonly string[] = []

  constructor(options: ClusterObserverOptions) {
    this.#options = options
    const connect = () => httpsTransport({ ...parseKubeconfig(options.info.superKubeconfig), userAgent: AGENT })
    this.objects = new ObjectFeed({ ...options, connect })
    this.access = new AccessFeed({ ...options, connect })
    this.network = new NetworkFeed({ ...options, connect })
    this.#tracing = new RequestTracing({ ...options, connect })
    const { host, info, sight } = options
    const hear = (gates: readonly GateState[]) => {
      this.#held = gates.filter(({ held }) => held).map(({ client }) => client)
      sight.lookAgain()
    }
    this.#gates = host.watchGates(info.name, hear)
    // What was held before anybody looked; a cluster that has gone holds nothing.
    host.loopGates(info.name).then(hear, () => undefined)
  }

  /** The loops that are held now. */
  get held(): readonly string[] {
    return this.#held
  }

  watchPicture(since: number | undefined, signal: AbortSignal): AsyncGenerator<PicturePush> {
    const { host, info, sight } = this.#options
    return watchPicture({ host, cluster: info.name, sight, since, signal })
  }

  versions(query: VersionsQuery): Promise<ObjectVersions> {
    return this.#options.host.objectVersions(this.#options.info.name, query)
  }

  history(): Promise<ClusterHistory> {
    return historyOf(this.#options.host, this.#options.info.name)
  }

  past(revision: number): Promise<PastMoment> {
    return momentOf(this.#options.host, this.#options.info.name, revision)
  }

  accessAt(asked: { revision: number; question: AccessQuestion }): Promise<AccessPush | undefined> {
    return accessAt(this.#options.host, this.#options.info.name, asked)
  }

  networkAt(revision: number): Promise<NetworkMoment | undefined> {
    return networkAt(this.#options.host, this.#options.info.name, revision)
  }

  /** Returns words where it cannot be made. */
  trace(question: TraceQuestion, call?: TerminalCall): Promise<TracedRequest | string> {
    return this.#tracing.trace(question, call)
  }

  steer(order: LoopOrder): Promise<GateState[]> {
    return this.#options.host.steerLoops(this.#options.info.name, order)
  }

  [Symbol.dispose](): void {
    this.#gates[Symbol.dispose]()
    this.objects[Symbol.dispose]()
    this.access[Symbol.dispose]()
    this.network[Symbol.dispose]()
  }
}

// What the classroom sees of one learner's cluster: informers for the kinds that checks and the picture read, over the
// same HTTPS as any other client. Nothing here asks twice: whoever wants to know is called when something changed.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../../kube/apimachinery/object-meta.ts'
import {
  type Client,
  createClient,
  httpsTransport,
  parseKubeconfig,
  SharedInformer,
  type Transport,
} from '../../kube/client/index.ts'
import type { Kind } from '../../kube/kinds/define-kind.ts'
import {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Deployment,
  EndpointSlice,
  Node,
  Pod,
  ReplicaSet,
  Role,
  RoleBinding,
  Service,
  ServiceAccount,
} from '../../kube/kinds/index.ts'
import type { Before, ClusterView, Followed } from '../labs/cluster-view.ts'
import { type Listed, type ListedChange, momentsUpTo } from './moments.ts'

/** The name under which the classroom's own requests appear in traces and audit logs. */
const CLASSROOM_AGENT = 'podium-classroom'

/** Kinds that are watched only while a lab asks for them. */
const kindOfFollowed = {
  configMaps: ConfigMap,
  serviceAccounts: ServiceAccount,
  roles: Role,
  roleBindings: RoleBinding,
  clusterRoles: ClusterRole,
  clusterRoleBindings: ClusterRoleBinding,
} as const satisfies Record<Followed, unknown>

interface Follower {
  informer: SharedInformer<KubeObject>
  stop: AbortController
}

export interface ClusterWatchOptions {
  transport: Transport
  clock: Clock
  logger: Logger
  random: () => number
}

export class ClusterWatch implements Disposable {
  readonly client: Client
  readonly #options: ClusterWatchOptions
  readonly #stop = new AbortController()
  readonly #listeners = new Set<() => void>()
  readonly #informers: readonly SharedInformer<KubeObject>[]
  readonly #followed = new Map<Followed, Follower>()
  readonly #nodes
  readonly #pods
  readonly #deployments
  readonly #replicaSets
  readonly #services
  readonly #endpointSlices
  #telling = false
  /** What listeners have not been called for yet. */
  #untold: ListedChange[] = []

  constructor(options: ClusterWatchOptions) {
    this.#options = options
    this.client = createClient(options.transport)
    this.#nodes = this.#informerOf('nodes', Node)
    this.#pods = this.#informerOf('pods', Pod)
    this.#deployments = this.#informerOf('deployments', Deployment)
    this.#replicaSets = this.#informerOf('replicaSets', ReplicaSet)
    this.#services = this.#informerOf('services', Service)
    this.#endpointSlices = this.#informerOf('endpointSlices', EndpointSlice)
    this.#informers = [
      this.#nodes,
      this.#pods,
      this.#deployments,
      this.#replicaSets,
      this.#services,
      this.#endpointSlices,
    ] as readonly SharedInformer<KubeObject>[]
  }

  /** Resolves when all caches hold their first list. */
  async synced(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced))
  }

  view(before: Before): ClusterView {
    return {
      nodes: this.#nodes.cache.list(),
      pods: this.#pods.cache.list(),
      deployments: this.#deployments.cache.list(),
      replicaSets: this.#replicaSets.cache.list(),
      services: this.#services.cache.list(),
      endpointSlices: this.#endpointSlices.cache.list(),
      configMaps: this.#follow('configMaps'),
      serviceAccounts: this.#follow('serviceAccounts'),
      roles: this.#follow('roles'),
      roleBindings: this.#follow('roleBindings'),
      clusterRoles: this.#follow('clusterRoles'),
      clusterRoleBindings: this.#follow('clusterRoleBindings'),
      before,
      answers: {},
      held: [],
      access: {},
    }
  }

  /** The view, and before it all that listeners have not been called for yet, change by change. */
  moments(before: Before): ClusterView[] {
    return momentsUpTo(this.view(before), this.#untold)
  }

  /** Watches these kinds too, until it is told others. Resolves when their caches hold their first list. */
  async follow(names: readonly Followed[]): Promise<void> {
    for (const [name, { stop }] of this.#followed) {
      if (names.includes(name)) continue
      stop.abort()
      this.#followed.delete(name)
    }
    for (const name of names) {
      if (this.#followed.has(name)) continue
      const stop = new AbortController()
      const informer = this.#informerOf(name, kindOfFollowed[name] as Kind<KubeObject>, stop.signal)
      this.#followed.set(name, { informer, stop })
    }
    await Promise.all([...this.#followed.values()].map(({ informer }) => informer.synced))
  }

  /** What the caches hold of a kind; undefined where it is not watched. */
  objectsOf(kind: Kind<KubeObject>): readonly KubeObject[] | undefined {
    return this.#allInformers.find((informer) => informer.kind === kind)?.cache.list()
  }

  /** The newest revision that any of the caches has heard of. */
  get revision(): number {
    return Math.max(...this.#allInformers.map((informer) => informer.revision))
  }

  /** Called after something changed; several changes of one moment are one call. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Resolves as soon as the condition holds; looks only when something changed. */
  async until(holds: (view: ClusterView) => boolean, signal?: AbortSignal): Promise<void> {
    const met = () => holds(this.view({ pods: [] }))
    if (met()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = () => reject(signal?.reason ?? this.#stop.signal.reason)
    using _ = this.onChange(() => {
      if (met()) resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#stop.signal.addEventListener('abort', onAbort, { once: true })
    try {
      if (signal?.aborted || this.#stop.signal.aborted) onAbort()
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#stop.signal.removeEventListener('abort', onAbort)
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('the classroom has stopped watching this cluster'))
    this.#listeners.clear()
  }

  get #allInformers(): readonly SharedInformer<KubeObject>[] {
    return [...this.#informers, ...[...this.#followed.values()].map(({ informer }) => informer)]
  }

  #follow<Name extends Followed>(name: Name): ClusterView[Name] {
    return (this.#followed.get(name)?.informer.cache.list() ?? []) as unknown as ClusterView[Name]
  }

  #informerOf<T extends KubeObject>(list: Listed, kind: Kind<T>, until = this.#stop.signal): SharedInformer<T> {
    const informer = new SharedInformer<T>({ ...this.#options, client: this.client, kind })
    informer.addHandler((change) => {
      this.#untold.push({ list, change })
      this.lookAgain()
    })
    void informer.start(AbortSignal.any([this.#stop.signal, until])).catch(() => undefined)
    return informer
  }

  /**
   * Calls all listeners after the turn, when all caches have what came with it. Also for those who have learnt something
   * about the cluster that is in no cache.
   */
  lookAgain(): void {
    if (this.#telling) return
    this.#telling = true
    setImmediate(() => {
      this.#telling = false
      for (const listener of this.#listeners) {
        // Objects of learners may be of any shape: who stumbles over one takes the news from nobody else.
        try {
          listener()
        } catch (err) {
          this.#options.logger.error('who heard of a change in a cluster failed', { err })
        }
      }
      this.#untold = []
    })
  }
}

/** Watches a cluster as its administrator. Disposing closes the connections too. */
export function watchCluster(kubeconfig: string, options: Omit<ClusterWatchOptions, 'transport'>): ClusterWatch {
  const transport = httpsTransport({ ...parseKubeconfig(kubeconfig), userAgent: CLASSROOM_AGENT })
  const watch = new ClusterWatch({ ...options, transport })
  const dispose = watch[Symbol.dispose].bind(watch)
  watch[Symbol.dispose] = () => {
    dispose()
    transport[Symbol.dispose]()
  }
  return watch
}

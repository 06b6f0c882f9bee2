// The few lines that say what wakes a loop:
//
//   export const replicaSetController = controller('replicaset')
//     .for(ReplicaSet)                       each change of a ReplicaSet: its own key
//     .owns(Pod)                             each change of a Pod: the key of the ReplicaSet that controls it
//     .watches(Node, (change, view) => …)    each change of a Node: whatever keys the function names
//     .reconcileWith((view) => new ReplicaSetReconciler(view))
//
// Modelled on controller-runtime/pkg/builder.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { controllerOf, type KubeList, type KubeObject, keyOf } from '../apimachinery/object-meta.ts'
import type { AnyKind, Kind } from '../kinds/define-kind.ts'
import type { ListOptions } from './client.ts'
import type { IndexedCache } from './indexed-cache.ts'
import type { Reconciler } from './reconcile-context.ts'
import type { Change, ChangeHandler } from './shared-informer.ts'

/** What a loop is built from: its own caches, and the outside world by the door. Informers start after the building. */
export interface ClusterView {
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  /** For what a loop counts beside its turns. */
  readonly metrics: Metrics
  /** The cache of a kind; asking for it makes the loop watch that kind. Asked for while the loop runs, it fills later. */
  cache<T extends KubeObject>(kind: Kind<T>): IndexedCache<T>
  /** What a cache of the kind would have, asked for once: for who looks once a day. */
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<KubeList<T>>
  /** The kind is watched no more; its cache has gone. For kinds that come and go: others are watched to the end. */
  forget(kind: AnyKind): void
  /** For bookkeeping, such as expectations; handlers registered here run before those that wake the loop. */
  onChange<T extends KubeObject>(kind: Kind<T>, handler: ChangeHandler<T>): void
}

/** Asks for a key; `because` is the object whose change is the reason. */
export type Enqueue = (key: string, because?: KubeObject) => void

export type Wake = (view: ClusterView, enqueue: Enqueue) => void

export interface ControllerDefinition {
  readonly name: string
  /** Runs only where it is asked for by name. */
  readonly isOffByDefault: boolean
  readonly concurrency: number
  /** The service account in kube-system that it writes as; empty for the controller manager itself. */
  readonly account: string
  /** Who its Events come from. */
  readonly eventSource: string
  /** As its work queue is called in metrics. */
  readonly queueName: string
  /** The longest that a key waits which has failed again and again. */
  readonly longestRetryMs: number
  readonly wakes: readonly Wake[]
  readonly reconcilerFor: (view: ClusterView, enqueue: Enqueue) => Reconciler
}

export class ControllerBuilder {
  readonly #name: string
  readonly #wakes: Wake[] = []
  #for: AnyKind | undefined
  #concurrency = 5
  #isOffByDefault = false
  #eventSource: string
  #account: string
  #queueName: string
  #longestRetryMs = 1_000_000

  constructor(name: string) {
    this.#name = name
    this.#eventSource = `${name}-controller`
    this.#account = `${name}-controller`
    this.#queueName = name
  }

  /** The kind whose keys this loop works on. */
  for<T extends KubeObject>(kind: Kind<T>): this {
    this.#for = kind
    return this.watches(kind, ({ object }) => [keyOf(object)])
  }

  /** Wakes the owner of what changed: the one with `controller: true`, if it is of the kind given to `for`. */
  owns<T extends KubeObject>(kind: Kind<T>): this {
    const owner = this.#for
    if (!owner) throw new Error('owns() needs for() before it')
    return this.watches(kind, (change) => {
      const keys = ownerKeys(change.object, owner)
      const before = change.type === 'updated' ? ownerKeys(change.previous, owner) : []
      // An object that has changed hands is news for both.
      return before.length === 0 || before[0] === keys[0] ? keys : [...keys, ...before]
    })
  }

  watches<T extends KubeObject>(
    kind: Kind<T>,
    keysOf: (change: Change<T>, view: ClusterView) => Iterable<string>,
  ): this {
    this.#wakes.push((view, enqueue) => {
      view.onChange(kind, (change) => {
        for (const key of keysOf(change, view)) enqueue(key, change.object)
      })
    })
    return this
  }

  /** A key to work on as soon as the caches are full, for loops that go by time. */
  startsWith(key: string): this {
    this.#wakes.push((_, enqueue) => enqueue(key))
    return this
  }

  /** For loops that run only where they are asked for by name. */
  offByDefault(): this {
    this.#isOffByDefault = true
    return this
  }

  /** How many keys may be worked on at once; 5 unless told, as upstream. */
  concurrency(workers: number): this {
    this.#concurrency = workers
    return this
  }

  /** For loops whose Events have always come from another name than their own. */
  eventsFrom(source: string): this {
    this.#eventSource = source
    return this
  }

  /** For loops whose service account has always had another name than they. */
  actsAs(account: string): this {
    this.#account = account
    return this
  }

  /** For a loop that has no account: it is there before accounts have tokens, and acts as the controller manager itself. */
  actsAsManager(): this {
    return this.actsAs('')
  }

  /** For loops whose failures are somebody's to mend, who should not wait for long afterwards. */
  retriesWithin(longestMs: number): this {
    this.#longestRetryMs = longestMs
    return this
  }

  /** For loops whose queue has always had another name in metrics. */
  queueNamed(name: string): this {
    this.#queueName = name
    return this
  }

  /** The reconciler may also wake the loop itself, when what wakes it is known only to what it has built. */
  reconcileWith(reconcilerFor: (view: ClusterView, enqueue: Enqueue) => Reconciler): ControllerDefinition {
    return Object.freeze({
      name: this.#name,
      isOffByDefault: this.#isOffByDefault,
      concurrency: this.#concurrency,
      account: this.#account,
      eventSource: this.#eventSource,
      queueName: this.#queueName,
      longestRetryMs: this.#longestRetryMs,
      wakes: [...this.#wakes],
      reconcilerFor,
    })
  }
}

/** One at most. */
function ownerKeys(object: KubeObject, kind: AnyKind): string[] {
  const owner = controllerOf(object)
  if (!owner || owner.kind !== kind.kind || groupOf(owner.apiVersion) !== kind.group) return []
  const namespace = kind.namespaced ? object.metadata?.namespace : undefined
  return [namespace ? `${namespace}/${owner.name}` : owner.name]
}

const groupOf = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '')

/** `name` as upstream's without its suffix: requests go out as `kube-controller-manager/<name>-controller`. */
export function controller(name: string): ControllerBuilder {
  return new ControllerBuilder(name)
}

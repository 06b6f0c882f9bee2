// The ConfigMaps, Secrets and Services of a cluster, watched once for all simulated nodes of a process: thousands that ask for the
// same would be a quarter of all requests. Upstream's kubelets do not ask either: each watches what its pods name.
//
// Read by whom nothing is kept from, so a node is given only what its own kubelet asks for, which is what its pods name. What is
// not here, or not yet, the node asks for itself: then it is the API server that says no, or that there is none.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { type KubeObject, keyOf } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { Secret } from '../kinds/secret.ts'
import { Service } from '../kinds/service.ts'
import type { ApiObjects } from './api-objects.ts'

interface SharedObjectsOptions {
  client: Client
  clock: Clock
  random: () => number
  logger: Logger
}

export class SharedObjects implements Disposable {
  readonly #options: SharedObjectsOptions
  readonly #stop = new AbortController()
  readonly #configMaps
  readonly #secrets
  readonly #services

  constructor(options: SharedObjectsOptions) {
    this.#options = options
    this.#configMaps = this.#watched(ConfigMap)
    this.#secrets = this.#watched(Secret)
    this.#services = this.#watched(Service)
  }

  /** What a node reads: `own` is its own way to the API. */
  before(own: ApiObjects): ApiObjects {
    return {
      ...own,
      configMap: async (namespace, name) =>
        this.#configMaps()?.get(keyOf({ metadata: { namespace, name } })) ?? own.configMap(namespace, name),
      secret: async (namespace, name) =>
        this.#secrets()?.get(keyOf({ metadata: { namespace, name } })) ?? own.secret(namespace, name),
      services: async (namespace) => this.#services()?.inNamespace(namespace) ?? own.services(namespace),
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
  }

  /** Watched from the first time that somebody asks: most clusters rest. Undefined until all of it is there. */
  #watched<T extends KubeObject>(kind: Kind<T>) {
    let informer: SharedInformer<T> | undefined
    return () => {
      if (!informer) {
        informer = new SharedInformer({ ...this.#options, kind })
        void informer.start(this.#stop.signal)
      }
      return informer.hasSynced() ? informer.cache : undefined
    }
  }
}

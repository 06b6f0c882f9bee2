// What plug-ins see of the cluster: the caches.

import type { Clock } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { apiVersionOf, type Kind } from '../../kinds/define-kind.ts'
import type { ApiResources } from '../endpoints/api-resources.ts'
import { listPrefix } from '../registry/storage-keys.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import type { AdmissionReader } from './admission.ts'

export const admissionReader = (told: { resources: ApiResources; feed: StoreFeed; clock: Clock }): AdmissionReader => {
  const { resources, feed, clock } = told
  return {
    find: <T extends KubeObject>(kind: Kind<T>, namespace: string, name: string) =>
      resources.ofKind(kind)?.peek(namespace, name) as T | undefined,
    list: <T extends KubeObject>(kind: Kind<T>, namespace = '') =>
      feed
        .cacheOf(kind)
        .under(listPrefix(kind, namespace))
        .map(({ object }) => object as T),
    kindOf: (apiVersion, kind) => resources.kinds.find((one) => apiVersionOf(one) === apiVersion && one.kind === kind),
    caughtUp: () => feed.caughtUp(),
    clock,
  }
}

// What selects a pod: the selectors of its Services and of the ReplicaSet that owns it, all together.
// Upstream: kubernetes/pkg/scheduler/framework/plugins/helper/spread.go.

import type { ReplicaSet } from 'kubernetes-types/apps/v1'
import type { Pod, Service } from 'kubernetes-types/core/v1'
import { type Selector, selectorOf, selectorOfMap, selectorOfObject } from '../apimachinery/label-selector.ts'
import { controllerOf } from '../apimachinery/object-meta.ts'
import type { Lister } from '../client/indexed-cache.ts'
import type { DefaultSpreading } from './plugins/pod-topology-spread.ts'

export function defaultSpreading(services: Lister<Service>, replicaSets: Lister<ReplicaSet>): DefaultSpreading {
  return {
    selectorFor(pod: Pod): Selector | undefined {
      const namespace = pod.metadata?.namespace ?? ''
      const requirements = services
        .inNamespace(namespace)
        .filter(({ spec }) => spec?.selector && selectorOfMap(spec.selector).matches(pod.metadata?.labels))
        .flatMap(({ spec }) => selectorOfMap(spec?.selector).requirements)
      const owner = controllerOf(pod)
      const replicaSet = owner?.kind === 'ReplicaSet' ? replicaSets.get(`${namespace}/${owner.name}`) : undefined
      if (replicaSet && replicaSet.metadata?.uid === owner?.uid) {
        requirements.push(...selectorOfObject(replicaSet.spec?.selector).requirements)
      }
      return requirements.length > 0 ? selectorOf(requirements) : undefined
    },
  }
}

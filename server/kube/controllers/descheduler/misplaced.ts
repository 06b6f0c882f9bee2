// Pods that the scheduler would not put where they are, now that nodes or other pods have changed.
// Upstream: descheduler's RemovePodsViolating{NodeAffinity,NodeTaints,InterPodAntiAffinity}.

import type { Pod, Taint } from 'kubernetes-types/core/v1'
import { nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { untolerated } from '../../apimachinery/tolerations.ts'
import { podAffinityOf } from '../../kinds/placement/pod-affinity.ts'
import type { Arguments } from './policy.ts'
import { fitsElsewhere, priorityOf, type Strategy } from './world.ts'

export const violatesNodeAffinity = (): Strategy => (world) =>
  world.places.flatMap(({ node, pods }) =>
    pods.filter((pod) => !nodeMatchesPod(pod, node) && fitsElsewhere(world, pod)),
  )

export function violatesNodeTaints({
  includePreferNoSchedule,
  excludedTaints,
}: Arguments['RemovePodsViolatingNodeTaints']): Strategy {
  const effects = includePreferNoSchedule ? ['NoSchedule', 'PreferNoSchedule'] : ['NoSchedule']
  const isExcluded = ({ key, value = '' }: Taint) =>
    excludedTaints.includes(key) || excludedTaints.includes(`${key}=${value}`)
  return ({ places }) =>
    places.flatMap(({ node, pods }) => {
      const taints = node.spec?.taints?.filter((taint) => !isExcluded(taint))
      return pods.filter((pod) => untolerated(taints, pod.spec?.tolerations, effects))
    })
}

/** Of two that must be apart, the less important goes; with it gone the other need not. */
export const violatesInterPodAntiAffinity =
  (): Strategy =>
  ({ places, namespaceLabels }) => {
    const there = places.flatMap(({ node, pods }) => pods.map((pod) => ({ pod, labels: node.metadata?.labels ?? {} })))
    const gone = new Set<Pod>()
    for (const { pod, labels } of there.toSorted((a, b) => priorityOf(a.pod) - priorityOf(b.pod))) {
      const isRefused = there.some(
        (other) =>
          other.pod !== pod &&
          !gone.has(other.pod) &&
          (podAffinityOf(other.pod)?.far ?? []).some(
            ({ topologyKey, matches }) =>
              labels[topologyKey] !== undefined &&
              labels[topologyKey] === other.labels[topologyKey] &&
              matches(pod, namespaceLabels),
          ),
      )
      if (isRefused) gone.add(pod)
    }
    return [...gone]
  }

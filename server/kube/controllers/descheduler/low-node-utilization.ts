// Takes pods off full nodes while there are nearly empty ones, by what pods have asked for.
// Upstream: descheduler's LowNodeUtilization.

import type { Pod } from 'kubernetes-types/core/v1'
import { amountsOf, podResources } from '../../kinds/placement/pod-resources.ts'
import type { Arguments } from './policy.ts'
import { type Place, priorityOf, type Strategy, wouldTake } from './world.ts'

const RESOURCES = ['cpu', 'memory', 'pods'] as const
type Share = Record<(typeof RESOURCES)[number], number>

/**
 * Percent of what the node has: below `thresholds` in all of them a node is nearly empty; above `targetThresholds` in one it
 * is full. What neither names does not count.
 */
export const lowNodeUtilization =
  (
    { thresholds, targetThresholds, numberOfNodes }: Arguments['LowNodeUtilization'],
    mayGo: (pod: Pod) => boolean,
  ): Strategy =>
  ({ places }) => {
    const isFull = (share: Share) => RESOURCES.some((name) => share[name] > (targetThresholds[name] ?? 100))
    const isEmpty = (share: Share) => RESOURCES.every((name) => share[name] < (thresholds[name] ?? Infinity))
    const filled = places.map((place) => ({ place, share: shareOf(place.pods, place) }))
    const empty = filled.filter(({ place: { node }, share }) => !node.spec?.unschedulable && isEmpty(share))
    const full = filled.filter(({ share }) => isFull(share))
    if (empty.length === 0 || empty.length < numberOfNodes) return []
    // What the nearly empty ones can take before they are full themselves.
    const room = { cpu: 0, memory: 0, pods: 0 }
    for (const { place, share } of empty) {
      for (const name of RESOURCES) {
        room[name] += (((targetThresholds[name] ?? 100) - share[name]) / 100) * capacityOf(place, name)
      }
    }
    return full.flatMap(({ place, share }) => {
      const moved: Pod[] = []
      for (const pod of place.pods.filter(mayGo).sort((a, b) => priorityOf(a) - priorityOf(b))) {
        if (!isFull(share)) break
        if (!empty.some(({ place: { node } }) => wouldTake(node, pod))) continue
        const asked = askedBy(pod)
        if (RESOURCES.some((name) => asked[name] > room[name])) continue
        for (const name of RESOURCES) {
          room[name] -= asked[name]
          share[name] -= (asked[name] / (capacityOf(place, name) || 1)) * 100
        }
        moved.push(pod)
      }
      return moved
    })
  }

const capacityOf = ({ node }: Place, name: string) => amountsOf(node.status?.allocatable).get(name) ?? 0

function askedBy(pod: Pod): Share {
  const { requests } = podResources(pod)
  return { cpu: requests.get('cpu') ?? 0, memory: requests.get('memory') ?? 0, pods: 1 }
}

function shareOf(pods: readonly Pod[], place: Place): Share {
  const share: Share = { cpu: 0, memory: 0, pods: 0 }
  for (const asked of pods.map(askedBy)) {
    for (const name of RESOURCES) share[name] += (asked[name] / (capacityOf(place, name) || 1)) * 100
  }
  return share
}

// Takes pods off full nodes while there are nearly empty ones, by what pods have asked for. Upstream: descheduler's
// LowNodeUtilization with the thresholds of its documentation.

import type { Pod } from 'kubernetes-types/core/v1'
import { amountsOf, podResources } from '../../kinds/placement/pod-resources.ts'
import { isEvictable } from './evictable.ts'
import { type Place, priorityOf, type Strategy, wouldTake } from './world.ts'

/** Percent of what the node has. Below it in all three, a node is nearly empty; above the other in one, it is full. */
const EMPTY_BELOW = 20
const FULL_ABOVE = 50
const RESOURCES = ['cpu', 'memory', 'pods'] as const
type Share = Record<(typeof RESOURCES)[number], number>

export const lowNodeUtilization: Strategy = ({ places }) => {
  const filled = places.map((place) => ({ place, share: shareOf(place.pods, place) }))
  const empty = filled.filter(
    ({ place: { node }, share }) => !node.spec?.unschedulable && RESOURCES.every((name) => share[name] < EMPTY_BELOW),
  )
  const full = filled.filter(({ share }) => isFull(share))
  if (empty.length === 0) return []
  // What the nearly empty ones can take before they are full themselves.
  const room = { cpu: 0, memory: 0, pods: 0 }
  for (const { place, share } of empty) {
    for (const name of RESOURCES) room[name] += ((FULL_ABOVE - share[name]) / 100) * capacityOf(place, name)
  }
  return full.flatMap(({ place, share }) => {
    const moved: Pod[] = []
    for (const pod of place.pods.filter(isEvictable).sort((a, b) => priorityOf(a) - priorityOf(b))) {
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

const isFull = (share: Share) => RESOURCES.some((name) => share[name] > FULL_ABOVE)

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

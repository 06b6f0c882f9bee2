// Whom a critical pod makes way for itself: as few as can be, and of those the ones that were promised least.
// Upstream: pkg/kubelet/preemption/preemption.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { qosClassOf } from '../kinds/pod-template/qos.ts'
import { requestOf, type Shortage } from './admission.ts'
import { isCritical } from './eviction/ranking.ts'

/** What is still missing of a resource. */
interface Need {
  resource: string
  amount: number
}

/** Throws when not even the end of all of them would do. */
export function podsToPreempt(pod: Pod, others: readonly Pod[], short: readonly Shortage[]): Pod[] {
  const needs = short.map(({ resource, requested, used, capacity }) => ({
    resource,
    amount: requested - (capacity - used),
  }))
  const of = (qos: ReturnType<typeof qosClassOf>) =>
    others.filter((other) => mayPreempt(pod, other) && qosClassOf(other.spec) === qos)
  const [bestEffort, burstable, guaranteed] = [of('BestEffort'), of('Burstable'), of('Guaranteed')]
  const missing = without(needs, [...bestEffort, ...burstable, ...guaranteed])
  if (missing.length > 0) throw tooFew(missing)
  // Of those that were promised most, only what all others together would not give.
  const third = nearest(guaranteed, without(needs, [...bestEffort, ...burstable]))
  const second = nearest(burstable, without(needs, [...bestEffort, ...third]))
  const first = nearest(bestEffort, without(needs, [...second, ...third]))
  return [...first, ...second, ...third]
}

function mayPreempt(pod: Pod, other: Pod): boolean {
  if (isCritical(pod) && !isCritical(other)) return true
  const [own, its] = [pod.spec?.priority, other.spec?.priority]
  return own !== undefined && its !== undefined && own > its
}

/** One after the other whoever comes nearest to what is needed; of two alike the smaller. */
function nearest(pods: readonly Pod[], needed: readonly Need[]): Pod[] {
  const left = [...pods]
  const chosen: Pod[] = []
  for (let needs = needed; needs.length > 0; ) {
    const [best] = left.toSorted(
      (a, b) =>
        distance(needs, a) - distance(needs, b) ||
        size(a, 'memory') - size(b, 'memory') ||
        size(a, 'cpu') - size(b, 'cpu'),
    )
    if (!best) throw tooFew(needs)
    left.splice(left.indexOf(best), 1)
    chosen.push(best)
    needs = without(needs, [best])
  }
  return chosen
}

const size = requestOf

/** Each resource counts the same, however large its numbers are. */
const distance = (needs: readonly Need[], pod: Pod): number =>
  needs.reduce((sum, { resource, amount }) => sum + Math.max(0, (amount - requestOf(pod, resource)) / amount) ** 2, 0)

const without = (needs: readonly Need[], pods: readonly Pod[]): Need[] =>
  needs
    .map(({ resource, amount }) => ({
      resource,
      amount: pods.reduce((left, pod) => left - requestOf(pod, resource), amount),
    }))
    .filter(({ amount }) => amount > 0)

const tooFew = (needs: readonly Need[]) =>
  new Error(
    'preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: ' +
      `[${needs.map(({ resource, amount }) => `(res: ${resource}, q: ${amount}), `).join('')}]`,
  )

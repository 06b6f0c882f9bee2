// What a pod asks for and what it is limited to: the sum of its containers, or more where an init container needs more,
// or what is said of the pod as a whole.
// Upstream: k8s.io/component-helpers/resource/helpers.go PodRequests, PodLimits.

import type { Container, PodSpec } from 'kubernetes-types/core/v1'
import type { PodSpec as FullSpec } from '../pod-template/newer-fields.ts'
import { type Amounts, amountsOf, largest, only, sum } from './amounts.ts'

export function podAmounts(spec: PodSpec, what: 'requests' | 'limits'): Amounts {
  const total = { ...containerAmounts(spec, what), ...amountsOf((spec as FullSpec).resources?.[what]) }
  // Overhead belongs to what is asked for, and to limits where there are any.
  const overhead = amountsOf(spec.overhead)
  return sum(total, what === 'requests' ? overhead : only(overhead, (name) => total[name] !== undefined))
}

export function containerAmounts(spec: PodSpec | FullSpec, what: 'requests' | 'limits'): Amounts {
  const of = ({ resources }: Pick<Container, 'resources'>) => amountsOf(resources?.[what])
  let running: Amounts = (spec.containers ?? []).map(of).reduce(sum, {})
  let sidecars: Amounts = {}
  let starting: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      running = sum(running, of(container))
      sidecars = sum(sidecars, of(container))
      starting = largest(starting, sidecars)
    } else starting = largest(starting, sum(of(container), sidecars))
  }
  return largest(running, starting)
}

// Whether this node can take one more pod at all: the scheduler may have been by-passed or been out of date.
// Upstream: pkg/kubelet/lifecycle/predicate.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { collide, hostPorts, NO_FREE_PORTS } from '../apimachinery/host-ports.ts'
import { podAmounts } from '../kinds/quota/pod-amounts.ts'
import { amountOf } from './resource-amount.ts'

export interface Rejection {
  reason: string
  message: string
}

export function admit(pod: Pod, others: readonly Pod[], allocatable: Record<string, string>): Rejection | undefined {
  const capacity = amountOf(allocatable.pods) ?? Number.POSITIVE_INFINITY
  if (others.length + 1 > capacity) return short('pods', 1, others.length, capacity)
  for (const name of ['cpu', 'memory']) {
    const available = amountOf(allocatable[name])
    const asked = requestOf(pod, name)
    if (available === undefined || asked === 0) continue
    const used = others.reduce((sum, other) => sum + requestOf(other, name), 0)
    if (used + asked > available + 1e-9) {
      const scale = name === 'cpu' ? 1000 : 1
      return short(name, Math.round(asked * scale), Math.round(used * scale), Math.round(available * scale))
    }
  }
  return undefined
}

/** Pods that came without the scheduler may want a port of the node that another has. */
export function refusePorts(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return undefined
  const isTaken = others.flatMap(hostPorts).some((used) => wanted.some((port) => collide(port, used)))
  return isTaken ? { reason: 'NodePorts', message: `Predicate NodePorts failed: ${NO_FREE_PORTS}` } : undefined
}

function short(resource: string, requested: number, used: number, capacity: number): Rejection {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${numbers}` }
}

const requestOf = ({ spec }: Pod, name: string) => (spec && podAmounts(spec, 'requests')[name]?.number) ?? 0

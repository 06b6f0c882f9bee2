// Whether this node can take one more pod at all: the scheduler may have been by-passed or been out of date.
// Upstream: pkg/kubelet/lifecycle/predicate.go, pkg/scheduler/eventhandlers.go (AdmissionCheck).

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { collide, hostPorts, NO_FREE_PORTS } from '../apimachinery/host-ports.ts'
import { NO_AFFINITY, nodeMatchesPod } from '../apimachinery/node-affinity.ts'
import { type Quantity, quantityOf } from '../apimachinery/quantity.ts'
import { untolerated } from '../apimachinery/tolerations.ts'
import { mayBeDevices } from '../kinds/devices/extended-resources.ts'
import type { Amounts } from '../kinds/quota/amounts.ts'
import { podAmounts } from '../kinds/quota/pod-amounts.ts'

export interface Rejection {
  reason: string
  message: string
}

/** Of what there is too little, in whole units, of processors in thousandths. */
export interface Shortage {
  resource: string
  requested: number
  used: number
  capacity: number
}

/** All that there is too little of. */
export function shortages(pod: Pod, others: readonly Pod[], allocatable: Record<string, string>): Shortage[] {
  const found: Shortage[] = []
  const capacity = allocatable.pods === undefined ? Number.POSITIVE_INFINITY : quantityOf(allocatable.pods).value
  if (others.length + 1 > capacity) found.push({ resource: 'pods', requested: 1, used: others.length, capacity })
  const asked = requestsOf(pod)
  for (const resource of inOrder(Object.keys(asked))) {
    const requested = amountIn(asked, resource)
    // Resources of a cluster, which no node knows of, are for others to hand out.
    const isOurs = allocatable[resource] !== undefined || !mayBeDevices(resource)
    if (requested === 0 || !isOurs) continue
    const used = others.reduce((sum, other) => sum + amountIn(requestsOf(other), resource), 0)
    const capacity = inUnits(resource, quantityOf(allocatable[resource]))
    if (used + requested > capacity) found.push({ resource, requested, used, capacity })
  }
  return found
}

export function shortOf({ resource, requested, used, capacity }: Shortage): Rejection {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${numbers}` }
}

/** What no other pod’s end would mend. */
export function unfitness(pod: Pod, others: readonly Pod[], node: Node, { isStatic }: { isStatic: boolean }) {
  const found: Rejection[] = []
  const fails = (reason: string, why: string) => found.push({ reason, message: `Predicate ${reason} failed: ${why}` })
  if (!nodeMatchesPod(pod, node)) fails(BY_LABELS, NO_AFFINITY)
  // Pods that came without the scheduler may want a port of the node that another has.
  const wanted = hostPorts(pod)
  const isTaken = others.flatMap(hostPorts).some((used) => wanted.some((port) => collide(port, used)))
  if (isTaken) fails('NodePorts', NO_FREE_PORTS)
  if (!isStatic && untolerated(node.spec?.taints, pod.spec?.tolerations, ['NoExecute'])) {
    fails(BY_TAINTS, "node(s) had taints that the pod didn't tolerate")
  }
  return found
}

const BY_LABELS = 'NodeAffinity'
const BY_TAINTS = 'TaintToleration'

/** It stands in the Node, of which somebody else may have heard more than this kubelet. */
export const isOfNode = ({ reason }: Rejection) => reason === BY_LABELS || reason === BY_TAINTS

const requestsOf = ({ spec }: Pod): Amounts => (spec ? podAmounts(spec, 'requests') : {})

/** In thousandths or whole units. */
const inUnits = (resource: string, quantity: Quantity) => (resource === 'cpu' ? quantity.milliValue : quantity.value)

function amountIn(amounts: Amounts, resource: string): number {
  const quantity = amounts[resource]
  return quantity ? inUnits(resource, quantity) : 0
}

const FIRST = ['cpu', 'memory', 'ephemeral-storage']
const inOrder = (names: readonly string[]) => [
  ...FIRST.filter((name) => names.includes(name)),
  ...names.filter((name) => !FIRST.includes(name)).sort(),
]

/** How much of it the pod’s end would give back. */
export const requestOf = (pod: Pod, resource: string): number =>
  resource === 'pods' ? 1 : amountIn(requestsOf(pod), resource)

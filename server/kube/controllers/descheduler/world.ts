// What the strategies look at: nodes with the pods on them, and which of those could be elsewhere.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { untolerated } from '../../apimachinery/tolerations.ts'
import { conditionOf } from '../conditions.ts'

export interface Place {
  node: Node
  pods: readonly Pod[]
}

/** The labels of a namespace by its name. */
export type NamespaceLabels = (name: string) => Record<string, string> | undefined

export interface World {
  places: readonly Place[]
  namespaceLabels: NamespaceLabels
}

/** Finds pods that had better be elsewhere, the first to go first. */
export type Strategy = (world: World) => readonly Pod[]

export const nameOf = ({ metadata }: Node | Pod): string => metadata?.name ?? ''
export const priorityOf = ({ spec }: Pod): number => spec?.priority ?? 0

/** Whether the scheduler would consider the node for the pod; room is not asked for. */
export function wouldTake(node: Node, pod: Pod): boolean {
  if (node.spec?.unschedulable || conditionOf(node.status?.conditions, 'Ready')?.status !== 'True') return false
  return (
    nodeMatchesPod(pod, node) && !untolerated(node.spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute'])
  )
}

export const fitsElsewhere = ({ places }: World, pod: Pod): boolean =>
  places.some(({ node }) => nameOf(node) !== pod.spec?.nodeName && wouldTake(node, pod))

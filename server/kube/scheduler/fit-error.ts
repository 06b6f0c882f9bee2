// Says why a pod fits nowhere, as `kubectl describe pod` shows it.
//
//   0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.
//
// Upstream: FitError in kubernetes/pkg/scheduler/framework/types.go.

import type { NodeRejection, Rejection } from './framework.ts'

export function fitMessage(
  nodeCount: number,
  {
    everywhere,
    byNode,
    postFilter,
  }: {
    /** From a preFilter: the same for all nodes. */
    everywhere?: Rejection | undefined
    byNode: ReadonlyMap<string, NodeRejection>
    postFilter?: string | undefined
  },
): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const head = `0/${nodeCount} nodes are available:`
  const reasons = everywhere ? everywhere.reasons.join(', ') : countReasons([...byNode.values()])
  const text = reasons ? `${head} ${reasons}.` : head
  return postFilter ? `${text} ${postFilter}` : text
}

export function countReasons(rejections: readonly Rejection[]): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return Array.from(counts, ([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}

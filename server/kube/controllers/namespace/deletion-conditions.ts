// What a namespace that is being deleted says about what holds it up.
// Upstream: kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go.

import type { NamespaceCondition } from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { messageOf } from '../pod-control.ts'

export interface Leftover {
  kind: AnyKind
  items: readonly KubeObject[]
}

export interface DeletionOutcome {
  leftovers: readonly Leftover[]
  failures: readonly unknown[]
  at: string
}

export function deletionConditions(
  current: readonly NamespaceCondition[],
  { leftovers, failures, at }: DeletionOutcome,
): NamespaceCondition[] {
  const finalizers = countFinalizers(leftovers)
  const say = (type: string, status: boolean, reason: string, message: string): NamespaceCondition => {
    const known = current.find((condition) => condition.type === type)
    const text = status ? 'True' : 'False'
    if (known?.status === text && known.reason === reason && known.message === message) return known
    const lastTransitionTime = known?.status === text ? known.lastTransitionTime : at
    return { type, status: text, reason, message, ...(lastTransitionTime ? { lastTransitionTime } : {}) }
  }
  return [
    say('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'),
    say(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    failures.length === 0
      ? say(
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        )
      : say(
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.map(messageOf).sort().join(', ')}`,
        ),
    leftovers.length === 0
      ? say('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed')
      : say(
          'NamespaceContentRemaining',
          true,
          'SomeResourcesRemain',
          `Some resources are remaining: ${leftovers.map(remaining).sort().join(', ')}`,
        ),
    finalizers.length === 0
      ? say(
          'NamespaceFinalizersRemaining',
          false,
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : say(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        ),
  ]
}

export const sameConditions = (a: readonly NamespaceCondition[], b: readonly NamespaceCondition[]) =>
  a.length === b.length && a.every((condition) => b.some((other) => other === condition))

const remaining = ({ kind, items }: Leftover) => `${kind.plural}.${kind.group} has ${items.length} resource instances`

function countFinalizers(leftovers: readonly Leftover[]): string[] {
  const counts = new Map<string, number>()
  for (const { metadata } of leftovers.flatMap(({ items }) => items)) {
    for (const finalizer of metadata?.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1)
  }
  return Array.from(counts, ([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort()
}

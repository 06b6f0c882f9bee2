// A finalizer that keeps what is in use from going, as claims and volumes have.

import type { KubeObject } from '../apimachinery/object-meta.ts'

/** The finalizers it should have, where they differ: with ours while it stays or is used, without it when it may go. */
export function finalizersFor(
  { metadata }: KubeObject,
  ours: string,
  { isUsed }: { isUsed: boolean },
): string[] | undefined {
  const finalizers = metadata?.finalizers ?? []
  const has = finalizers.includes(ours)
  if (!metadata?.deletionTimestamp) return has ? undefined : [...finalizers, ours]
  return has && !isUsed ? finalizers.filter((finalizer) => finalizer !== ours) : undefined
}

// How long a pod may stay on a node with these NoExecute taints. Pure.
// Upstream: kubernetes/pkg/controller/tainteviction/taint_eviction.go.

import type { Taint, Toleration } from 'kubernetes-types/core/v1'

/** Milliseconds: 0 means at once, Infinity for ever. */
export function tolerationTimeMs(taints: readonly Taint[], tolerations: readonly Toleration[]): number {
  const used: Toleration[] = []
  for (const taint of taints) {
    // The first that fits is the one that counts.
    const matching = tolerations.find((toleration) => tolerates(toleration, taint))
    if (!matching) return 0
    used.push(matching)
  }
  // The shortest of all that are needed; one without a time tolerates for ever.
  const seconds = used.flatMap(({ tolerationSeconds }) =>
    tolerationSeconds === undefined ? [] : [Number(tolerationSeconds)],
  )
  return seconds.length === 0 ? Number.POSITIVE_INFINITY : Math.max(0, Math.min(...seconds)) * 1000
}

function tolerates({ effect, key, operator, value }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  if (operator === 'Exists') return true
  return !!key && (value ?? '') === (taint.value ?? '')
}

// What the API server settles about a new pod's scheduling: that gates hold it back, and what `matchLabelKeys` mean for
// this very pod. Upstream: kubernetes/pkg/registry/core/pod/strategy.go.

import type { Pod, PodCondition } from 'kubernetes-types/core/v1'
import type { LabelSelector } from 'kubernetes-types/meta/v1'

type Keys = { labelSelector?: LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] }

export function gatedConditions({ spec }: Pod): { conditions?: PodCondition[] } {
  if (!spec?.schedulingGates?.length) return {}
  const message = 'Scheduling is blocked due to non-empty scheduling gates'
  return { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }] }
}

/** Values of the pod's own labels become part of the selectors, in place: whoever reads those need not know of the keys. */
export function settleLabelKeys({ metadata, spec }: Pod): void {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {}
  const affinityTerms = [podAffinity, podAntiAffinity].flatMap((side) => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
  for (const term of [...affinityTerms, ...(spec?.topologySpreadConstraints ?? [])])
    settle(term, metadata?.labels ?? {})
}

function settle(term: Keys, labels: Record<string, string>): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  if (!labelSelector) return
  const asked = (keys: string[], operator: 'In' | 'NotIn') =>
    keys.flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }]))
  const matchExpressions = [...asked(matchLabelKeys, 'In'), ...asked(mismatchLabelKeys, 'NotIn')]
  if (matchExpressions.length === 0) return
  Object.assign(labelSelector, { matchExpressions: [...(labelSelector.matchExpressions ?? []), ...matchExpressions] })
}

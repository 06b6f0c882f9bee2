// Which state of a pod's spec a condition of it is about. Upstream: pkg/api/v1/pod, CalculatePodConditionObservedGeneration.

import type { Pod } from 'kubernetes-types/core/v1'

export const observed = ({ metadata }: Pod): { observedGeneration?: number } =>
  metadata?.generation ? { observedGeneration: metadata.generation } : {}

// The PodDisruptionBudget: how many of some pods may be taken away at will. Upstream: kubernetes/pkg/registry/policy/poddisruptionbudget.

import type { PodDisruptionBudget as Wire } from 'kubernetes-types/policy/v1'
import { conditionsErrors } from '../apimachinery/condition-rules.ts'
import { labelSelectorErrors } from '../apimachinery/label-selector.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { amountErrors, atMostAll, notNegative } from './int-or-percent.ts'

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget']

export const PodDisruptionBudget = defineKind<Wire>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  hasGeneration: true,
  subresources: ['status'],
  strategy: {
    validate: ({ spec }) => specErrors(spec ?? {}),
    requiresResourceVersion: true,
    validateStatusUpdate: ({ status }) => [
      ...conditionsErrors(status?.conditions, 'status.conditions'),
      ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((field) =>
        notNegative(`status.${field}`, status?.[field]),
      ),
    ],
  },
  columns: [
    nameColumn,
    {
      name: 'Min Available',
      description: 'The minimum number of pods that must be available.',
      value: ({ spec }) => String(spec?.minAvailable ?? 'N/A'),
    },
    {
      name: 'Max Unavailable',
      description: 'The maximum number of pods that may be unavailable.',
      value: ({ spec }) => String(spec?.maxUnavailable ?? 'N/A'),
    },
    {
      name: 'Allowed Disruptions',
      description: 'Calculated number of pods that may be disrupted at this time.',
      type: 'integer',
      value: ({ status }) => status?.disruptionsAllowed ?? 0,
    },
    ageColumn,
  ],
})

function specErrors(spec: NonNullable<Wire['spec']>): FieldError[] {
  const errors: FieldError[] = []
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(fieldError.invalid('spec', inGo(spec), 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const [field, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value !== undefined) errors.push(...amountErrors(`spec.${field}`, value), ...atMostAll(`spec.${field}`, value))
  }
  if (selector) errors.push(...labelSelectorErrors(selector, 'spec.selector'))
  if (policy !== undefined && !EVICTION_POLICIES.includes(policy)) {
    errors.push(fieldError.notSupported('spec.unhealthyPodEvictionPolicy', policy, EVICTION_POLICIES))
  }
  return errors
}

/** Upstream shows its own form of it, whose names are Go's. */
const inGo = (spec: NonNullable<Wire['spec']>) => ({
  MinAvailable: spec.minAvailable,
  Selector: spec.selector ?? null,
  MaxUnavailable: spec.maxUnavailable,
  UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
})

// The HorizontalPodAutoscaler: how many there should be, by what is measured.
// Upstream: kubernetes/pkg/apis/autoscaling/v2/defaults.go, pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go.

import type { HPAScalingRules, HorizontalPodAutoscaler as Wire } from 'kubernetes-types/autoscaling/v2'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { metricErrors, referenceErrors, type Versions, versionProblems } from './autoscaling/metric-errors.ts'
import { scalingRulesErrors } from './autoscaling/scaling-rules-errors.ts'
import { shownMetrics } from './autoscaling/shown-metrics.ts'
import { version1 } from './autoscaling/version-1.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const DEFAULT_UTILIZATION = 80
const NOTHING_AT_ZERO = 'must specify at least one Object or External metric to support scaling to zero replicas'

export const HorizontalPodAutoscaler = defineKind<Wire>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: ['status'],
  otherVersions: [version1],
  strategy: {
    setDefaults({ spec }) {
      if (!spec) return
      spec.minReplicas ??= 1
      if (!spec.metrics?.length) {
        const target = { type: 'Utilization', averageUtilization: DEFAULT_UTILIZATION }
        spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
      }
      const { behavior } = spec
      if (!behavior) return
      behavior.scaleUp = { ...defaultScaleUp(), ...behavior.scaleUp }
      behavior.scaleDown = { ...defaultScaleDown(), ...behavior.scaleDown }
    },
    validate: ({ spec }, previous) => (spec ? specErrors(spec, previous?.spec) : [fieldError.required('spec')]),
    validateStatusUpdate: ({ status }) =>
      (['currentReplicas', 'desiredReplicas'] as const).flatMap((field) =>
        (status?.[field] ?? 0) < 0
          ? [fieldError.invalid(`status.${field}`, status?.[field], 'must be greater than or equal to 0')]
          : [],
      ),
  },
  columns: [
    nameColumn,
    {
      name: 'Reference',
      field: 'spec.scaleTargetRef',
      value: ({ spec }) => `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`,
    },
    {
      name: 'Targets',
      field: 'spec.metrics',
      value: ({ spec, status }) => shownMetrics(spec?.metrics ?? [], status?.currentMetrics ?? []),
    },
    {
      name: 'MinPods',
      field: 'spec.minReplicas',
      value: ({ spec }) => (spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas)),
    },
    { name: 'MaxPods', field: 'spec.maxReplicas', value: ({ spec }) => spec?.maxReplicas },
    { name: 'Replicas', field: 'status.currentReplicas', value: ({ status }) => status?.currentReplicas ?? 0 },
    ageColumn,
  ],
})

const POLICY = { value: 100, periodSeconds: 15 }
/** How many more at once, unless the autoscaler says it: four or twice as many, whichever is more. */
const defaultScaleUp = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { ...POLICY, type: 'Pods', value: 4 },
    { ...POLICY, type: 'Percent' },
  ],
})
/** As few as it likes; how long it thinks about it is the loop's own choice. */
const defaultScaleDown = (): HPAScalingRules => ({
  selectPolicy: 'Max',
  policies: [{ ...POLICY, type: 'Percent' }],
})

type Spec = NonNullable<Wire['spec']>

function targetVersions({ scaleTargetRef: target }: Spec, previous: Spec | undefined): Versions {
  const before = previous?.scaleTargetRef
  if (before && before.apiVersion === target?.apiVersion && before.kind === target?.kind) return 'any'
  return target?.kind === 'ReplicationController' ? 'alsoCore' : 'ofGroup'
}

/** What was wrong with one of them before is no matter now. */
const metricVersions = (previous: Spec | undefined): Versions =>
  previous?.metrics?.some(({ object }) => versionProblems(object?.describedObject.apiVersion ?? '', 'alsoCore').length)
    ? 'any'
    : 'alsoCore'

function specErrors(spec: Spec, previous: Spec | undefined): FieldError[] {
  const errors: FieldError[] = []
  const { minReplicas, maxReplicas = 0, metrics = [], behavior } = spec
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.push(fieldError.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'))
  }
  if (maxReplicas === 0) errors.push(fieldError.required('spec.maxReplicas', 'must be set and greater than 0'))
  else if (maxReplicas < 0) {
    errors.push(fieldError.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'))
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(fieldError.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  }
  return [
    ...errors,
    ...referenceErrors(spec.scaleTargetRef, 'spec.scaleTargetRef', targetVersions(spec, previous)),
    ...metrics.flatMap((metric, index) => metricErrors(metric, `spec.metrics[${index}]`, metricVersions(previous))),
    ...(minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')
      ? [fieldError.forbidden('spec.metrics', NOTHING_AT_ZERO)]
      : []),
    ...scalingRulesErrors(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...scalingRulesErrors(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ]
}

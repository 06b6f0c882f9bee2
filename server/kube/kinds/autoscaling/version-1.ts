// autoscaling/v1 knows one metric, the processor. What else an autoscaler is told travels in annotations, so that a
// client of this version loses nothing. Upstream: kubernetes/pkg/apis/autoscaling/v1/conversion.go, annotations.go.

import type { HorizontalPodAutoscaler as One } from 'kubernetes-types/autoscaling/v1'
import type {
  MetricSpec,
  MetricStatus,
  MetricTarget,
  HorizontalPodAutoscaler as Two,
} from 'kubernetes-types/autoscaling/v2'
import type { ObjectMeta } from 'kubernetes-types/meta/v1'
import { isDeeperThan } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../apimachinery/json.ts'
import type { OtherVersion } from '../define-kind.ts'
import { currentAsOne, currentAsTwo, metricAsOne, metricAsTwo } from './metric-forms.ts'

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const CURRENT = 'autoscaling.alpha.kubernetes.io/current-metrics'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const TRAVELLING = [METRICS, CURRENT, CONDITIONS, BEHAVIOR]

export const version1: OtherVersion<Two> = {
  group: 'autoscaling',
  version: 'v1',
  setDefaults(autoscaler: One) {
    if (autoscaler.spec) autoscaler.spec.minReplicas ??= 1
  },
  shown,
  stored,
}

function shown({ metadata, spec, status }: Two): One {
  const metrics = spec?.metrics ?? []
  const others = metrics.filter((metric) => !isProcessor(metric))
  const annotations: Record<string, string> = withoutTravelling(metadata?.annotations)
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map(metricAsOne))
  if (status?.currentMetrics?.length) annotations[CURRENT] = JSON.stringify(status.currentMetrics.map(currentAsOne))
  if (status?.conditions?.length) annotations[CONDITIONS] = JSON.stringify(status.conditions)
  if (spec?.behavior) annotations[BEHAVIOR] = JSON.stringify(withGoNames(spec.behavior as unknown as JsonObject))
  const usage = metrics.find(isProcessor)?.resource?.target.averageUtilization
  const measured = status?.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current
  return {
    ...withMetadata(metadata, annotations),
    ...(spec
      ? {
          spec: {
            scaleTargetRef: spec.scaleTargetRef,
            ...(spec.minReplicas === undefined ? {} : { minReplicas: spec.minReplicas }),
            maxReplicas: spec.maxReplicas,
            ...(usage === undefined ? {} : { targetCPUUtilizationPercentage: usage }),
          },
        }
      : {}),
    ...(status
      ? {
          status: {
            ...(status.observedGeneration === undefined ? {} : { observedGeneration: status.observedGeneration }),
            ...(status.lastScaleTime === undefined ? {} : { lastScaleTime: status.lastScaleTime }),
            currentReplicas: status.currentReplicas ?? 0,
            desiredReplicas: status.desiredReplicas,
            ...(measured?.averageUtilization === undefined
              ? {}
              : { currentCPUUtilizationPercentage: measured.averageUtilization }),
          },
        }
      : {}),
  }
}

function stored({ metadata, spec, status }: One): Two {
  const { annotations = {} } = metadata ?? {}
  const { targetCPUUtilizationPercentage: usage, ...restOfSpec } = spec ?? {
    scaleTargetRef: { kind: '', name: '' },
    maxReplicas: 0,
  }
  const { currentCPUUtilizationPercentage: measured, ...restOfStatus } = status ?? {
    currentReplicas: 0,
    desiredReplicas: 0,
  }
  const others = listIn(annotations[METRICS]).map(metricAsTwo)
  const current = listIn(annotations[CURRENT]).map(currentAsTwo)
  const conditions = listIn(annotations[CONDITIONS])
  const behavior = read(annotations[BEHAVIOR])
  const metrics = [...others, ...(usage === undefined ? [] : [processor(usage)])]
  const currentMetrics = current.length > 0 ? current : measured === undefined ? [] : [processorNow(measured)]
  return {
    ...withMetadata(metadata, withoutTravelling(annotations)),
    spec: {
      ...restOfSpec,
      ...(metrics.length > 0 ? { metrics } : {}),
      ...(isJsonObject(behavior) ? { behavior: withJsonNames(behavior) } : {}),
    },
    ...(status
      ? {
          status: {
            ...restOfStatus,
            ...(currentMetrics.length > 0 ? { currentMetrics } : {}),
            ...(conditions.length > 0 ? { conditions: conditions as never } : {}),
          },
        }
      : {}),
  } as Two
}

const isProcessor = ({ type, resource }: MetricSpec) =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined

const processor = (averageUtilization: number): MetricSpec => {
  const target: MetricTarget = { type: 'Utilization', averageUtilization }
  return { type: 'Resource', resource: { name: 'cpu', target } }
}

const processorNow = (averageUtilization: number): MetricStatus => ({
  type: 'Resource',
  resource: { name: 'cpu', current: { averageUtilization } },
})

const withoutTravelling = (annotations: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !TRAVELLING.includes(key)))

function withMetadata(
  metadata: ObjectMeta | undefined,
  annotations: Record<string, string>,
): { metadata?: ObjectMeta } {
  if (!metadata) return {}
  const { annotations: _old, ...rest } = metadata
  return { metadata: Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest }
}

/** A metric has five. */
const MOST_LEVELS = 20

/** What a client writes there is its own affair: text that is no JSON tells nothing. */
function read(text: string | undefined): JsonValue | undefined {
  try {
    const value = text === undefined ? undefined : parseJson(text)
    return isDeeperThan(value, MOST_LEVELS) ? undefined : value
  } catch {
    return undefined
  }
}

function listIn(text: string | undefined): JsonObject[] {
  const value = read(text)
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** Upstream writes this one by Go's names, `ScaleUp`, and reads either. */
const withGoNames = (value: JsonValue): JsonValue =>
  renamed(value, (name) => name.replace(/^./, (c) => c.toUpperCase()))
const withJsonNames = (value: JsonObject) =>
  renamed(value, (name) => name.replace(/^./, (c) => c.toLowerCase())) as never

function renamed(value: JsonValue, name: (key: string) => string): JsonValue {
  if (Array.isArray(value)) return value.map((item) => renamed(item, name))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [name(key), renamed(inner as JsonValue, name)]),
  )
}

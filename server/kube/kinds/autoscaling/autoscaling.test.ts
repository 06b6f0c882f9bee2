import type { MetricSpec, MetricStatus, HorizontalPodAutoscaler as Wire } from 'kubernetes-types/autoscaling/v2'
import { describe, expect, it } from 'vitest'
import { HorizontalPodAutoscaler } from '../horizontal-pod-autoscaler.ts'
import { shownMetrics } from './shown-metrics.ts'
import { version1 } from './version-1.ts'

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const target = (told: object) => ({ type: 'AverageValue', ...told })
const everyMetric = [
  { type: 'Resource', resource: { name: 'memory', target: target({ averageValue: '1Gi' }) } },
  {
    type: 'ContainerResource',
    containerResource: { name: 'cpu', container: 'web', target: { type: 'Utilization', averageUtilization: 5 } },
  },
  { type: 'Pods', pods: { metric: { name: 'packets' }, target: target({ averageValue: '1k' }) } },
  {
    type: 'Object',
    object: {
      describedObject: { kind: 'Ingress', name: 'main' },
      metric: { name: 'hits' },
      target: { type: 'Value', value: '2k' },
    },
  },
  {
    type: 'External',
    external: {
      metric: { name: 'queue', selector: { matchLabels: { a: 'b' } } },
      target: target({ averageValue: '30' }),
    },
  },
] as MetricSpec[]

describe('an autoscaler', () => {
  it('comes back from autoscaling/v1 as it went, whatever it measures', () => {
    const status = {
      currentReplicas: 2,
      desiredReplicas: 3,
      conditions: [{ type: 'AbleToScale', status: 'True' }],
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 10, averageValue: '5m' } } },
        { type: 'External', external: { metric: { name: 'queue' }, current: { value: '3' } } },
      ],
    }
    const spec = {
      scaleTargetRef,
      minReplicas: 1,
      maxReplicas: 3,
      metrics: everyMetric,
      behavior: { scaleUp: { selectPolicy: 'Min' } },
    }
    const autoscaler = { metadata: { name: 'a', annotations: { mine: 'yes' } }, spec, status } as Wire
    expect(version1.stored(version1.shown(autoscaler))).toEqual(autoscaler)
  })

  it('is written in the annotations of autoscaling/v1 as upstream writes it', () => {
    const object = (amounts: object) => ({
      type: 'Object',
      object: { describedObject: { kind: 'Ingress', name: 'main' }, metric: { name: 'hits' }, target: amounts },
    })
    const processor = {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } },
    }
    const metrics = [object(target({ averageValue: '5' })), processor] as MetricSpec[]
    const currentMetrics = [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 10 } } },
    ] as MetricStatus[]
    const shown = version1.shown({
      metadata: { name: 'a' },
      spec: { scaleTargetRef, maxReplicas: 3, metrics },
      status: { currentReplicas: 1, desiredReplicas: 1, currentMetrics },
    } as Wire)
    expect((shown as Wire).metadata?.annotations).toEqual({
      'autoscaling.alpha.kubernetes.io/metrics':
        '[{"type":"Object","object":{"target":{"kind":"Ingress","name":"main"},"metricName":"hits","targetValue":"0","averageValue":"5"}}]',
      'autoscaling.alpha.kubernetes.io/current-metrics':
        '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":10,"currentAverageValue":"0"}}]',
    })
    // A target of nothing is no target beside an average; and the processor comes last.
    expect((version1.stored(shown) as Wire).spec?.metrics).toEqual(metrics)
  })

  it('measures the processor when it is told nothing', () => {
    const made = {
      spec: { scaleTargetRef, maxReplicas: 3, behavior: { scaleUp: { stabilizationWindowSeconds: 9 } } },
    } as Wire
    HorizontalPodAutoscaler.strategy.setDefaults?.(made)
    expect(made.spec).toMatchObject({
      minReplicas: 1,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 9,
          selectPolicy: 'Max',
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        },
        scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
      },
    })
    expect(made.spec?.behavior?.scaleDown?.stabilizationWindowSeconds, 'left to the loop').toBe(undefined)
  })

  it.each([
    [
      { metrics: [{ type: 'Weather' }] },
      [
        'spec.metrics[0].type: Unsupported value: "Weather": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
        'spec.metrics[0].type: Unsupported value: "Weather": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
      ],
    ],
    [
      {
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: target({ averageUtilization: 5, averageValue: '1' }) } },
        ],
      },
      [
        'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
      ],
    ],
    [
      { metrics: [{ type: 'Pods', pods: { metric: {}, target: { type: 'Value', value: '-1' } } }] },
      [
        'spec.metrics[0].pods.metric.name: Required value: must specify a metric name',
        'spec.metrics[0].pods.target.value: Invalid value: "-1": must be positive',
        'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
      ],
    ],
    [
      { minReplicas: 0 },
      [
        'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
        'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
      ],
    ],
    [
      { scaleTargetRef: { kind: 'Deployment', name: 'a/b' } },
      [
        'spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'',
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
      ],
    ],
    [{ scaleTargetRef: { kind: 'ReplicationController', name: 'a', apiVersion: 'v1' } }, []],
    [
      {
        metrics: [
          {
            type: 'ContainerResource',
            containerResource: { name: 'pods', container: 'a', target: target({ averageUtilization: 5 }) },
          },
        ],
      },
      ['spec.metrics[0].containerResource.name: Invalid value: "pods": must be a standard resource for containers'],
    ],
    [
      { behavior: { scaleUp: { tolerance: '-0.1', policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }] } } },
      ['spec.behavior.scaleUp.tolerance: Invalid value: "-0.1": must be greater than or equal to 0'],
    ],
    [{ minReplicas: 4 }, ['spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`']],
    [
      {
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 3601,
            selectPolicy: 'Most',
            policies: [{ type: 'Pods', value: 0, periodSeconds: 1801 }],
          },
        },
      },
      [
        'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
        'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Most": supported values: "Disabled", "Max", "Min"',
        'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
        'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
      ],
    ],
    [
      { behavior: { scaleDown: { policies: [] } } },
      ['spec.behavior.scaleDown.policies: Required value: must specify at least one Policy'],
    ],
  ] as [object, string[]][])('is refused for %j', (told, expected) => {
    const errors =
      HorizontalPodAutoscaler.strategy.validate?.({ spec: { scaleTargetRef, maxReplicas: 3, ...told } } as Wire) ?? []
    expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual(expected)
  })

  it('shows what it measures beside what it wants', () => {
    const statuses = [
      { type: 'Resource', resource: { name: 'memory', current: { averageValue: '512Mi' } } },
    ] as MetricStatus[]
    expect(shownMetrics(everyMetric.slice(0, 2), statuses)).toBe('memory: 512Mi/1Gi, cpu: <unknown>/5%')
    expect(shownMetrics(everyMetric, statuses)).toBe('memory: 512Mi/1Gi, cpu: <unknown>/5% + 3 more...')
    expect(shownMetrics(everyMetric.slice(3), [])).toBe('<unknown>/2k, <unknown>/30 (avg)')
    expect(shownMetrics([], [])).toBe('<none>')
  })
})

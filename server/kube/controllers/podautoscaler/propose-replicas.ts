// One metric's answer to how many there should be, with the words for it. Upstream: kubernetes/pkg/controller/
// podautoscaler/horizontal.go (computeReplicasForMetric).

import type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from 'kubernetes-types/autoscaling/v2'
import type { Pod } from 'kubernetes-types/core/v1'
import type { Selector } from '../../apimachinery/label-selector.ts'
import { Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { messageOf } from '../pod-control.ts'
import { groupOf } from './group-of.ts'
import type { Metric, MetricsClient } from './metrics-client.ts'
import {
  type Proposal,
  proposeByAverage,
  proposeByShare,
  proposeByTotal,
  proposeByUtilization,
  type Tolerances,
} from './pod-usage.ts'

export interface Proposed {
  replicas: number
  /** In the reason for a new size. */
  name: string
  status: MetricStatus
}

/** Why a metric says nothing; the reason is that of the condition and the Event. */
export class MetricFailure extends Error {
  readonly reason: string
  /** As the whole autoscaler tells it. */
  readonly inContext: string

  constructor(reason: string, message: string, inContext: string) {
    super(message)
    this.reason = reason
    this.inContext = inContext
  }
}

/** An error of which only the whole autoscaler tells all; the metric's own words are its cause's. */
class Wrapped extends Error {}

export interface Target {
  metrics: MetricsClient
  pods: readonly Pod[]
  selector: Selector
  /** As the scale subresource has them. */
  specReplicas: number
  statusReplicas: number
  tolerances: Tolerances
  now: number
  kindOf(reference: CrossVersionObjectReference): AnyKind | undefined
}

export async function proposeReplicas(target: Target, metric: MetricSpec): Promise<Proposed> {
  const { resource, containerResource, pods, object, external } = metric
  if (resource) {
    return failing('FailedGetResourceMetric', `${resource.name} resource`, () => byResource(target, resource))
  }
  if (containerResource) {
    return failing('FailedGetContainerResourceMetric', `${containerResource.container} container`, () =>
      byResource(target, containerResource, containerResource.container),
    )
  }
  if (pods) return failing('FailedGetPodsMetric', 'pods', () => byPods(target, pods.metric, pods.target))
  if (object) return failing('FailedGetObjectMetric', 'object', () => byObject(target, object))
  if (external) {
    return failing('FailedGetExternalMetric', `${external.metric.name} external`, () => byExternal(target, external))
  }
  const unknown = `unknown metric source type ${JSON.stringify(metric.type)}`
  throw new MetricFailure('InvalidMetricSourceType', unknown, unknown)
}

async function failing(reason: string, context: string, ask: () => Promise<Proposed>): Promise<Proposed> {
  try {
    return await ask()
  } catch (err) {
    const message = messageOf(err instanceof Wrapped ? err.cause : err)
    throw new MetricFailure(reason, message, `failed to get ${context} metric value: ${messageOf(err)}`)
  }
}

/** `failed to get cpu utilization: …`. */
async function telling<T>(what: string, ask: () => Promise<T> | T, between = ': '): Promise<T> {
  try {
    return await ask()
  } catch (err) {
    throw new Error(`${what}${between}${messageOf(err)}`)
  }
}

async function wrapping<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (err) {
    throw new Wrapped(`${what}: ${messageOf(err)}`, { cause: err })
  }
}

const amount = (milli: number, form: Quantity['form'] = 'decimal') =>
  new Quantity(BigInt(milli) * 1_000_000n, form).toString()
const milliOf = (text: string | undefined) => (text === undefined ? undefined : quantityOf(text).milliValue)

async function byResource(
  { metrics, pods, selector, specReplicas: current, tolerances, now }: Target,
  { name, target }: { name: string; target: MetricTarget },
  container?: string,
): Promise<Proposed> {
  const average = milliOf(target.averageValue)
  const percent = target.averageUtilization
  if (average === undefined && percent === undefined) {
    throw new Error(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    )
  }
  const proposal = await telling(
    `failed to get ${name} ${average === undefined ? 'utilization' : 'usage'}`,
    async (): Promise<Proposal> => {
      const measures = await telling(`unable to get metrics for resource ${name}`, () =>
        metrics.ofResource(name, selector, container),
      )
      const asked = { pods, measures, resource: name, current, tolerances, now, ...(container ? { container } : {}) }
      return average === undefined
        ? proposeByUtilization({ ...asked, percent: percent! })
        : proposeByAverage({ ...asked, target: average })
    },
  )
  const told = {
    name,
    current: {
      ...(proposal.percent === undefined ? {} : { averageUtilization: proposal.percent }),
      averageValue: amount(proposal.average, name === 'memory' ? 'binary' : 'decimal'),
    },
  }
  const what = container ? `${name} container resource` : `${name} resource`
  return {
    replicas: proposal.replicas,
    name: average === undefined ? `${what} utilization (percentage of request)` : `${name} resource`,
    status: container
      ? { type: 'ContainerResource', containerResource: { ...told, container } }
      : { type: 'Resource', resource: told },
  }
}

async function byPods(
  { metrics, pods, selector, specReplicas: current, tolerances, now }: Target,
  metric: Metric,
  { averageValue }: MetricTarget,
): Promise<Proposed> {
  const measures = await telling(`unable to get metric ${metric.name}`, () => metrics.ofPods(metric, selector))
  const target = milliOf(averageValue) ?? 0
  const proposal = proposeByAverage({ pods, measures, resource: '', current, tolerances, now, target })
  return {
    replicas: proposal.replicas,
    name: `pods metric ${metric.name}`,
    status: { type: 'Pods', pods: { metric, current: { averageValue: amount(proposal.average) } } },
  }
}

async function byObject(
  { metrics, pods, specReplicas, statusReplicas, tolerances, kindOf }: Target,
  { metric, target, describedObject }: NonNullable<MetricSpec['object']>,
): Promise<Proposed> {
  const { kind, name } = describedObject
  const measure = () => {
    const known = kindOf(describedObject)
    if (known) return metrics.ofObject(metric, known, name)
    const group = groupOf(describedObject.apiVersion)
    const why = `unable to map kind ${group ? `${kind}.${group}` : kind} to resource: no matches for kind "${kind}" in group "${group}"`
    throw new Error(`unable to fetch metrics from custom metrics API: ${why}`)
  }
  // Upstream's words, which it puts together in another order than it means to.
  const ask = () =>
    telling(`unable to get metric ${metric.name}: ${kind} on ${metrics.namespace} ${name}/`, measure, '')
  const { type, value, averageValue } = target
  const one = milliOf(type === 'Value' ? value : averageValue)
  if (one === undefined) {
    throw new Error('invalid object metric source: neither a value target nor an average value target was set')
  }
  const sized =
    type === 'Value'
      ? await ask().then((total) => ({
          replicas: proposeByTotal({ pods, total, target: one, current: specReplicas, tolerances }),
          current: { value: amount(total) },
          name: `${kind} metric ${metric.name}`,
        }))
      : await wrapping(`failed to get ${metric.name} object metric`, async () =>
          shared({ total: await ask(), target: one, current: statusReplicas, tolerances }, metric),
        )
  return {
    replicas: sized.replicas,
    name: sized.name,
    status: { type: 'Object', object: { metric, describedObject, current: sized.current } },
  }
}

async function byExternal(
  { metrics, pods, specReplicas, statusReplicas, tolerances }: Target,
  { metric, target }: NonNullable<MetricSpec['external']>,
): Promise<Proposed> {
  const [average, value] = [milliOf(target.averageValue), milliOf(target.value)]
  if (average === undefined && value === undefined) {
    throw new Error('invalid external metric source: neither a value target nor an average value target was set')
  }
  const what =
    average === undefined
      ? `failed to get external metric ${metric.name}`
      : `failed to get ${metric.name} external metric`
  const asked = `${metrics.namespace}/${metric.name}/${selectorInGo(metric)}`
  const sized = await wrapping(what, async () => {
    const total = await telling(`unable to get external metric ${asked}`, () => metrics.ofAnything(metric))
    if (average !== undefined) return shared({ total, target: average, current: statusReplicas, tolerances }, metric)
    const replicas = proposeByTotal({ pods, total, target: value!, current: specReplicas, tolerances })
    return { replicas, current: { value: amount(total) }, name: nameOf(metric) }
  })
  return {
    replicas: sized.replicas,
    name: sized.name,
    status: { type: 'External', external: { metric, current: sized.current } },
  }
}

function shared(asked: Parameters<typeof proposeByShare>[0], metric: Metric) {
  const { replicas, average } = proposeByShare(asked)
  return { replicas, current: { averageValue: amount(average) }, name: nameOf(metric) }
}

const nameOf = (metric: Metric) => `external metric ${metric.name}(${selectorInGo(metric)})`

/** As Go prints a pointer to it. */
function selectorInGo({ selector }: Metric): string {
  if (!selector) return 'nil'
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const inGo = labels.map(([key, value]) => `${key}: ${value},`).join('')
  return `&LabelSelector{MatchLabels:map[string]string{${inGo}},MatchExpressions:[]LabelSelectorRequirement{},}`
}

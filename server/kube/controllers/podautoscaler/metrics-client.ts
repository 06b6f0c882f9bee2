// What is measured, asked of the three APIs that tell it: metrics.k8s.io of pods, custom.metrics.k8s.io of objects,
// external.metrics.k8s.io of anything else. Amounts are in thousandths, as autoscalers count.
// Upstream: kubernetes/pkg/controller/podautoscaler/metrics/client.go.

import { goDurationMs } from '../../apimachinery/go-duration.ts'
import {
  formatSelector,
  type LabelSelector,
  type Selector,
  selectorOfObject,
} from '../../apimachinery/label-selector.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'

export interface Measured {
  milli: number
  /** The end of the time that was measured, and how long it was. */
  at: number
  windowMs: number
}

/** By the pod's name. */
export type PodMeasures = Map<string, Measured>

export interface Metric {
  name: string
  selector?: LabelSelector
}

interface PodMetricsList {
  items?: {
    metadata?: { name?: string }
    timestamp?: string
    window?: string
    containers?: { name: string; usage?: Record<string, string> }[]
  }[]
}

interface MetricValueList {
  items?: {
    describedObject?: { name?: string }
    timestamp?: string
    windowSeconds?: number
    window?: number
    value?: string
  }[]
}

const CUSTOM_VERSIONS = ['v1beta2', 'v1beta1']
/** Of a metric that does not say it. */
const WINDOW_MS = 60_000

export class MetricsClient {
  readonly #client: Client
  readonly namespace: string

  constructor(client: Client, namespace: string) {
    this.#client = client
    this.namespace = namespace
  }

  /** What the pods use of a resource; of one container, where that is named. */
  async ofResource(resource: string, selector: Selector, container?: string): Promise<PodMeasures> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${this.namespace}/pods`
    const query = { labelSelector: formatSelector(selector) }
    const list = await this.#get<PodMetricsList>(path, query, 'pods.metrics.k8s.io').catch((err) => {
      throw new Error(`unable to fetch metrics from resource metrics API: ${wordsOf(err)}`)
    })
    const items = list.items ?? []
    if (items.length === 0) throw new Error('no metrics returned from resource metrics API')
    const measures: PodMeasures = new Map()
    for (const { metadata, timestamp = '', window = '', containers = [] } of items) {
      const { name = '' } = metadata ?? {}
      const counted = container ? containers.filter((one) => one.name === container) : containers
      const usages = counted.map(({ usage }) => usage?.[resource])
      if (usages.length === 0 || usages.includes(undefined)) continue
      const milli = usages.reduce((sum, usage) => sum + quantityOf(usage).milliValue, 0)
      measures.set(name, { milli, at: Date.parse(timestamp), windowMs: goDurationMs(window) ?? WINDOW_MS })
    }
    return measures
  }

  async ofPods(metric: Metric, selector: Selector): Promise<PodMeasures> {
    const path = `namespaces/${this.namespace}/pods/*/${metric.name}`
    const query = { labelSelector: formatSelector(selector), ...selectorQuery('metricLabelSelector', metric) }
    const items = await this.#custom(path, query, `pods.custom.metrics.k8s.io *`)
    if (items.length === 0) throw new Error('no metrics returned from custom metrics API')
    return new Map(
      items.map(({ describedObject, value, timestamp = '', windowSeconds, window }) => {
        const seconds = windowSeconds ?? window
        const windowMs = seconds === undefined ? WINDOW_MS : seconds * 1000
        return [
          describedObject?.name ?? '',
          { milli: quantityOf(value).milliValue, at: Date.parse(timestamp), windowMs },
        ] as const
      }),
    )
  }

  /** Whatever it is, it is asked for in the autoscaler's namespace, and of namespaces none but that one. */
  async ofObject(metric: Metric, kind: AnyKind, name: string): Promise<number> {
    const resource = kind.group ? `${kind.plural}.${kind.group}` : kind.plural
    const object = kind.kind === 'Namespace' && kind.group === '' ? 'metrics' : `${resource}/${name}`
    const path = `namespaces/${this.namespace}/${object}/${metric.name}`
    const items = await this.#custom(path, selectorQuery('metricLabelSelector', metric), `${resource} ${name}`)
    if (items.length !== 1) {
      throw new Error(
        `unable to fetch metrics from custom metrics API: the custom metrics API server returned ${items.length} results when we asked for exactly one`,
      )
    }
    return quantityOf(items[0]?.value).milliValue
  }

  /** The sum of all series that are selected. */
  async ofAnything(metric: Metric): Promise<number> {
    const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${this.namespace}/${metric.name}`
    const asked = `${metric.name}.external.metrics.k8s.io`
    const list = await this.#get<MetricValueList>(path, selectorQuery('labelSelector', metric), asked).catch((err) => {
      throw new Error(`unable to fetch metrics from external metrics API: ${wordsOf(err)}`)
    })
    const items = list.items ?? []
    if (items.length === 0) throw new Error('no metrics returned from external metrics API')
    return items.reduce((sum, { value }) => sum + quantityOf(value).milliValue, 0)
  }

  /** In the newest version that is served. */
  async #custom(path: string, query: Record<string, string>, asked: string) {
    let failure: unknown
    for (const version of CUSTOM_VERSIONS) {
      try {
        const list = await this.#get<MetricValueList>(`/apis/custom.metrics.k8s.io/${version}/${path}`, query, asked)
        return list.items ?? []
      } catch (err) {
        failure ??= err
        if (!isNotFound(err)) break
      }
    }
    if (!(failure instanceof StatusError)) throw failure
    throw new Error(`unable to fetch metrics from custom metrics API: ${wordsOf(failure)}`)
  }

  /** The server that answers may be any: its JSON comes as it is. */
  async #get<T>(path: string, query: Record<string, string>, asked: string): Promise<T> {
    try {
      const answer = await this.#client.transport.request({ method: 'GET', path, query })
      return (typeof answer === 'string' ? JSON.parse(answer) : answer) as T
    } catch (err) {
      // What nobody has said more about is told with what was asked.
      if (!(err instanceof StatusError) || err.details?.name) throw err
      const told = GENERIC[err.code]
      throw told ? StatusError.fromStatus({ ...err.toStatus(), message: `${told} (get ${asked})` }) : err
    }
  }
}

const GENERIC: Readonly<Record<number, string>> = {
  404: 'the server could not find the requested resource',
  503: 'the server is currently unable to handle the request',
}

const wordsOf = (err: unknown) => (err instanceof Error ? err.message : String(err))

function selectorQuery(parameter: string, { selector }: Metric): Record<string, string> {
  const text = selector ? formatSelector(selectorOfObject(selector)) : ''
  return text === '' ? {} : { [parameter]: text }
}

// Metrics in Prometheus' text format, as every scraper reads it.

import type { Histogram } from '../store-interface.ts'

export interface Metric {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  values: { labels?: Record<string, string>; value: number }[]
  histogram?: Histogram
}

export function metricsText(metrics: Metric[]): string {
  return metrics.map((metric) => `# TYPE ${metric.name} ${metric.type}\n${samples(metric).join('')}`).join('')
}

function samples({ name, values, histogram }: Metric): string[] {
  const lines = values.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`)
  if (histogram) {
    for (const { le, count } of histogram.buckets) lines.push(`${name}_bucket{le="${le}"} ${count}\n`)
    lines.push(`${name}_bucket{le="+Inf"} ${histogram.count}\n`)
    lines.push(`${name}_sum ${histogram.sum}\n`, `${name}_count ${histogram.count}\n`)
  }
  return lines
}

function labelText(labels: Record<string, string> | undefined): string {
  if (!labels) return ''
  const pairs = Object.entries(labels).map(
    ([key, value]) => `${key}="${value.replace(/["\\\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`,
  )
  return `{${pairs.join(',')}}`
}

// What the node and its containers use, in Prometheus' text form: `/metrics/resource` of the kubelet, from which
// metrics.k8s.io is made. Each line says when it was counted. Upstream: pkg/kubelet/metrics/collectors/resource_metrics.go.

import { type NodeMeasure, usedBy } from './measure.ts'

type Sample = readonly [labels: string, value: number, at?: number]

export function resourceMetrics({ used, pods }: NodeMeasure): string {
  const perPod = pods.map((one) => ({ labels: labelsOf(one.pod), used: usedBy(one) }))
  const perContainer = pods.flatMap(({ pod, containers }) =>
    containers.map(({ name, usage, startedAt }) => ({
      labels: `container="${name}",${labelsOf(pod)}`,
      usage,
      startedAt,
    })),
  )
  const lines: string[] = []
  const metric = (name: string, type: string, samples: Sample[]) =>
    lines.push(
      `# HELP ${name} ${HELP[name] ?? ''}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(([labels, value, at]) => `${name}${labels ? `{${labels}}` : ''} ${value}${at ? ` ${at}` : ''}`),
    )
  metric(
    'container_cpu_usage_seconds_total',
    'counter',
    perContainer.map(({ labels, usage }) => [labels, usage.cpuNanoSeconds / 1e9, usage.at]),
  )
  metric(
    'container_memory_working_set_bytes',
    'gauge',
    perContainer.map(({ labels, usage }) => [labels, usage.memoryWorkingSetBytes, usage.at]),
  )
  metric(
    'container_start_time_seconds',
    'gauge',
    perContainer.map(({ labels, startedAt }) => [labels, startedAt / 1000, used.at]),
  )
  metric('node_cpu_usage_seconds_total', 'counter', [['', used.cpuNanoSeconds / 1e9, used.at]])
  metric('node_memory_working_set_bytes', 'gauge', [['', used.memoryWorkingSetBytes, used.at]])
  metric(
    'pod_cpu_usage_seconds_total',
    'counter',
    perPod.map(({ labels, used: pod }) => [labels, pod.cpuNanoSeconds / 1e9, pod.at]),
  )
  metric(
    'pod_memory_working_set_bytes',
    'gauge',
    perPod.map(({ labels, used: pod }) => [labels, pod.memoryWorkingSetBytes, pod.at]),
  )
  metric('resource_scrape_error', 'gauge', [['', 0]])
  return `${lines.join('\n')}\n`
}

const labelsOf = ({ metadata }: { metadata?: { namespace?: string; name?: string } }) =>
  `namespace="${metadata?.namespace}",pod="${metadata?.name}"`

const HELP: Readonly<Record<string, string>> = {
  container_cpu_usage_seconds_total: 'Processor time that the container has used.',
  container_memory_working_set_bytes: 'Memory of the container that cannot be taken from it at once.',
  container_start_time_seconds: 'When the container was started, in seconds since 1970.',
  node_cpu_usage_seconds_total: 'Processor time that the node has used.',
  node_memory_working_set_bytes: 'Memory of the node that cannot be taken from it at once.',
  pod_cpu_usage_seconds_total: 'Processor time that the containers of the pod have used.',
  pod_memory_working_set_bytes: 'Memory of the containers of the pod that cannot be taken from them at once.',
  resource_scrape_error: '1 when not all could be measured, 0 otherwise.',
}

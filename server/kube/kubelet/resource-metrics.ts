// What the node and its containers use, in Prometheus' text form: `/metrics/resource` of the kubelet, from which
// metrics.k8s.io is made. Upstream: pkg/kubelet/metrics/collectors/resource_metrics.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ContainerRuntime, ContainerUsage } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'

interface Told {
  runtime: ContainerRuntime
  os: NodeOs
  pods(): readonly Pod[]
  now(): number
}

interface Used {
  at: number
  cpuNanoSeconds: number
  memoryWorkingSetBytes: number
}

export async function resourceMetrics({ runtime, os, pods, now }: Told): Promise<string> {
  const [usages, containers, machine] = await Promise.all([runtime.stats(), runtime.listContainers(), os.usage()])
  const podOf = new Map(pods().map((pod) => [pod.metadata?.uid, pod]))
  const usageOf = new Map(usages.map((usage) => [usage.containerId, usage]))
  const perContainer: { labels: string; usage: Used; startedAt: number }[] = []
  const perPod = new Map<string, Used>()
  for (const { id, name, podUid, startedAt } of containers) {
    const usage = usageOf.get(id)
    const { metadata } = podOf.get(podUid) ?? {}
    if (!usage || !metadata) continue
    const of = `namespace="${metadata.namespace}",pod="${metadata.name}"`
    perContainer.push({ labels: `container="${name}",${of}`, usage, startedAt })
    perPod.set(of, sum([perPod.get(of), usage]))
  }
  const node: Used = machine ? { at: now(), ...machine } : sum([{ ...NOTHING, at: now() }, ...usages])
  const lines: string[] = []
  const metric = (
    name: string,
    type: string,
    samples: Iterable<readonly [labels: string, value: number, at: number]>,
  ) =>
    lines.push(
      `# HELP ${name} ${HELP[name] ?? ''}`,
      `# TYPE ${name} ${type}`,
      ...Array.from(samples, ([labels, value, at]) => `${name}${labels ? `{${labels}}` : ''} ${value} ${at}`),
    )
  const each = <T>(of: Iterable<T>, sample: (one: T) => [string, number, number]) => Array.from(of, sample)
  metric(
    'container_cpu_usage_seconds_total',
    'counter',
    each(perContainer, ({ labels, usage }) => [labels, usage.cpuNanoSeconds / 1e9, usage.at]),
  )
  metric(
    'container_memory_working_set_bytes',
    'gauge',
    each(perContainer, ({ labels, usage }) => [labels, usage.memoryWorkingSetBytes, usage.at]),
  )
  metric(
    'container_start_time_seconds',
    'gauge',
    each(perContainer, ({ labels, startedAt }) => [labels, startedAt / 1000, now()]),
  )
  metric('node_cpu_usage_seconds_total', 'counter', [['', node.cpuNanoSeconds / 1e9, node.at]])
  metric('node_memory_working_set_bytes', 'gauge', [['', node.memoryWorkingSetBytes, node.at]])
  metric(
    'pod_cpu_usage_seconds_total',
    'counter',
    each(perPod, ([labels, used]) => [labels, used.cpuNanoSeconds / 1e9, used.at]),
  )
  metric(
    'pod_memory_working_set_bytes',
    'gauge',
    each(perPod, ([labels, used]) => [labels, used.memoryWorkingSetBytes, used.at]),
  )
  return `${lines.join('\n')}\n`
}

const HELP: Readonly<Record<string, string>> = {
  container_cpu_usage_seconds_total: 'Processor time that the container has used.',
  container_memory_working_set_bytes: 'Memory of the container that cannot be taken from it at once.',
  container_start_time_seconds: 'When the container was started, in seconds since 1970.',
  node_cpu_usage_seconds_total: 'Processor time that the node has used.',
  node_memory_working_set_bytes: 'Memory of the node that cannot be taken from it at once.',
  pod_cpu_usage_seconds_total: 'Processor time that the containers of the pod have used.',
  pod_memory_working_set_bytes: 'Memory of the containers of the pod that cannot be taken from them at once.',
}

const NOTHING: Used = { at: 0, cpuNanoSeconds: 0, memoryWorkingSetBytes: 0 }

function sum(parts: (Used | ContainerUsage | undefined)[]): Used {
  let { at, cpuNanoSeconds, memoryWorkingSetBytes } = NOTHING
  for (const part of parts) {
    at = Math.max(at, part?.at ?? 0)
    cpuNanoSeconds += part?.cpuNanoSeconds ?? 0
    memoryWorkingSetBytes += part?.memoryWorkingSetBytes ?? 0
  }
  return { at, cpuNanoSeconds, memoryWorkingSetBytes }
}

// `/metrics/cadvisor`: what containers use, under the names that dashboards know from cAdvisor. The lines without a container
// are the pod's as a whole. Upstream: google/cadvisor metrics/prometheus.go.

import { type Labels, Metrics } from '../../../base/metrics.ts'
import type { MachineInfo } from '../../node-os/node-os.ts'
import { type ContainerMeasure, type NodeMeasure, type PodMeasure, usedBy } from './measure.ts'

export function cadvisorMetrics({ pods }: NodeMeasure, machine: MachineInfo): string {
  const metrics = new Metrics()
  const perContainer = (name: string, help: string, read: (one: ContainerMeasure) => number | undefined) =>
    metrics.gauge(name, help, () =>
      pods.flatMap((of) =>
        of.containers.flatMap((one) => {
          const value = read(one)
          return value === undefined ? [] : [[containerLabels(of, one), value] as const]
        }),
      ),
    )
  metrics.gauge('container_cpu_usage_seconds_total', 'Cumulative cpu time consumed in seconds.', () => [
    ...pods.flatMap((of) =>
      of.containers.map(
        (one) => [{ ...containerLabels(of, one), cpu: 'total' }, one.usage.cpuNanoSeconds / 1e9] as const,
      ),
    ),
    ...pods.map((of) => [{ ...podLabels(of), cpu: 'total' }, usedBy(of).cpuNanoSeconds / 1e9] as const),
  ])
  metrics.gauge('container_memory_working_set_bytes', 'Current working set of the container in bytes.', () => [
    ...pods.flatMap((of) =>
      of.containers.map((one) => [containerLabels(of, one), one.usage.memoryWorkingSetBytes] as const),
    ),
    ...pods.map((of) => [podLabels(of), usedBy(of).memoryWorkingSetBytes] as const),
  ])
  perContainer(
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    ({ usage }) => usage.memoryUsageBytes,
  )
  perContainer('container_memory_rss', 'Size of RSS in bytes.', ({ usage }) => usage.memoryRssBytes)
  perContainer(
    'container_spec_memory_limit_bytes',
    'Memory limit for the container.',
    ({ resources }) => resources.memoryLimitBytes ?? 0,
  )
  perContainer('container_spec_cpu_shares', 'CPU share of the container.', ({ resources }) => resources.cpuShares)
  perContainer('container_spec_cpu_quota', 'CPU quota of the container.', ({ resources }) => resources.cpuQuota)
  perContainer('container_spec_cpu_period', 'CPU period of the container.', ({ resources }) =>
    resources.cpuQuota ? resources.cpuPeriod : undefined,
  )
  perContainer(
    'container_start_time_seconds',
    'Start time of the container since unix epoch in seconds.',
    ({ startedAt }) => startedAt / 1000,
  )
  perContainer('container_last_seen', 'Last time a container was seen by the exporter', ({ usage }) =>
    Math.floor(usage.at / 1000),
  )
  const perInterface = (name: string, help: string, field: 'rxBytes' | 'txBytes' | 'rxErrors' | 'txErrors') =>
    metrics.gauge(name, help, () =>
      pods.flatMap((of) =>
        of.interfaces.map((one) => [{ ...podLabels(of), interface: one.name }, one[field]] as const),
      ),
    )
  perInterface('container_network_receive_bytes_total', 'Cumulative count of bytes received', 'rxBytes')
  perInterface('container_network_receive_errors_total', 'Cumulative count of errors while receiving', 'rxErrors')
  perInterface('container_network_transmit_bytes_total', 'Cumulative count of bytes transmitted', 'txBytes')
  perInterface('container_network_transmit_errors_total', 'Cumulative count of errors while transmitting', 'txErrors')
  metrics.gauge('machine_cpu_cores', 'Number of logical CPU cores.', () => [[{}, machine.cpus]])
  metrics.gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', () => [[{}, machine.memoryBytes]])
  // Counted by the kernel, not by us: what only grows is called a counter all the same.
  return metrics.text().replace(/^# TYPE (\S+_total) gauge$/gm, '# TYPE $1 counter')
}

function containerLabels(of: PodMeasure, { id, name, image }: ContainerMeasure): Labels {
  return { ...podLabels(of), container: name, id: `/kubepods/pod${of.pod.metadata?.uid}/${id}`, image, name: id }
}

function podLabels({ pod }: PodMeasure): Labels {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
  return { container: '', id: `/kubepods/pod${uid}`, image: '', name: '', namespace, pod: name }
}

// `/metrics`: the kubelet's own work. Upstream: pkg/kubelet/metrics/metrics.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { Metrics } from '../../../base/metrics.ts'
import type { ContainerStatus } from '../../container-runtime/container-runtime.ts'
import type { FsStats, MeasuredVolume } from '../volumes/volume-usage.ts'

export interface KubeletMetricsInput {
  nodeName: string
  version: string
  startedAt: number
  pods: readonly Pod[]
  containers: readonly ContainerStatus[]
  isStatic(pod: Pod): boolean
  counted: { own: Metrics }
  /** Those behind claims, by the pod's uid. */
  volumes: ReadonlyMap<string, readonly MeasuredVolume[]>
  /** Whose volumes each pod has. */
  plugins: ReadonlyMap<Pod, readonly string[]>
  cgroupVersion: number
}

const OF_VOLUMES: [name: string, help: string, of: keyof FsStats][] = [
  ['capacity_bytes', 'Capacity in bytes of the volume', 'capacityBytes'],
  ['available_bytes', 'Number of available bytes in the volume', 'availableBytes'],
  ['used_bytes', 'Number of used bytes in the volume', 'usedBytes'],
  ['inodes', 'Maximum number of inodes in the volume', 'inodes'],
  ['inodes_free', 'Number of free inodes in the volume', 'inodesFree'],
  ['inodes_used', 'Number of used inodes in the volume', 'inodesUsed'],
]

export function kubeletMetrics(input: KubeletMetricsInput): string {
  const { nodeName, version, startedAt, containers, isStatic, counted, pods, cgroupVersion } = input
  const now = new Metrics()
  const active = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
  const bySource = (all: readonly Pod[]) => {
    const fromFiles = all.filter(isStatic).length
    return [[{ static: 'true' }, fromFiles] as const, [{ static: '' }, all.length - fromFiles] as const]
  }
  now.gauge('kubelet_node_name', "The node's name. The count is always 1.", () => [[{ node: nodeName }, 1]])
  now.gauge('kubernetes_build_info', 'A metric with a constant value of 1, labeled by the version.', () => [
    [{ git_version: version, platform: 'linux' }, 1],
  ])
  now.gauge('kubelet_desired_pods', 'The number of pods the kubelet is being instructed to run.', () => bySource(pods))
  now.gauge('kubelet_active_pods', 'The number of pods the kubelet considers active.', () => bySource(active))
  now.gauge(
    'kubelet_mirror_pods',
    'The number of mirror pods the kubelet will try to create (one per admitted static pod)',
    () => [[{}, pods.filter(isStatic).length]],
  )
  now.gauge('kubelet_running_pods', 'Number of pods that have a running pod sandbox', () => [
    [{}, new Set(containers.filter(({ state }) => state === 'running').map(({ podUid }) => podUid)).size],
  ])
  now.gauge('kubelet_running_containers', 'Number of containers currently running', () =>
    ['created', 'exited', 'running', 'unknown'].map((state) => [
      { container_state: state },
      containers.filter((one) => one.state === state).length,
    ]),
  )
  now.gauge(
    'kubelet_managed_ephemeral_containers',
    'Current number of ephemeral containers in pods managed by this kubelet.',
    () => [[{}, pods.reduce((sum, { spec }) => sum + (spec?.ephemeralContainers?.length ?? 0), 0)]],
  )
  now.gauge('kubelet_cgroup_version', 'cgroup version on the hosts.', () => [[{}, cgroupVersion]])
  now.gauge('volume_manager_total_volumes', 'Number of volumes in Volume Manager', () => {
    const begun = active.filter(({ metadata }) => containers.some(({ podUid }) => podUid === metadata?.uid))
    return [
      ...volumesByPlugin(input, active, 'desired_state_of_world'),
      ...volumesByPlugin(input, begun, 'actual_state_of_world'),
    ]
  })
  const claimed = volumesByClaim(input)
  for (const [name, help, of] of OF_VOLUMES) {
    now.gauge(`kubelet_volume_stats_${name}`, help, () => claimed.map(([labels, usage]) => [labels, usage[of]]))
  }
  now.gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () => [
    [{}, startedAt / 1000],
  ])
  const { user, system } = process.cpuUsage()
  now.gauge('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => [
    [{}, (user + system) / 1e6],
  ])
  now.gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => [[{}, process.memoryUsage.rss()]])
  // Counted by the kernel, not by us.
  const text = now.text().replace('# TYPE process_cpu_seconds_total gauge', '# TYPE process_cpu_seconds_total counter')
  return text + counted.own.text()
}

/** A pod that has containers has all its volumes: without one of them none would have begun. */
function volumesByPlugin({ plugins }: KubeletMetricsInput, pods: readonly Pod[], state: string) {
  const counts = new Map<string, number>()
  for (const plugin of pods.flatMap((pod) => plugins.get(pod) ?? [])) counts.set(plugin, (counts.get(plugin) ?? 0) + 1)
  return [...counts].map(([plugin, count]) => [{ plugin_name: plugin, state }, count] as const)
}

/** A claim that several pods use is one volume. */
function volumesByClaim({ pods, volumes }: KubeletMetricsInput): [Record<string, string>, FsStats][] {
  const found = new Map<string, [Record<string, string>, FsStats]>()
  for (const { metadata } of pods) {
    const namespace = metadata?.namespace ?? ''
    for (const { claimName = '', usage } of volumes.get(metadata?.uid ?? '') ?? []) {
      found.set(`${namespace}/${claimName}`, [{ namespace, persistentvolumeclaim: claimName }, usage])
    }
  }
  return [...found.values()]
}

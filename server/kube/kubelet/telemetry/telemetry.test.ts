// One pod of two containers on a simulated runtime; what a real kernel counts is compared in e2e/kubelet.

import type { Pod } from 'kubernetes-types/core/v1'
import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { Metrics } from '../../../base/metrics.ts'
import type { ContainerConfig, PodSandboxConfig } from '../../container-runtime/container-runtime.ts'
import { SimulatedRuntime } from '../../container-runtime/simulated/simulated-runtime.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import type { MeasuredVolume } from '../volumes/volume-usage.ts'
import { interfacesOf } from './interfaces.ts'
import { Telemetry } from './telemetry.ts'

const NET = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     500       5    0    0    0     0          0         0      500       5    0    0    0     0       0          0
  eth0:    1000      10    1    0    0     0          0         0     2000      20    2    0    0     0       0          0
`
const pod = {
  metadata: { namespace: 'shop', name: 'web', uid: 'u' },
  spec: { containers: [] },
  status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z' },
} as unknown as Pod

let clock: FakeClock
let volumes: MeasuredVolume[]
let runtime: SimulatedRuntime
let telemetry: Telemetry
beforeEach(async () => {
  clock = new FakeClock()
  volumes = []
  const onDisk = async () => ({ bytes: 370, inodes: 1, logs: { bytes: 70, inodes: 1 } })
  runtime = new SimulatedRuntime({ clock, podCidr: '10.244.7.0/24' })
  runtime.containerDiskUsage = onDisk
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    readFile: async (path: string) => (/^\/proc\/(1|self)\/net\/dev$/.test(path) ? NET : undefined),
    fileSystem: async () => ({ capacityBytes: 1000, availableBytes: 600, inodes: 50, inodesFree: 40 }),
    processes: async () => ({ running: 70, limit: 2000 }),
  }
  const annotations = { 'simulated.podium.dev/app.cpu': '250m', 'simulated.podium.dev/app.memory': '64Mi' }
  const sandbox = await runtime.runPodSandbox({
    name: 'web',
    namespace: 'shop',
    uid: 'u',
    attempt: 0,
    annotations,
    hostNetwork: false,
  } as unknown as PodSandboxConfig)
  for (const name of ['app', 'side']) {
    await runtime.pullImage(`${name}:1`)
    const config = {
      name,
      image: `${name}:1`,
      attempt: 0,
      annotations: {},
      resources: { memoryLimitBytes: 128 * 2 ** 20 },
    }
    await runtime.startContainer(await runtime.createContainer(sandbox, config as unknown as ContainerConfig))
  }
  const machine = await os.machine()
  const counted = { own: new Metrics(), probes: new Metrics() }
  telemetry = new Telemetry({
    nodeName: 'n1',
    version: 'v1.36.0',
    runtime,
    os,
    machine,
    counted,
    pods: () => [pod],
    now: () => clock.now(),
    isStatic: () => false,
    volumes: {
      usage: async () => volumes,
      pluginsOf: async () => ['kubernetes.io/empty-dir', 'kubernetes.io/projected'],
    },
  })
})

it('reads the kernel’s count of each interface', () => {
  expect(interfacesOf(NET)).toEqual([{ name: 'eth0', rxBytes: 1000, rxErrors: 1, txBytes: 2000, txErrors: 2 }])
})

it('sums up a node, its pods and containers, and how fast they use a processor from the second look on', async () => {
  type Cpu = { usageCoreNanoSeconds: number; usageNanoCores?: number }
  const look = async () =>
    (await telemetry.summary({ onlyCpuAndMemory: false })) as {
      node: { cpu: Cpu; fs: object; network: object; rlimit: object }
      pods: { podRef: object; cpu: Cpu; containers: { name: string; cpu: Cpu; memory: object }[]; network: object }[]
    }
  await clock.advance(4_000)
  const first = await look()
  expect(first.node.fs).toMatchObject({ capacityBytes: 1000, availableBytes: 600, usedBytes: 400, inodesUsed: 10 })
  expect(first.node.rlimit).toEqual({ time: '2026-01-01T00:00:04Z', maxpid: 2000, curproc: 70 })
  expect(first.pods[0]).toMatchObject({
    podRef: { name: 'web', namespace: 'shop', uid: 'u' },
    startTime: '2026-01-01T00:00:00Z',
    cpu: { time: '2026-01-01T00:00:04Z', usageCoreNanoSeconds: 1_004_000_000 },
    memory: { workingSetBytes: 68 * 2 ** 20, usageBytes: 68 * 2 ** 20, pageFaults: 0 },
    process_stats: { process_count: 2 },
    network: { name: 'eth0', rxBytes: 1000, txBytes: 2000 },
  })
  expect(first.pods[0]?.containers[0]).toMatchObject({
    name: 'app',
    memory: { workingSetBytes: 64 * 2 ** 20, availableBytes: 64 * 2 ** 20 },
    rootfs: { capacityBytes: 1000, usedBytes: 300 },
    logs: { capacityBytes: 1000, usedBytes: 70, inodesUsed: 1 },
  })
  expect(first.pods[0]?.containers[0]?.cpu.usageNanoCores).toBeUndefined()
  await clock.advance(10_000)
  const second = await look()
  expect(second.pods[0]?.containers.map(({ name, cpu }) => [name, cpu.usageNanoCores])).toEqual([
    ['app', 250_000_000],
    ['side', 1_000_000],
  ])
  expect(second.pods[0]?.cpu.usageNanoCores).toBe(251_000_000)
  expect(await telemetry.summary({ onlyCpuAndMemory: true })).not.toHaveProperty('node.fs')
})

it('tells how full volumes are, and counts those on the node’s disk as the pod’s', async () => {
  const usage = { availableBytes: 600, capacityBytes: 1000, usedBytes: 70, inodesFree: 40, inodes: 50, inodesUsed: 3 }
  volumes = [
    { name: 'scratch', usage },
    { name: 'memory', usage },
    { name: 'data', claimName: 'web-data', usage },
  ]
  const { spec } = pod as { spec: { volumes?: object[] } }
  spec.volumes = [
    { name: 'scratch', emptyDir: {} },
    { name: 'memory', emptyDir: { medium: 'Memory' } },
    { name: 'data', persistentVolumeClaim: { claimName: 'web-data' } },
  ]
  const { pods } = (await telemetry.summary({ onlyCpuAndMemory: false })) as {
    pods: { volume: { name: string }[]; 'ephemeral-storage': object }[]
  }
  expect(pods[0]?.volume.map(({ name }) => name)).toEqual(['scratch', 'memory', 'data'])
  const time = '2026-01-01T00:00:00Z'
  const pvcRef = { name: 'web-data', namespace: 'shop' }
  expect(pods[0]?.volume.at(-1)).toEqual({ time, name: 'data', pvcRef, ...usage })
  expect(pods[0]?.volume[0]).toEqual({ time, name: 'scratch', ...usage })
  expect(pods[0]?.['ephemeral-storage']).toMatchObject({ usedBytes: 2 * 370 + 70, inodesUsed: 2 + 3 })
  volumes = [{ name: 'data', claimName: 'web-data', usage }]
  const lines = (await telemetry.own()).split('\n')
  expect(lines).toContain('kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="web-data"} 70')
  delete spec.volumes
})

it('tells Prometheus the same under cAdvisor’s names', async () => {
  await clock.advance(4_000)
  const lines = (await telemetry.cadvisor()).split('\n')
  const value = (name: string, ...labels: string[]) =>
    lines
      .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
      .map((line) => Number(line.split(' ').at(-1)))
  expect(value('container_cpu_usage_seconds_total', 'container="app"', 'namespace="shop"', 'pod="web"')).toEqual([1])
  expect(value('container_cpu_usage_seconds_total', 'container=""', 'pod="web"')).toEqual([1.004])
  expect(value('container_memory_working_set_bytes', 'container="side"')).toEqual([4 * 2 ** 20])
  expect(value('container_spec_memory_limit_bytes', 'container="app"')).toEqual([128 * 2 ** 20])
  expect(value('container_network_transmit_bytes_total', 'interface="eth0"')).toEqual([2000])
  expect(lines).toContain('# TYPE container_cpu_usage_seconds_total counter')
  expect(lines).toContain('# TYPE container_memory_working_set_bytes gauge')
})

it('counts what runs', async () => {
  const lines = (await telemetry.own()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'kubelet_node_name{node="n1"} 1',
      'kubelet_running_pods 1',
      'kubelet_running_containers{container_state="running"} 2',
      'kubelet_desired_pods{static=""} 1',
      'kubelet_desired_pods{static="true"} 0',
    ]),
  )
})

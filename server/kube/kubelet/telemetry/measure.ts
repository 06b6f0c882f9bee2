// One look at what a machine and its pods use: everything that the kubelet tells of it, in whichever form, is made of this.
// Upstream: pkg/kubelet/stats/cri_stats_provider.go, with cAdvisor behind it.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ContainerResources, ContainerRuntime, ContainerUsage } from '../../container-runtime/container-runtime.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { type Interface, interfacesOf } from './interfaces.ts'

export interface Used {
  /** When it was looked at, in milliseconds since 1970. */
  at: number
  cpuNanoSeconds: number
  memoryWorkingSetBytes: number
  memoryUsageBytes: number
  memoryRssBytes: number
  pageFaults: number
  majorPageFaults: number
}

export interface ContainerMeasure {
  id: string
  name: string
  image: string
  startedAt: number
  usage: ContainerUsage
  resources: ContainerResources
}

export interface PodMeasure {
  pod: Pod
  containers: ContainerMeasure[]
  /** Its own; none on the machine's network. */
  interfaces: Interface[]
}

export interface NodeMeasure {
  used: Used
  interfaces: Interface[]
  pods: PodMeasure[]
}

export interface Sources {
  runtime: ContainerRuntime
  os: NodeOs
  pods(): readonly Pod[]
  now(): number
}

export async function measure({ runtime, os, pods, now }: Sources): Promise<NodeMeasure> {
  const [usages, containers, sandboxes, machine, interfaces] = await Promise.all([
    runtime.stats(),
    runtime.listContainers(),
    runtime.listPodSandboxes(),
    os.usage(),
    readInterfaces(os, 'self'),
  ])
  const usageOf = new Map(usages.map((usage) => [usage.containerId, usage]))
  const measured = new Map<string, ContainerMeasure[]>()
  for (const { id, name, image, podUid, startedAt, resources = {} } of containers) {
    const usage = usageOf.get(id)
    if (!usage) continue
    const list = measured.get(podUid) ?? []
    measured.set(podUid, [...list, { id, name, image, startedAt, usage, resources }])
  }
  const inPods = await Promise.all(
    pods().map(async (pod): Promise<PodMeasure[]> => {
      const uid = pod.metadata?.uid ?? ''
      const found = measured.get(uid)
      if (!found) return []
      const sandbox = sandboxes.find(({ config, state }) => config.uid === uid && state === 'ready')
      const own = sandbox && !pod.spec?.hostNetwork ? await readInterfaces(os, String(sandbox.pid)) : []
      return [{ pod, containers: found, interfaces: own }]
    }),
  )
  const used = machine ? { at: now(), ...machine } : { ...sum(usages), at: now() }
  return { used, interfaces, pods: inPods.flat() }
}

export function sum(parts: readonly Used[]): Used {
  return parts.reduce(
    (all, part) => ({
      at: Math.max(all.at, part.at),
      cpuNanoSeconds: all.cpuNanoSeconds + part.cpuNanoSeconds,
      memoryWorkingSetBytes: all.memoryWorkingSetBytes + part.memoryWorkingSetBytes,
      memoryUsageBytes: all.memoryUsageBytes + part.memoryUsageBytes,
      memoryRssBytes: all.memoryRssBytes + part.memoryRssBytes,
      pageFaults: all.pageFaults + part.pageFaults,
      majorPageFaults: all.majorPageFaults + part.majorPageFaults,
    }),
    {
      at: 0,
      cpuNanoSeconds: 0,
      memoryWorkingSetBytes: 0,
      memoryUsageBytes: 0,
      memoryRssBytes: 0,
      pageFaults: 0,
      majorPageFaults: 0,
    },
  )
}

export const usedBy = ({ containers }: PodMeasure): Used => sum(containers.map(({ usage }) => usage))

async function readInterfaces(os: NodeOs, process: string): Promise<Interface[]> {
  return interfacesOf((await os.readFile(`/proc/${process}/net/dev`)) ?? '')
}

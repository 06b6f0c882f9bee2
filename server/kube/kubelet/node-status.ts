// What the kubelet says about its machine: pure. Upstream: pkg/kubelet/nodestatus/setters.go.

import type { ContainerImage, Node, NodeCondition, NodeStatus } from 'kubernetes-types/core/v1'
import type { MachineInfo } from '../node-os/node-os.ts'
import { timestampOf } from './timestamp.ts'

export interface NodeStatusInput {
  machine: MachineInfo
  nodeIP: string
  maxPods: number
  kubeletVersion: string
  kubeletPort: number
  runtime: { name: string; version: string }
  images: ContainerImage[]
  /** Why pods cannot be run here; undefined when they can. */
  notReady: string | undefined
  /** Told by the operator instead of measured: `{ cpu: '4', memory: '8Gi' }`. */
  capacity?: Record<string, string>
  reserved?: { cpus: number; memoryBytes: number }
  previous: NodeStatus | undefined
  now: number
}

export function nodeStatusOf(input: NodeStatusInput): NodeStatus {
  const { machine, nodeIP, runtime } = input
  const capacity = capacityOf(input)
  return {
    capacity,
    allocatable: allocatableOf(input, capacity),
    conditions: conditionsOf(input),
    addresses: [
      { type: 'InternalIP', address: nodeIP },
      { type: 'Hostname', address: machine.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: input.kubeletPort } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.machineId,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion: input.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
    images: input.images,
  }
}

function capacityOf({ machine, maxPods, capacity }: NodeStatusInput): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: String(maxPods),
    ...capacity,
  }
}

function allocatableOf(
  { machine, reserved }: NodeStatusInput,
  capacity: Record<string, string>,
): Record<string, string> {
  if (!reserved) return capacity
  return {
    ...capacity,
    cpu: `${Math.floor((machine.cpus - reserved.cpus) * 1000)}m`,
    memory: `${Math.floor((machine.memoryBytes - reserved.memoryBytes) / 1024)}Ki`,
  }
}

function conditionsOf({ notReady, previous, now }: NodeStatusInput): NodeCondition[] {
  const at = timestampOf(now)
  const condition = (type: string, status: string, reason: string, message: string): NodeCondition => {
    const before = previous?.conditions?.find((one) => one.type === type)
    const since = before?.status === status ? before.lastTransitionTime : at
    return { type, status, lastHeartbeatTime: at, lastTransitionTime: since ?? at, reason, message }
  }
  return [
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    notReady === undefined
      ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', 'False', 'KubeletNotReady', notReady),
  ]
}

/** Whether something is worth telling before the next report is due: heartbeats alone are not. */
export function hasNews(next: NodeStatus, told: NodeStatus | undefined): boolean {
  if (!told) return true
  const text = ({ conditions = [], ...rest }: NodeStatus) =>
    JSON.stringify([rest, conditions.map(({ lastHeartbeatTime: _, ...condition }) => condition)])
  return text(next) !== text(told)
}

/** One of our conditions reads otherwise in the API. */
export function isContradicted(ours: NodeStatus, theirs: NodeStatus | undefined): boolean {
  return (ours.conditions ?? []).some(
    ({ type, status }) => theirs?.conditions?.find((one) => one.type === type)?.status !== status,
  )
}

export function initialNode(
  name: string,
  options: { machine: MachineInfo; labels: Record<string, string>; taints: NonNullable<Node['spec']>['taints'] },
): Node {
  return {
    metadata: { name, labels: nodeLabels(name, options.machine, options.labels) },
    spec: options.taints?.length ? { taints: options.taints } : {},
  }
}

export function nodeLabels(name: string, machine: MachineInfo, extra: Record<string, string>): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    ...extra,
  }
}

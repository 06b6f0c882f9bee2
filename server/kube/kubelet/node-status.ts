// What the kubelet says about its machine: pure. Upstream: pkg/kubelet/nodestatus/setters.go.

import type { ContainerImage, Node, NodeCondition, NodeStatus } from 'kubernetes-types/core/v1'
import { Quantity, quantityOf } from '../apimachinery/quantity.ts'
import { isExtendedResource } from '../kinds/pod-template/resources.ts'
import type { MachineInfo } from '../node-os/node-os.ts'
import { amountAt, type Pressure } from './eviction/thresholds.ts'
import type { KubeletConfiguration } from './kubelet-configuration.ts'
import { timestampOf } from './timestamp.ts'

export interface NodeStatusInput {
  machine: MachineInfo
  nodeIP: string
  secondNodeIP?: string | undefined
  maxPods: number
  kubeletVersion: string
  kubeletPort: number
  runtime: { name: string; version: string }
  images: ContainerImage[]
  /** Why pods cannot be run here; undefined when they can. */
  notReady: string | undefined
  /** Told by the operator instead of measured: `{ cpu: '4', memory: '8Gi' }`. */
  capacity?: Record<string, string>
  configuration: KubeletConfiguration
  /** By the names of whoever attaches them. */
  volumesInUse: string[]
  /** What the machine is short of. */
  pressures: ReadonlySet<Pressure>
  previous: NodeStatus | undefined
  now: number
}

export function nodeStatusOf(input: NodeStatusInput): NodeStatus {
  const { machine, nodeIP, secondNodeIP, runtime } = input
  const capacity = capacityOf(input)
  return {
    capacity,
    allocatable: { ...allocatableOf(input.configuration, capacity), ...advertised(input.previous) },
    conditions: conditionsOf(input),
    addresses: [
      { type: 'InternalIP', address: nodeIP },
      ...(secondNodeIP ? [{ type: 'InternalIP', address: secondNodeIP }] : []),
      { type: 'Hostname', address: machine.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: input.kubeletPort } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.machineId,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${runtime.name}://${runtime.version || 'Unknown'}`,
      kubeletVersion: input.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
    images: input.images,
    // Said also when there are none any more, as what is left out of a patch stays.
    ...(input.volumesInUse.length > 0 || input.previous?.volumesInUse ? { volumesInUse: input.volumesInUse } : {}),
    ...FEATURES,
  }
}

/** What Docker's engine cannot do for pods (docs/decisions/0045), and what this kubelet can; the package of types does not know the fields yet. */
const FEATURES = {
  features: { supplementalGroupsPolicy: false },
  runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } }],
  // In this order. No pod gets processors of its own here, so that those of any can be changed.
  declaredFeatures: [
    'ExtendWebSocketsToKubelet',
    'GuaranteedQoSPodCPUResize',
    'InPlacePodLevelResourcesVerticalScaling',
    'RestartAllContainersOnContainerExits',
  ],
} as object

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

/** What somebody says that the node has besides is all for pods, as long as it is said. */
function advertised({ capacity = {}, allocatable = {} }: NodeStatus = {}): Record<string, string> {
  const names = Object.keys({ ...capacity, ...allocatable }).filter(isExtendedResource)
  // Null takes out of a patched map what is there.
  return Object.fromEntries(names.map((name) => [name, capacity[name] ?? (null as unknown as string)]))
}

/** What is left for pods: less what is reserved, and less what has to stay free. */
export function allocatableOf(
  { kubeReserved, systemReserved, evictionHard }: KubeletConfiguration,
  capacity: Record<string, string>,
): Record<string, string> {
  const keptFree: Record<string, string | undefined> = {
    memory: evictionHard['memory.available'],
    'ephemeral-storage': evictionHard['nodefs.available'],
  }
  const entries = Object.entries(capacity).map(([name, amount]) => {
    // Of most nothing is, and each node looks every ten seconds.
    if (!keptFree[name] && !kubeReserved[name] && !systemReserved[name]) return [name, amount]
    const whole = quantityOf(amount)
    const kept = Math.floor(amountAt(keptFree[name] ?? '0', whole.number))
    const taken = [kubeReserved[name], systemReserved[name], kept].reduce((sum, one) => sum + quantityOf(one).nanos, 0n)
    if (taken === 0n) return [name, amount]
    const left = whole.nanos > taken ? whole.nanos - taken : 0n
    // Memory stays readable in Ki; of a disk upstream tells bytes.
    return [name, new Quantity(left, name === 'ephemeral-storage' ? 'decimal' : whole.form).toString()]
  })
  return Object.fromEntries(entries)
}

/** What all pods together may use of the machine; what has to stay free is only not promised to them. */
export function leftForPods(machine: MachineInfo, { kubeReserved, systemReserved }: KubeletConfiguration) {
  const reserved = (name: string) => quantityOf(kubeReserved[name]).number + quantityOf(systemReserved[name]).number
  return { cpus: machine.cpus - reserved('cpu'), memoryBytes: Math.floor(machine.memoryBytes - reserved('memory')) }
}

function conditionsOf({ notReady, pressures, previous, now }: NodeStatusInput): NodeCondition[] {
  const at = timestampOf(now)
  const condition = (type: string, status: string, [reason = '', message = '']: readonly string[]): NodeCondition => {
    const before = previous?.conditions?.find((one) => one.type === type)
    const since = before?.status === status ? before.lastTransitionTime : at
    return { type, status, lastHeartbeatTime: at, lastTransitionTime: since ?? at, reason, message }
  }
  const under = (pressure: Pressure) => {
    const { yes, no } = PRESSURES[pressure]
    return pressures.has(pressure) ? condition(pressure, 'True', yes) : condition(pressure, 'False', no)
  }
  return [
    under('MemoryPressure'),
    under('DiskPressure'),
    under('PIDPressure'),
    notReady === undefined
      ? condition('Ready', 'True', ['KubeletReady', 'kubelet is posting ready status'])
      : condition('Ready', 'False', ['KubeletNotReady', notReady]),
  ]
}

const PRESSURES: Readonly<Record<Pressure, { yes: readonly string[]; no: readonly string[] }>> = {
  MemoryPressure: {
    yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  },
  DiskPressure: {
    yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  },
  PIDPressure: {
    yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  },
}

/** What is worth telling before the next report is due, as text: all but heartbeats. */
export const newsOf = ({ conditions = [], ...rest }: NodeStatus): string =>
  JSON.stringify([rest, conditions.map(({ lastHeartbeatTime: _, ...condition }) => condition)])

/** One of our conditions reads otherwise in the API. */
export function isContradicted(ours: NodeStatus, theirs: NodeStatus | undefined): boolean {
  return (ours.conditions ?? []).some(
    ({ type, status }) => theirs?.conditions?.find((one) => one.type === type)?.status !== status,
  )
}

/** Volumes are attached to this node by the control plane. */
export const NODE_ANNOTATIONS = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }

export function initialNode(
  name: string,
  options: {
    machine: MachineInfo
    labels: Record<string, string>
    annotations: Record<string, string>
    taints: NonNullable<Node['spec']>['taints']
  },
): Node {
  return {
    metadata: {
      name,
      labels: nodeLabels(name, options.machine, options.labels),
      annotations: { ...NODE_ANNOTATIONS, ...options.annotations },
    },
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

// From a container's spec to what the runtime is asked to make. Upstream: kuberuntime_container.go,
// generateContainerConfig and kuberuntime_container_linux.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ContainerConfig, ContainerResources, Mount } from '../container-runtime/container-runtime.ts'
import {
  CONTAINER_HASH,
  CONTAINER_NAME,
  CONTAINER_ROLE,
  POD_NAME,
  POD_NAMESPACE,
  POD_UID,
  RESTART_COUNT,
  TERMINATION_MESSAGE_PATH,
  TERMINATION_MESSAGE_POLICY,
} from '../container-runtime/labels.ts'
import { qosClassOf } from '../kinds/pod-template/qos.ts'
import { hashOfContainer } from './container-hash.ts'
import { expand } from './expansion.ts'
import type { NodeAmounts } from './field-ref.ts'
import type { ContainerRole, ContainerSpec } from './pod-runtime-state.ts'
import { amountOf } from './resource-amount.ts'
import { securityOf } from './security-context.ts'

export interface ContainerConfigInput {
  pod: Pod
  container: ContainerSpec
  /** With its tag; the spec's own text stays what the container is recognised by. */
  image: string
  role: ContainerRole
  attempt: number
  environment: ReadonlyMap<string, string>
  mounts: Mount[]
  node: NodeAmounts
  seccompDefault: boolean
  /** Of an ephemeral container: whose processes it sees. */
  targetId?: string | undefined
}

export function containerConfigOf(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, role, attempt, environment, mounts } = input
  const meta = pod.metadata ?? {}
  const expanded = (list: string[] | undefined) => list?.map((text) => expand(text, environment))
  const command = expanded(container.command)
  const args = expanded(container.args)
  return {
    name: container.name,
    attempt,
    image: input.image,
    ...(command ? { command } : {}),
    ...(args ? { args } : {}),
    ...(container.workingDir ? { workingDir: container.workingDir } : {}),
    env: [...environment].map(([name, value]) => ({ name, value })),
    mounts,
    labels: {
      [POD_NAME]: meta.name ?? '',
      [POD_NAMESPACE]: meta.namespace ?? '',
      [POD_UID]: meta.uid ?? '',
      [CONTAINER_NAME]: container.name,
    },
    annotations: {
      [CONTAINER_HASH]: hashOfContainer(container),
      [RESTART_COUNT]: String(attempt),
      [CONTAINER_ROLE]: role,
      [TERMINATION_MESSAGE_PATH]: container.terminationMessagePath ?? '/dev/termination-log',
      [TERMINATION_MESSAGE_POLICY]: container.terminationMessagePolicy ?? 'File',
    },
    tty: container.tty ?? false,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    ...(container.lifecycle?.stopSignal ? { stopSignal: container.lifecycle.stopSignal } : {}),
    ...(pod.spec?.hostPID
      ? { processesOf: 'machine' as const }
      : input.targetId
        ? { processesOf: { containerId: input.targetId } }
        : {}),
    resources: resourcesOf(input),
    security: securityOf(pod, container, input),
  }
}

function resourcesOf({ pod, container, node }: ContainerConfigInput): ContainerResources {
  const { requests, limits } = container.resources ?? {}
  const asked = amountOf(requests?.memory) ?? amountOf(limits?.memory) ?? 0
  return { ...cgroupOf(container), oomScoreAdj: oomScoreOf(pod, asked, node.memoryBytes) }
}

/** What may be changed while it runs. */
export function cgroupOf({ resources }: Pick<ContainerSpec, 'resources'>): ContainerResources {
  const { requests, limits } = resources ?? {}
  const cpuLimit = amountOf(limits?.cpu)
  const cpuRequest = amountOf(requests?.cpu) ?? cpuLimit ?? 0
  const memoryLimit = amountOf(limits?.memory)
  return {
    // 1024 shares are one CPU; the kernel takes no less than 2.
    cpuShares: Math.max(2, Math.floor(cpuRequest * 1024)),
    // 100 ms periods; the kernel takes no quota under 1 ms.
    ...(cpuLimit ? { cpuPeriod: 100_000, cpuQuota: Math.max(1000, Math.floor(cpuLimit * 100_000)) } : {}),
    ...(memoryLimit ? { memoryLimitBytes: Math.floor(memoryLimit) } : {}),
  }
}

/** Who asked for more memory is killed later. Upstream: pkg/kubelet/qos/policy.go. */
function oomScoreOf(pod: Pod, memoryRequest: number, capacity: number): number {
  const qos = qosClassOf(pod.spec)
  if (qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  return Math.min(999, Math.max(3, 1000 - Math.floor((1000 * memoryRequest) / capacity)))
}

// What Docker is asked to make for a sandbox and for a container. Names are dockershim's:
//   k8s_POD_web_default_<uid>_0      k8s_app_web_default_<uid>_0

import type { ContainerCreateOptions } from 'dockerode'
import type { ContainerConfig, ContainerResources, PodSandbox, PodSandboxConfig } from '../container-runtime.ts'
import { CONTAINER_NAME } from '../labels.ts'
import { ANNOTATION, ATTEMPT, KIND, SANDBOX_ID } from './docker-status.ts'

export type CreateOptions = ContainerCreateOptions & { name: string }

export interface SandboxExtras {
  pauseImage: string
  sandboxRuntime?: string | undefined
  extraLabels?: Record<string, string> | undefined
}

export function sandboxOptionsOf(
  config: PodSandboxConfig,
  { pauseImage, sandboxRuntime, extraLabels = {} }: SandboxExtras,
): CreateOptions {
  const { name, namespace, uid, attempt } = config
  const Runtime = config.runtimeHandler || sandboxRuntime
  return {
    name: `k8s_POD_${name}_${namespace}_${uid}_${attempt}`,
    Image: pauseImage,
    // The OCI runtime makes the namespace alone, and plug-ins of CNI what is in it: the engine's own way to no network
    // takes more than all the rest of a sandbox (decision 0078).
    ...(config.hostNetwork ? {} : { Hostname: config.hostname, NetworkDisabled: true }),
    Labels: {
      ...config.labels,
      ...asLabels(config.annotations),
      ...(config.shareProcessNamespace ? asLabels({ [SHARE_PROCESSES]: 'true' }) : {}),
      ...(config.cgroupParent ? asLabels({ [CGROUP_PARENT]: config.cgroupParent }) : {}),
      ...(config.runtimeHandler ? asLabels({ [RUNTIME_HANDLER]: config.runtimeHandler }) : {}),
      ...extraLabels,
      [KIND]: 'podsandbox',
      [CONTAINER_NAME]: 'POD',
      [ATTEMPT]: String(attempt),
    },
    HostConfig: {
      NetworkMode: config.hostNetwork ? 'host' : 'none',
      IpcMode: config.hostIpc ? 'host' : 'shareable',
      ...(Runtime ? { Runtime } : {}),
      ...(Object.keys(config.sysctls).length > 0 ? { Sysctls: config.sysctls } : {}),
      CpuShares: 2,
      // To translate the filter takes time, and the pause makes no calls. Who sees it could make it make some (0091).
      ...(config.shareProcessNamespace ? {} : { SecurityOpt: ['seccomp=unconfined'] }),
      ...(config.cgroupParent ? { CgroupParent: config.cgroupParent } : {}),
      LogConfig: { Type: 'none', Config: {} },
    },
  }
}

/** How much of a container's output is kept: the file it is written to, and older ones. */
export interface LogLimits {
  maxSizeBytes: number
  maxFiles: number
}

export interface ContainerExtras {
  logs: LogLimits
  /** The profile itself, or `unconfined`; the engine's own when undefined. */
  seccomp?: string | undefined
  extraLabels?: Record<string, string> | undefined
}

export function containerOptionsOf(
  sandbox: PodSandbox,
  config: ContainerConfig,
  { logs, seccomp, extraLabels = {} }: ContainerExtras,
): CreateOptions {
  const { name, namespace, uid } = sandbox.config
  const { resources, security } = config
  const securityOpt = [
    ...(security.noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp ? [`seccomp=${seccomp}`] : []),
  ]
  return {
    name: `k8s_${config.name}_${name}_${namespace}_${uid}_${config.attempt}`,
    Image: config.image,
    ...(config.command ? { Entrypoint: config.command } : {}),
    ...(config.args ? { Cmd: config.args } : {}),
    ...(config.workingDir ? { WorkingDir: config.workingDir } : {}),
    ...(security.runAsUser === undefined ? {} : { User: security.runAsUser }),
    Env: config.env.map(({ name: key, value }) => `${key}=${value}`),
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    ...(config.stopSignal ? { StopSignal: config.stopSignal } : {}),
    // The kubelet asks the questions; an image's own health check would only cost.
    Healthcheck: { Test: ['NONE'] },
    Labels: {
      ...config.labels,
      ...asLabels(config.annotations),
      ...extraLabels,
      [KIND]: 'container',
      [SANDBOX_ID]: sandbox.id,
      [ATTEMPT]: String(config.attempt),
    },
    HostConfig: {
      NetworkMode: `container:${sandbox.id}`,
      IpcMode: `container:${sandbox.id}`,
      ...pidModeOf(sandbox, config),
      Mounts: config.mounts.map(({ hostPath, containerPath, readOnly, propagation }) => ({
        Type: 'bind' as const,
        Source: hostPath,
        Target: containerPath,
        ReadOnly: readOnly,
        // Unsaid, the engine takes rprivate, and rslave where it has to: for what holds its own directory.
        ...(propagation && propagation !== 'None' ? { BindOptions: { Propagation: PROPAGATION[propagation] } } : {}),
      })),
      Privileged: security.privileged ?? false,
      ReadonlyRootfs: security.readOnlyRootFilesystem ?? false,
      ...(security.addCapabilities ? { CapAdd: security.addCapabilities } : {}),
      ...(security.dropCapabilities ? { CapDrop: security.dropCapabilities } : {}),
      ...(security.supplementalGroups ? { GroupAdd: security.supplementalGroups.map(String) } : {}),
      ...(securityOpt.length > 0 ? { SecurityOpt: securityOpt } : {}),
      ...(sandbox.annotations[RUNTIME_HANDLER] ? { Runtime: sandbox.annotations[RUNTIME_HANDLER] } : {}),
      ...limitsOf(resources),
      // Without CAP_SYS_RESOURCE in the first user namespace nobody may go below what he was born with.
      OomScoreAdj: Math.max(0, resources.oomScoreAdj ?? 0),
      LogConfig: {
        Type: 'json-file',
        Config: { 'max-size': String(logs.maxSizeBytes), 'max-file': String(logs.maxFiles) },
      },
    },
  }
}

/** As Docker is told them, when it makes a container and later. */
export function limitsOf({ cpuShares, cpuQuota, cpuPeriod = 100_000, memoryLimitBytes }: ContainerResources) {
  return {
    ...(cpuShares ? { CpuShares: cpuShares } : {}),
    ...(cpuQuota ? { CpuQuota: cpuQuota, CpuPeriod: cpuPeriod } : {}),
    // The same limit for memory with swap means: no swap.
    ...(memoryLimitBytes ? { Memory: memoryLimitBytes, MemorySwap: memoryLimitBytes } : {}),
  }
}

function pidModeOf(sandbox: PodSandbox, { processesOf }: ContainerConfig): { PidMode?: string } {
  if (processesOf === 'machine') return { PidMode: 'host' }
  if (sandbox.annotations[SHARE_PROCESSES] === 'true') return { PidMode: `container:${sandbox.id}` }
  return processesOf ? { PidMode: `container:${processesOf.containerId}` } : {}
}

export const SHARE_PROCESSES = 'podium.dev/share-process-namespace'
/** The group of the pod's processes, if it has one. */
export const CGROUP_PARENT = 'podium.dev/cgroup-parent'
const RUNTIME_HANDLER = 'podium.dev/runtime-handler'

const PROPAGATION = { HostToContainer: 'rslave', Bidirectional: 'rshared' } as const

const asLabels = (annotations: Record<string, string>) =>
  Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${ANNOTATION}${key}`, value]))

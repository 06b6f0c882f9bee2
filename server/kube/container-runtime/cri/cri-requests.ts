// What a CRI runtime is asked to make for a sandbox and for a container.
// Upstream: kuberuntime_sandbox.go, kuberuntime_container_linux.go, pkg/securitycontext/util.go (paths).

import type { DecodedOf } from '../../../base/protobuf.ts'
import type { ContainerConfig, ContainerResources, PodSandbox, PodSandboxConfig } from '../container-runtime.ts'
import {
  type ContainerConfig as CriContainerConfig,
  type PodSandboxConfig as CriSandboxConfig,
  entriesOf,
  type LinuxResources,
  NAMESPACE,
  PROFILE,
  PROTOCOL,
} from './messages.ts'

type SandboxRequest = DecodedOf<typeof CriSandboxConfig>
type ContainerRequest = DecodedOf<typeof CriContainerConfig>

/** With the sandbox are kept: what else its containers have to be asked for with. */
const OPTIONS = 'podium.dev/sandbox-options'

interface SandboxOptions {
  cgroupParent: string
  privileged: boolean
  network: number
  pid: number
  ipc: number
}

export function sandboxRequestOf(config: PodSandboxConfig): SandboxRequest {
  const options: SandboxOptions = {
    cgroupParent: config.cgroupParent ?? '',
    privileged: config.privileged,
    network: config.hostNetwork ? NAMESPACE.node : NAMESPACE.pod,
    pid: config.hostPid ? NAMESPACE.node : config.shareProcessNamespace ? NAMESPACE.pod : NAMESPACE.container,
    ipc: config.hostIpc ? NAMESPACE.node : NAMESPACE.pod,
  }
  return {
    ...commonOf(config),
    hostname: config.hostNetwork ? '' : config.hostname,
    portMappings: config.portMappings.map(({ protocol, containerPort, hostPort, hostIP }) => ({
      protocol: PROTOCOL[protocol] ?? 0,
      containerPort,
      hostPort,
      hostIp: hostIP,
    })),
    labels: entriesOf(config.labels),
    annotations: entriesOf({ ...config.annotations, [OPTIONS]: JSON.stringify(options) }),
    linux: { ...linuxOf(options), sysctls: entriesOf(config.sysctls) },
  }
}

export function withoutOptions({ [OPTIONS]: _, ...annotations }: Record<string, string>): Record<string, string> {
  return annotations
}

/** The sandbox as its containers are asked for with, from what was kept. */
export function sandboxOfContainers(sandbox: PodSandbox, kept: Record<string, string>): SandboxRequest {
  const options = optionsIn(kept)
  return { ...commonOf(sandbox.config), linux: linuxOf(options) }
}

export function containerRequestOf(config: ContainerConfig, kept: Record<string, string>): ContainerRequest {
  const { security } = config
  const [user, group] = security.runAsUser?.split(':').map(Number) ?? []
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command ?? [],
    args: config.args ?? [],
    workingDir: config.workingDir ?? '',
    envs: config.env.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map(({ hostPath, containerPath, readOnly, propagation = 'None' }) => ({
      hostPath,
      containerPath,
      readonly: readOnly,
      propagation: PROPAGATION[propagation],
    })),
    labels: entriesOf(config.labels),
    annotations: entriesOf(config.annotations),
    logPath: `${config.name}/${config.attempt}.log`,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: resourcesRequestOf(config.resources),
      securityContext: {
        capabilities: {
          addCapabilities: security.addCapabilities ?? [],
          dropCapabilities: security.dropCapabilities ?? [],
        },
        privileged: security.privileged ?? false,
        namespaceOptions: namespacesOf(config, optionsIn(kept)),
        runAsUser: user === undefined ? undefined : { value: user },
        runAsGroup: group === undefined ? undefined : { value: group },
        readonlyRootfs: security.readOnlyRootFilesystem ?? false,
        supplementalGroups: security.supplementalGroups ?? [],
        noNewPrivs: security.noNewPrivileges ?? false,
        maskedPaths: MASKED_PATHS,
        readonlyPaths: READ_ONLY_PATHS,
        seccomp: seccompOf(security.seccomp),
      },
    },
  }
}

export function resourcesRequestOf(resources: ContainerResources): DecodedOf<typeof LinuxResources> {
  return {
    cpuPeriod: resources.cpuPeriod ?? 0,
    cpuQuota: resources.cpuQuota ?? 0,
    cpuShares: resources.cpuShares ?? 0,
    memoryLimitInBytes: resources.memoryLimitBytes ?? 0,
    // Without CAP_SYS_RESOURCE in the first user namespace nobody may go below what he was born with.
    oomScoreAdj: Math.max(0, resources.oomScoreAdj ?? 0),
  }
}

export function logDirectoryOf({ namespace, name, uid }: Omit<PodSandbox['config'], 'attempt'>): string {
  return `/var/log/pods/${namespace}_${name}_${uid}`
}

const optionsIn = (kept: Record<string, string>) => JSON.parse(kept[OPTIONS] ?? '{}') as SandboxOptions

const commonOf = ({ name, namespace, uid, attempt }: PodSandbox['config']) => ({
  metadata: { name, namespace, uid, attempt },
  hostname: '',
  logDirectory: logDirectoryOf({ namespace, name, uid }),
  portMappings: [],
  labels: [],
  annotations: [],
})

const linuxOf = ({ cgroupParent, privileged, network, pid, ipc }: SandboxOptions) => ({
  cgroupParent,
  sysctls: [],
  securityContext: {
    namespaceOptions: { network, pid, ipc, targetId: '' },
    privileged,
    seccomp: { profileType: PROFILE.runtimeDefault, localhostRef: '' },
  },
})

function namespacesOf({ processesOf }: ContainerConfig, { network, pid, ipc }: SandboxOptions) {
  const isTargeted = processesOf !== undefined && processesOf !== 'machine' && pid === NAMESPACE.container
  return isTargeted
    ? { network, pid: NAMESPACE.target, ipc, targetId: processesOf.containerId }
    : { network, pid, ipc, targetId: '' }
}

function seccompOf(seccomp: ContainerConfig['security']['seccomp']) {
  if (seccomp === 'RuntimeDefault') return { profileType: PROFILE.runtimeDefault, localhostRef: '' }
  if (seccomp === 'Unconfined') return { profileType: PROFILE.unconfined, localhostRef: '' }
  return { profileType: PROFILE.localhost, localhostRef: seccomp.localhostProfile }
}

const PROPAGATION = { None: 0, HostToContainer: 1, Bidirectional: 2 } as const

const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

// The messages that the kubelet exchanges with a runtime over the CRI, as far as it uses them.
// Upstream: k8s.io/cri-api/pkg/apis/runtime/v1/api.proto.

import { bool, bytes, int, type MessageType, message, nested, repeated, string } from '../../../base/protobuf.ts'

const Entry = message({ key: string(1), value: string(2) })
const map = (number: number) => repeated(nested(number, () => Entry))
export const entriesOf = (of: Record<string, string>) => Object.entries(of).map(([key, value]) => ({ key, value }))
export const recordOf = (entries: readonly { key: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]))

const Empty = message({})
/** Of `int64` and `uint64` alike. */
const Value = message({ value: int(1) })
const ImageSpec = message({ image: string(1) })
const ContainerId = message({ containerId: string(1) })
const SandboxId = message({ podSandboxId: string(1) })

export const NAMESPACE = { pod: 0, container: 1, node: 2, target: 3 } as const
const NamespaceOption = message({ network: int(1), pid: int(2), ipc: int(3), targetId: string(4) })
export const PROFILE = { runtimeDefault: 0, unconfined: 1, localhost: 2 } as const
const SecurityProfile = message({ profileType: int(1), localhostRef: string(2) })

const PodSandboxMetadata = message({ name: string(1), uid: string(2), namespace: string(3), attempt: int(4) })
const SandboxSecurity = message({
  namespaceOptions: nested(1, () => NamespaceOption),
  privileged: bool(6),
  seccomp: nested(9, () => SecurityProfile),
})
const LinuxPodSandboxConfig = message({
  cgroupParent: string(1),
  securityContext: nested(2, () => SandboxSecurity),
  sysctls: map(3),
})
export const PROTOCOL: Readonly<Record<string, number>> = { TCP: 0, UDP: 1, SCTP: 2 }
const PortMapping = message({ protocol: int(1), containerPort: int(2), hostPort: int(3), hostIp: string(4) })
export const PodSandboxConfig = message({
  metadata: nested(1, () => PodSandboxMetadata),
  hostname: string(2),
  logDirectory: string(3),
  portMappings: repeated(nested(5, () => PortMapping)),
  labels: map(6),
  annotations: map(7),
  linux: nested(8, () => LinuxPodSandboxConfig),
})

/** As it is listed. */
export const PodSandbox = message({
  id: string(1),
  metadata: nested(2, () => PodSandboxMetadata),
  state: int(3),
  createdAt: int(4),
  labels: map(5),
  annotations: map(6),
})
const PodIp = message({ ip: string(1) })
const PodSandboxNetworkStatus = message({ ip: string(1), additionalIps: repeated(nested(2, () => PodIp)) })
const PodSandboxStatus = message({ network: nested(5, () => PodSandboxNetworkStatus) })

export const LinuxResources = message({
  cpuPeriod: int(1),
  cpuQuota: int(2),
  cpuShares: int(3),
  memoryLimitInBytes: int(4),
  oomScoreAdj: int(5),
})
const Capability = message({ addCapabilities: repeated(string(1)), dropCapabilities: repeated(string(2)) })
const ContainerSecurity = message({
  capabilities: nested(1, () => Capability),
  privileged: bool(2),
  namespaceOptions: nested(3, () => NamespaceOption),
  runAsUser: nested(5, () => Value),
  readonlyRootfs: bool(7),
  supplementalGroups: repeated(int(8)),
  noNewPrivs: bool(11),
  runAsGroup: nested(12, () => Value),
  maskedPaths: repeated(string(13)),
  readonlyPaths: repeated(string(14)),
  seccomp: nested(15, () => SecurityProfile),
})
const LinuxContainerConfig = message({
  resources: nested(1, () => LinuxResources),
  securityContext: nested(2, () => ContainerSecurity),
})
const ContainerMetadata = message({ name: string(1), attempt: int(2) })
const Mount = message({ containerPath: string(1), hostPath: string(2), readonly: bool(3), propagation: int(5) })
export const ContainerConfig = message({
  metadata: nested(1, () => ContainerMetadata),
  image: nested(2, () => ImageSpec),
  command: repeated(string(3)),
  args: repeated(string(4)),
  workingDir: string(5),
  envs: repeated(nested(6, () => Entry)),
  mounts: repeated(nested(7, () => Mount)),
  labels: map(9),
  annotations: map(10),
  logPath: string(11),
  stdin: bool(12),
  stdinOnce: bool(13),
  tty: bool(14),
  linux: nested(15, () => LinuxContainerConfig),
})

/** As it is listed. */
export const Container = message({
  id: string(1),
  podSandboxId: string(2),
  metadata: nested(3, () => ContainerMetadata),
  imageRef: string(5),
  state: int(6),
  labels: map(8),
})
export const ContainerStatus = message({
  id: string(1),
  metadata: nested(2, () => ContainerMetadata),
  state: int(3),
  createdAt: int(4),
  startedAt: int(5),
  finishedAt: int(6),
  exitCode: int(7),
  image: nested(8, () => ImageSpec),
  imageRef: string(9),
  reason: string(10),
  message: string(11),
  labels: map(12),
  annotations: map(13),
  mounts: repeated(nested(14, () => Mount)),
  logPath: string(15),
})

export const Image = message({
  id: string(1),
  repoTags: repeated(string(2)),
  repoDigests: repeated(string(3)),
  size: int(4),
  uid: nested(5, () => Value),
  username: string(6),
  pinned: bool(8),
})
const AuthConfig = message({ username: string(1), password: string(2) })

const FilesystemUsage = message({ usedBytes: nested(3, () => Value), inodesUsed: nested(4, () => Value) })
const CpuUsage = message({ timestamp: int(1), usageCoreNanoSeconds: nested(2, () => Value) })
const MemoryUsage = message({
  workingSetBytes: nested(2, () => Value),
  usageBytes: nested(4, () => Value),
  rssBytes: nested(5, () => Value),
  pageFaults: nested(6, () => Value),
  majorPageFaults: nested(7, () => Value),
})
const ContainerAttributes = message({ id: string(1) })
export const ContainerStats = message({
  attributes: nested(1, () => ContainerAttributes),
  cpu: nested(2, () => CpuUsage),
  memory: nested(3, () => MemoryUsage),
  writableLayer: nested(4, () => FilesystemUsage),
})

const RuntimeCondition = message({ type: string(1), status: bool(2), reason: string(3), message: string(4) })
const RuntimeStatus = message({ conditions: repeated(nested(1, () => RuntimeCondition)) })
const Url = message({ url: string(1) })

interface Verb<Q, A> {
  path: string
  request: MessageType<Q>
  response: MessageType<A>
}
const runtime = <Q, A>(name: string, request: MessageType<Q>, response: MessageType<A>): Verb<Q, A> => ({
  path: `/runtime.v1.RuntimeService/${name}`,
  request,
  response,
})
const images = <Q, A>(name: string, request: MessageType<Q>, response: MessageType<A>): Verb<Q, A> => ({
  path: `/runtime.v1.ImageService/${name}`,
  request,
  response,
})

export const VERBS = {
  version: runtime(
    'Version',
    message({ version: string(1) }),
    message({ runtimeName: string(2), runtimeVersion: string(3), runtimeApiVersion: string(4) }),
  ),
  status: runtime('Status', Empty, message({ status: nested(1, () => RuntimeStatus) })),
  runPodSandbox: runtime(
    'RunPodSandbox',
    message({ config: nested(1, () => PodSandboxConfig), runtimeHandler: string(2) }),
    SandboxId,
  ),
  stopPodSandbox: runtime('StopPodSandbox', SandboxId, Empty),
  removePodSandbox: runtime('RemovePodSandbox', SandboxId, Empty),
  listPodSandbox: runtime('ListPodSandbox', Empty, message({ items: repeated(nested(1, () => PodSandbox)) })),
  podSandboxStatus: runtime(
    'PodSandboxStatus',
    message({ podSandboxId: string(1), verbose: bool(2) }),
    message({ status: nested(1, () => PodSandboxStatus), info: map(2) }),
  ),
  createContainer: runtime(
    'CreateContainer',
    message({
      podSandboxId: string(1),
      config: nested(2, () => ContainerConfig),
      sandboxConfig: nested(3, () => PodSandboxConfig),
    }),
    ContainerId,
  ),
  startContainer: runtime('StartContainer', ContainerId, Empty),
  stopContainer: runtime('StopContainer', message({ containerId: string(1), timeout: int(2) }), Empty),
  removeContainer: runtime('RemoveContainer', ContainerId, Empty),
  listContainers: runtime('ListContainers', Empty, message({ containers: repeated(nested(1, () => Container)) })),
  containerStatus: runtime(
    'ContainerStatus',
    message({ containerId: string(1), verbose: bool(2) }),
    message({ status: nested(1, () => ContainerStatus), info: map(2) }),
  ),
  updateContainerResources: runtime(
    'UpdateContainerResources',
    message({ containerId: string(1), linux: nested(2, () => LinuxResources) }),
    Empty,
  ),
  reopenContainerLog: runtime('ReopenContainerLog', ContainerId, Empty),
  execSync: runtime(
    'ExecSync',
    message({ containerId: string(1), cmd: repeated(string(2)), timeout: int(3) }),
    message({ stdout: bytes(1), stderr: bytes(2), exitCode: int(3) }),
  ),
  exec: runtime(
    'Exec',
    message({
      containerId: string(1),
      cmd: repeated(string(2)),
      tty: bool(3),
      stdin: bool(4),
      stdout: bool(5),
      stderr: bool(6),
    }),
    Url,
  ),
  attach: runtime(
    'Attach',
    message({ containerId: string(1), stdin: bool(2), tty: bool(3), stdout: bool(4), stderr: bool(5) }),
    Url,
  ),
  containerStats: runtime('ContainerStats', ContainerId, message({ stats: nested(1, () => ContainerStats) })),
  listContainerStats: runtime(
    'ListContainerStats',
    Empty,
    message({ stats: repeated(nested(1, () => ContainerStats)) }),
  ),
  imageStatus: images(
    'ImageStatus',
    message({ image: nested(1, () => ImageSpec), verbose: bool(2) }),
    message({ image: nested(1, () => Image), info: map(2) }),
  ),
  pullImage: images(
    'PullImage',
    message({ image: nested(1, () => ImageSpec), auth: nested(2, () => AuthConfig) }),
    message({ imageRef: string(1) }),
  ),
  listImages: images('ListImages', Empty, message({ images: repeated(nested(1, () => Image)) })),
  removeImage: images('RemoveImage', message({ image: nested(1, () => ImageSpec) }), Empty),
} as const

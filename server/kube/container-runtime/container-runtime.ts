// What the kubelet asks of a container runtime: the verbs of the CRI, in our words' types.
// Implementations: docker/ (the machine's own engine, through dockerode), cri/ (whoever speaks it, over a socket) and
// simulated/ (nothing runs; time passes).
// Upstream: k8s.io/cri-api, runtime.v1.RuntimeService and ImageService.

import type { Duplex, Readable } from 'node:stream'

export interface PortMapping {
  hostPort: number
  containerPort: number
  protocol: string
  hostIP: string
}

export interface PodSandboxConfig {
  name: string
  namespace: string
  uid: string
  attempt: number
  hostname: string
  labels: Record<string, string>
  annotations: Record<string, string>
  hostNetwork: boolean
  hostIpc: boolean
  hostPid: boolean
  shareProcessNamespace: boolean
  /** Whether a container of it will be. */
  privileged: boolean
  /** Of a RuntimeClass; the engine's own way when empty. */
  runtimeHandler: string
  cgroupParent?: string
  portMappings: PortMapping[]
  sysctls: Record<string, string>
}

export interface PodSandbox {
  id: string
  config: Pick<PodSandboxConfig, 'name' | 'namespace' | 'uid' | 'attempt'>
  state: 'ready' | 'notReady'
  createdAt: number
  /** Of the pause process, for CNI: `/proc/PID/ns/net`. Zero when it does not run. */
  pid: number
  /** The addresses the pod network gave it; empty for host network and when it does not run. */
  ips: string[]
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface Mount {
  hostPath: string
  containerPath: string
  readOnly: boolean
  propagation?: 'None' | 'HostToContainer' | 'Bidirectional'
}

export interface ContainerResources {
  cpuShares?: number
  cpuQuota?: number
  cpuPeriod?: number
  memoryLimitBytes?: number
  /** Set when it is made; nothing changes it later. */
  oomScoreAdj?: number
}

export interface ContainerConfig {
  name: string
  attempt: number
  image: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env: { name: string; value: string }[]
  mounts: Mount[]
  labels: Record<string, string>
  annotations: Record<string, string>
  tty: boolean
  stdin: boolean
  stdinOnce: boolean
  /** What it is asked with to end; its image's own, or SIGTERM. */
  stopSignal?: string
  /** Whose processes it sees: the machine's, or another container's; undefined: its own, or the sandbox's. */
  processesOf?: 'machine' | { containerId: string }
  resources: ContainerResources
  security: {
    runAsUser?: string
    privileged?: boolean
    readOnlyRootFilesystem?: boolean
    addCapabilities?: string[]
    dropCapabilities?: string[]
    noNewPrivileges?: boolean
    supplementalGroups?: number[]
    /** The engine's own profile, none, or one that lies on the machine. */
    seccomp: 'RuntimeDefault' | 'Unconfined' | { localhostProfile: string }
  }
}

export interface ContainerStatus {
  id: string
  name: string
  attempt: number
  sandboxId: string
  podUid: string
  image: string
  imageId: string
  state: 'created' | 'running' | 'exited' | 'unknown'
  /** Milliseconds since 1970; 0 when it has not happened. */
  createdAt: number
  startedAt: number
  finishedAt: number
  exitCode: number
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`, `StartError`. */
  reason: string
  message: string
  /** What it may use now. */
  resources?: ContainerResources
  labels: Record<string, string>
  annotations: Record<string, string>
}

export interface ImageStatus {
  id: string
  tags: string[]
  digests: string[]
  sizeBytes: number
  /** Whom its containers run as if nobody says otherwise: `1000`, `nginx`, `1000:1000`, or empty. */
  user?: string
  /** The runtime itself cannot do without it. */
  isPinned?: boolean
}

export interface ExecSession {
  /** With a TTY, everything comes as stdout. */
  stdin: Duplex | NodeJS.WritableStream
  stdout: Readable
  stderr: Readable
  resize(size: { width: number; height: number }): Promise<void>
  /** Settles when the command ends. */
  exitCode: Promise<number>
  kill(): void
}

/** The way into a sandbox's network. Disposing ends every connection made through it. */
export interface PortForwarder extends Disposable {
  /** To what listens on the sandbox's loopback; rejects in the CRI's words. */
  connect(port: number): Promise<Duplex>
}

export type RuntimeEvent = {
  type: 'started' | 'exited' | 'removed'
  containerId: string
  sandboxId: string
  podUid: string
}

/** What the runtime says of an image that it cannot get; the kubelet shows `message` to the user. */
export class ImagePullError extends Error {
  override readonly name = 'ImagePullError'
}

export interface ContainerUsage {
  containerId: string
  /** When it was looked at, in milliseconds since 1970. */
  at: number
  /** Since it was started. */
  cpuNanoSeconds: number
  memoryWorkingSetBytes: number
  processes?: number
  /** With what could be taken from it at once. */
  memoryUsageBytes: number
  /** Without files. */
  memoryRssBytes: number
  pageFaults: number
  /** Those that had to wait for a disk. */
  majorPageFaults: number
}

/** What it has written into its own layer, and its logs. */
export interface ContainerDisk {
  bytes: number
  inodes: number
  /** Of all that. */
  logs: { bytes: number; inodes: number }
}

export interface ContainerRuntime {
  version(): Promise<{ name: string; version: string; apiVersion: string }>
  /** Rejects when the runtime does not answer. `networkReady` is false, with the reason in words, until pods can get addresses. */
  status(): Promise<{ networkReady: boolean; message: string }>
  /** The node was given its range of pod addresses. */
  updatePodCidr(podCidr: string): Promise<void>
  runPodSandbox(config: PodSandboxConfig): Promise<PodSandbox>
  /** Stops everything in it; idempotent. */
  stopPodSandbox(id: string): Promise<void>
  /** Stops it where it runs; containers left in it go too. */
  removePodSandbox(id: string): Promise<void>
  listPodSandboxes(podUid?: string): Promise<PodSandbox[]>
  createContainer(sandbox: PodSandbox, config: ContainerConfig): Promise<string>
  /** `until`: when nobody wants it to run any more; heeded where a start takes long. */
  startContainer(id: string, until?: AbortSignal): Promise<void>
  /** Of a container that runs, or will. */
  updateContainerResources(id: string, resources: ContainerResources): Promise<void>
  stopContainer(id: string, timeoutSeconds: number): Promise<void>
  removeContainer(id: string): Promise<void>
  listContainers(podUid?: string): Promise<ContainerStatus[]>
  containerStatus(id: string): Promise<ContainerStatus>
  /** Both outputs in the order in which they were written; ends when a followed container does. */
  logs(
    id: string,
    options: {
      follow: boolean
      timestamps: boolean
      tailLines?: number
      sinceTime?: number
      signal: AbortSignal
    },
  ): Promise<Readable>
  exec(id: string, options: { command: string[]; tty: boolean; stdin: boolean }): Promise<ExecSession>
  execSync(id: string, command: string[], timeoutMs: number): Promise<{ exitCode: number; output: string }>
  attach(id: string, options: { tty: boolean; stdin: boolean }): Promise<ExecSession>
  /** Opens the way into a running sandbox's network; rejects when it does not run. */
  portForward(sandboxId: string): Promise<PortForwarder>
  imageStatus(image: string): Promise<ImageStatus | undefined>
  /** Where its files lie on the machine, the topmost layer first. */
  imageLayers(image: string): Promise<string[]>
  /** Rejects with an ImagePullError. */
  pullImage(image: string, auth?: { username: string; password: string }): Promise<ImageStatus>
  listImages(): Promise<ImageStatus[]>
  removeImage(image: string): Promise<void>
  /** Calls back for every change until disposed; the kubelet relists on start and after any gap. */
  events(listener: (event: RuntimeEvent) => void): Disposable
  containerDiskUsage(id: string): Promise<ContainerDisk>
  /** Of those that run. */
  stats(): Promise<ContainerUsage[]>
}

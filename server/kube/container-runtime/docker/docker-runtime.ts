// The machine's own Docker engine as a container runtime. A sandbox is a pause container without a network of
// Docker's; the pod's containers join its network and IPC namespaces. What is what is written in labels, so that a
// restarted kubelet finds everything, and `docker ps` reads as it did in the days of dockershim.
// Upstream (until 1.23): pkg/kubelet/dockershim.

import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import type { Clock } from '../../../base/clock.ts'
import { joinOutputs } from '../../../base/engine-outputs.ts'
import type { Logger } from '../../../base/logger.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { bandwidthOf } from '../bandwidth.ts'
import {
  type ContainerConfig,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerStatus,
  ImagePullError,
  type ImageStatus,
  type PodSandbox,
  type PodSandboxConfig,
  type PortForwarder,
  type RuntimeEvent,
} from '../container-runtime.ts'
import { enterSandbox } from '../enter-sandbox.ts'
import { lastWordsOf } from '../last-words.ts'
import type { NetworkedSandbox, PodNetwork } from '../pod-network.ts'
import { type CreateOptions, containerOptionsOf, type LogLimits, limitsOf, sandboxOptionsOf } from './create-options.ts'
import { DockerEvents } from './docker-events.ts'
import { lastWordsSourcesOf } from './docker-last-lines.ts'
import { DockerLists } from './docker-lists.ts'
import { attachSession, execSession, execToEnd } from './docker-sessions.ts'
import { containerStatusOf, type Inspected, KIND, SANDBOX_ID, sandboxOf } from './docker-status.ts'
import { usageOf } from './docker-usage.ts'
import { LogLinks } from './log-links.ts'
import { OomKills } from './oom-kills.ts'

export interface DockerRuntimeOptions {
  docker: Docker
  os: NodeOs
  network: PodNetwork
  clock: Clock
  logger: Logger
  pauseImage: string
  /** What makes sandboxes that ask for no handler, in place of the engine's default. */
  sandboxRuntime?: string
  logs: LogLimits
  /** Where what containers print is to be found by the pod's name: `/var/log`. */
  logRoot?: string
  /** Added to everything made, for whoever cleans up. */
  extraLabels?: Record<string, string>
}

export class DockerRuntime implements ContainerRuntime {
  readonly #options: DockerRuntimeOptions
  readonly #docker: Docker
  readonly #lists: DockerLists
  readonly #events: DockerEvents
  readonly #oomKills: OomKills
  readonly #logLinks: LogLinks | undefined
  /** What was seen of containers that will not change without an event, and when it was asked for: by id. */
  readonly #inspected = new Map<string, Inspected & { askedAt: number }>()

  constructor(options: DockerRuntimeOptions) {
    this.#options = options
    this.#docker = options.docker
    this.#lists = new DockerLists(options.docker)
    this.#oomKills = new OomKills(options)
    this.#logLinks = options.logRoot ? new LogLinks(options.os, options.logRoot) : undefined
    const ids = async () => (await this.#lists.ofKind('container', undefined)).map(({ Id }) => Id)
    // An engine that does not answer yet is asked when the kubelet begins anew.
    void this.#logLinks?.collected.sweep(ids).catch(() => undefined)
    this.#events = new DockerEvents({
      docker: options.docker,
      clock: options.clock,
      logger: options.logger,
      onChange: (id, at) => {
        if ((this.#inspected.get(id)?.askedAt ?? 0) <= at) this.#inspected.delete(id)
      },
      relist: async () => {
        this.#inspected.clear()
        return this.listContainers()
      },
    })
  }

  async version() {
    const { Version, ApiVersion } = await this.#docker.version()
    return { name: 'docker', version: Version, apiVersion: ApiVersion }
  }

  async status() {
    await this.#docker.ping()
    const { ready, message } = await this.#options.network.status()
    return { networkReady: ready, message }
  }

  updatePodCidr(podCidr: string) {
    return this.#options.network.updatePodCidr(podCidr)
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<PodSandbox> {
    const { network, logger } = this.#options
    const options = sandboxOptionsOf(config, this.#options)
    const id = await this.#create(options).catch((err: Error) => {
      if (!err.message.startsWith('Unknown runtime specified')) throw err
      // In the words of containerd, which are those that people look up.
      throw new Error(`failed to get sandbox runtime: no runtime for "${config.runtimeHandler}" is configured`)
    })
    try {
      await this.#docker.getContainer(id).start()
      const inspected = await this.#inspect(id)
      if (!inspected) throw new Error('the sandbox vanished')
      if (!config.hostNetwork) await network.setUp(networked(sandboxOf(inspected, []), config))
      return this.#withAddresses(inspected)
    } catch (err) {
      await this.removePodSandbox(id).catch((cleanup: unknown) =>
        logger.warn('sandbox was not removed', { id, err: cleanup }),
      )
      throw err
    }
  }

  async stopPodSandbox(id: string): Promise<void> {
    await this.#endSandbox(id)
  }

  async removePodSandbox(id: string): Promise<void> {
    for (const { Id } of await this.#endSandbox(id)) await this.removeContainer(Id)
    await this.removeContainer(id)
  }

  /** Returns what is in it. */
  async #endSandbox(id: string): Promise<Docker.ContainerInfo[]> {
    const containers = await this.#lists.with({ [SANDBOX_ID]: id })
    const inspected = this.#inspected.get(id) ?? (await this.#inspect(id))
    if (!inspected) return containers
    for (const { Id, State } of containers) if (State === 'running') await this.stopContainer(Id, 2)
    if (inspected.HostConfig.NetworkMode !== 'host') {
      await this.#options.network.tearDown(networked(sandboxOf(inspected, [])))
    }
    // Once it has ended it stays so; anything else that was seen of it may be old.
    if (inspected.State.Status !== 'exited') {
      await tolerate([304, 404], this.#docker.getContainer(id).stop({ t: 0 }))
      this.#inspected.delete(id)
    }
    return containers
  }

  async listPodSandboxes(podUid?: string): Promise<PodSandbox[]> {
    const found = await this.#lists.ofKind('podsandbox', podUid)
    const inspected = await Promise.all(found.map(({ Id, State }) => this.#inspectCached(Id, State)))
    return Promise.all(inspected.filter((one) => one !== undefined).map((one) => this.#withAddresses(one)))
  }

  async createContainer(sandbox: PodSandbox, config: ContainerConfig): Promise<string> {
    const seccomp = await seccompOptionOf(config.security.seccomp, this.#options.os)
    const options = containerOptionsOf(sandbox, config, { ...this.#options, seccomp })
    const CgroupParent = await this.#oomKills.groupOf(sandbox, config)
    return this.#create(CgroupParent ? { ...options, HostConfig: { ...options.HostConfig, CgroupParent } } : options)
  }

  async startContainer(id: string): Promise<void> {
    try {
      await this.#docker.getContainer(id).start()
    } catch (err) {
      throw new Error(dockerMessage(err), { cause: err })
    } finally {
      this.#inspected.delete(id)
    }
    if (this.#logLinks) await this.#linkLogs(id, this.#logLinks)
  }

  async #unlinkLogs(container: Inspected): Promise<void> {
    try {
      await this.#logLinks?.remove(container)
    } catch (err) {
      this.#options.logger.warn('links to the logs of a container were not removed', { id: container.Id, err })
    }
  }

  /** It runs all the same where they cannot be linked. */
  async #linkLogs(id: string, links: LogLinks): Promise<void> {
    try {
      const inspected = await this.#inspect(id)
      if (inspected?.LogPath) await links.add(inspected)
    } catch (err) {
      this.#options.logger.warn('logs of a container were not linked', { id, err })
    }
  }

  async updateContainerResources(id: string, resources: ContainerResources): Promise<void> {
    try {
      await this.#docker.getContainer(id).update(limitsOf(resources))
    } catch (err) {
      throw new Error(dockerMessage(err), { cause: err })
    } finally {
      this.#inspected.delete(id)
    }
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const container = this.#docker.getContainer(id)
    // An engine that waits for a signal to be heeded may itself be told to kill meanwhile.
    if (timeoutSeconds === 0) await tolerate([304, 404, 409], container.kill({ signal: 'SIGKILL' }))
    else await tolerate([304, 404], container.stop({ t: timeoutSeconds }))
    this.#inspected.delete(id)
  }

  async removeContainer(id: string): Promise<void> {
    const inspected = this.#inspected.get(id) ?? (await this.#inspect(id))
    await tolerate([404, 409], this.#docker.getContainer(id).remove({ force: true, v: true }))
    this.#inspected.delete(id)
    await this.#oomKills.forget(inspected?.HostConfig.CgroupParent)
    if (inspected?.Config.Labels[KIND] === 'container') await this.#unlinkLogs(inspected)
  }

  async listContainers(podUid?: string): Promise<ContainerStatus[]> {
    const found = await this.#lists.ofKind('container', podUid)
    const inspected = await Promise.all(found.map(({ Id, State }) => this.#inspectCached(Id, State)))
    return inspected.filter((one) => one !== undefined).map(containerStatusOf)
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    const inspected = await this.#inspect(id)
    if (!inspected) throw new Error(`No such container: ${id}`)
    return containerStatusOf(inspected)
  }

  async logs(
    id: string,
    options: { follow: boolean; timestamps: boolean; tailLines?: number; sinceTime?: number; signal: AbortSignal },
  ): Promise<Readable> {
    const container = this.#docker.getContainer(id)
    const { Config } = await container.inspect()
    const common = {
      stdout: true,
      stderr: true,
      timestamps: options.timestamps,
      ...(options.tailLines === undefined ? {} : { tail: options.tailLines }),
      ...(options.sinceTime === undefined ? {} : { since: options.sinceTime / 1000 }),
      abortSignal: options.signal,
    }
    const source = options.follow
      ? ((await container.logs({ ...common, follow: true })) as unknown as Readable)
      : Readable.from([await container.logs({ ...common, follow: false })])
    return Config.Tty ? source : joinOutputs(source)
  }

  exec(id: string, options: { command: string[]; tty: boolean; stdin: boolean }) {
    return execSession(this.#docker, id, { ...options, os: this.#options.os })
  }

  execSync(id: string, command: string[], timeoutMs: number) {
    return execToEnd(this.#docker, id, command, { timeoutMs, ...this.#options })
  }

  attach(id: string, options: { tty: boolean; stdin: boolean }) {
    return attachSession(this.#docker, id, options)
  }

  async portForward(sandboxId: string): Promise<PortForwarder> {
    const inspected = await this.#inspect(sandboxId)
    if (!inspected?.State.Running) throw new Error(`sandbox container "${sandboxId}" is not running`)
    return enterSandbox(this.#options.os, `/proc/${inspected.State.Pid}/ns/net`)
  }

  async imageStatus(image: string): Promise<ImageStatus | undefined> {
    const found = await tolerate([404], this.#docker.getImage(image).inspect())
    if (!found) return undefined
    return {
      id: found.Id,
      tags: found.RepoTags ?? [],
      digests: found.RepoDigests ?? [],
      sizeBytes: found.Size,
      user: found.Config.User,
    }
  }

  async imageLayers(image: string): Promise<string[]> {
    const { GraphDriver } = await this.#docker.getImage(image).inspect()
    const { UpperDir = '', LowerDir = '' } = GraphDriver.Data as unknown as Record<string, string>
    return [UpperDir, ...LowerDir.split(':')].filter((layer) => layer !== '')
  }

  async pullImage(image: string, auth?: { username: string; password: string }): Promise<ImageStatus> {
    try {
      const progress = await this.#docker.pull(image, auth ? { authconfig: auth } : {})
      await new Promise<void>((resolve, reject) => {
        this.#docker.modem.followProgress(progress, (err: Error | null) => (err ? reject(err) : resolve()))
      })
    } catch (err) {
      throw new ImagePullError(dockerMessage(err), { cause: err })
    }
    const status = await this.imageStatus(image)
    if (!status) throw new ImagePullError(`image ${image} was pulled but is not there`)
    return status
  }

  async listImages(): Promise<ImageStatus[]> {
    const images = await this.#docker.listImages()
    return images.map(({ Id, RepoTags, RepoDigests, Size }) => ({
      id: Id,
      tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
      digests: (RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>')),
      sizeBytes: Size,
      isPinned: RepoTags?.includes(this.#options.pauseImage) ?? false,
    }))
  }

  async removeImage(image: string): Promise<void> {
    await tolerate([404], this.#docker.getImage(image).remove())
  }

  events(listener: (event: RuntimeEvent) => void): Disposable {
    return this.#events.subscribe(listener)
  }

  /** The engine does not count the files of a layer. */
  async containerDiskUsage(id: string) {
    const [found] = await this.#docker.listContainers({ all: true, size: true, filters: { id: [id] } })
    const { LogPath } = (await this.#inspect(id)) ?? {}
    const logs = LogPath ? await this.#options.os.diskUsage(LogPath) : { bytes: 0, inodes: 0 }
    const written = (found as { SizeRw?: number } | undefined)?.SizeRw ?? 0
    return { bytes: written + logs.bytes, inodes: logs.inodes, logs }
  }

  async stats() {
    const { os, clock } = this.#options
    const running = await this.#docker.listContainers({ filters: { label: [`${KIND}=container`] } })
    const usages = await Promise.all(
      running.map(async ({ Id, State }) => {
        const pid = (await this.#inspectCached(Id, State))?.State.Pid
        return pid ? usageOf({ id: Id, pid }, os, clock.now()) : undefined
      }),
    )
    return usages.filter((usage) => usage !== undefined)
  }

  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]()
  }

  /** A name that is taken belongs to a container made just before the kubelet died: nobody knows it, so it goes. */
  async #create(options: CreateOptions): Promise<string> {
    try {
      return (await this.#docker.createContainer(options)).id
    } catch (err) {
      if ((err as { statusCode?: number }).statusCode !== 409) throw new Error(dockerMessage(err), { cause: err })
      await this.removeContainer(options.name)
      return (await this.#docker.createContainer(options)).id
    }
  }

  async #withAddresses(inspected: Inspected): Promise<PodSandbox> {
    const running = inspected.State.Running
    return sandboxOf(inspected, running ? await this.#options.network.addresses(inspected.Id) : [])
  }

  async #inspectCached(id: string, state: string): Promise<Inspected | undefined> {
    const known = this.#inspected.get(id)
    return known?.State.Status === state ? known : this.#inspect(id)
  }

  async #inspect(id: string): Promise<Inspected | undefined> {
    const askedAt = this.#options.clock.now()
    const found = await tolerate([404], this.#docker.getContainer(id).inspect())
    if (!found) return undefined
    const inspected = Object.assign(found, { lastWords: '', askedAt })
    if (found.State.Status === 'exited') {
      found.State.OOMKilled ||= await this.#oomKills.happenedIn(found.HostConfig.CgroupParent)
      inspected.lastWords = await lastWordsOf(lastWordsSourcesOf(found, this.#docker), this.#options.os)
    }
    this.#inspected.set(id, inspected)
    return inspected
  }
}

/** As the engine takes it: the profile itself, not where it lies; undefined for its own. */
async function seccompOptionOf(
  seccomp: ContainerConfig['security']['seccomp'],
  os: NodeOs,
): Promise<string | undefined> {
  if (seccomp === 'RuntimeDefault') return undefined
  if (seccomp === 'Unconfined') return 'unconfined'
  const { localhostProfile: path } = seccomp
  const profile = await os.readFile(path)
  if (profile === undefined) {
    throw new Error(`cannot load seccomp profile "${path}": open ${path}: no such file or directory`)
  }
  return profile
}

function networked(sandbox: PodSandbox, config?: PodSandboxConfig): NetworkedSandbox {
  const { namespace, name, uid } = sandbox.config
  const netnsPath = sandbox.pid > 0 ? `/proc/${sandbox.pid}/ns/net` : ''
  const bandwidth = config && bandwidthOf(config.annotations)
  const portMappings = config?.portMappings ?? []
  return { id: sandbox.id, namespace, name, uid, netnsPath, portMappings, ...(bandwidth && { bandwidth }) }
}

/** Undefined for answers that only say that there is nothing (left) to do. */
async function tolerate<T>(codes: number[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (err) {
    if (codes.includes((err as { statusCode?: number }).statusCode ?? 0)) return undefined
    throw err
  }
}

/** The engine's own words, without the HTTP around them. */
function dockerMessage(err: unknown): string {
  const said = (err as { json?: { message?: string } }).json?.message
  return said ?? (err instanceof Error ? err.message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim() : String(err))
}

// Any runtime that speaks the CRI, over its socket; on a machine Debian's containerd. It gives pods their network by
// itself, from the same CNI configuration.
// Upstream: k8s.io/cri-client; pkg/kubelet/kuberuntime.

import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { GrpcCallError } from '../../node-os/grpc-call.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { CollectedLogs } from '../collected-logs.ts'
import type {
  ContainerConfig,
  ContainerResources,
  ContainerRuntime,
  PodSandbox,
  PodSandboxConfig,
  PortForwarder,
  RuntimeEvent,
} from '../container-runtime.ts'
import { enterSandbox } from '../enter-sandbox.ts'
import { POD_UID } from '../labels.ts'
import type { NetworkedSandbox, PodNetwork } from '../pod-network.ts'
import { CALL_MS, CriClient, tolerate } from './cri-client.ts'
import { CriEvents, type Seen } from './cri-events.ts'
import { CriImages } from './cri-images.ts'
import { layersOf } from './cri-layers.ts'
import { type LogOptions, readLogs, removeLogs, rotateLog } from './cri-logs.ts'
import {
  containerRequestOf,
  logDirectoryOf,
  resourcesRequestOf,
  sandboxOfContainers,
  sandboxRequestOf,
} from './cri-requests.ts'
import { isReady, notesIn, sandboxOf, stateOf, usageOf } from './cri-status.ts'
import { openSession } from './cri-streams.ts'
import { KnownContainers } from './known-containers.ts'
import { recordOf, VERBS } from './messages.ts'

export interface CriRuntimeOptions {
  socketPath: string
  os: NodeOs
  clock: Clock
  logger: Logger
  pauseImage: string
  logs: { maxSizeBytes: number; maxFiles: number }
  /** Below which collectors look for the logs of containers. */
  logRoot: string
  /** The node was given its range: makes the CNI configuration that the runtime reads. */
  configureNetwork(podCidr: string): Promise<void>
  /** What a sandbox has to wait for after it got its network, before anything runs in it. */
  isolating(network: PodNetwork): PodNetwork
}

const SANDBOX_MS = 240_000
const ROTATE_MS = 10_000
const ENDING_MS = 50

export class CriRuntime implements ContainerRuntime, Disposable {
  readonly #options: CriRuntimeOptions
  readonly #client: CriClient
  readonly #images: CriImages
  readonly #containers: KnownContainers
  readonly #collected: CollectedLogs
  readonly #network: PodNetwork
  readonly #events: CriEvents
  readonly #stop = new AbortController()
  /** Of sandboxes that run. */
  readonly #places = new Map<string, { pid: number; ips: string[] }>()

  constructor(options: CriRuntimeOptions) {
    this.#options = options
    const client = new CriClient(options)
    this.#client = client
    this.#images = new CriImages({ ...options, client })
    this.#containers = new KnownContainers({ ...options, client })
    this.#collected = new CollectedLogs(options.os, options.logRoot)
    this.#network = options.isolating({
      status: async () => ({ ready: true, message: '' }),
      updatePodCidr: (podCidr) => options.configureNetwork(podCidr),
      setUp: async ({ id }) => ({ ips: (await this.#placeOf(id)).ips }),
      tearDown: async () => undefined,
      addresses: async (id) => (await this.#placeOf(id)).ips,
    })
    this.#events = new CriEvents({ ...options, look: () => this.#look() })
    void this.#keepLogsShort()
  }

  async version() {
    const { runtimeName, runtimeVersion, runtimeApiVersion } = await this.#client.call(VERBS.version, {})
    return { name: runtimeName, version: runtimeVersion, apiVersion: runtimeApiVersion }
  }

  async status() {
    const { status } = await this.#client.call(VERBS.status, {})
    const [runtime, network] = ['RuntimeReady', 'NetworkReady'].map((type) =>
      status?.conditions.find((one) => one.type === type),
    )
    if (!runtime?.status) throw new Error(runtime?.message || 'the runtime does not say that it is ready')
    return { networkReady: network?.status ?? false, message: network?.message ?? '' }
  }

  updatePodCidr(podCidr: string) {
    return this.#network.updatePodCidr(podCidr)
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<PodSandbox> {
    const request = { config: sandboxRequestOf(config), runtimeHandler: config.runtimeHandler }
    const { podSandboxId: id } = await this.#client.call(VERBS.runPodSandbox, request, SANDBOX_MS)
    try {
      const made = (await this.listPodSandboxes(config.uid)).find((one) => one.id === id)
      if (!made) throw new Error('the sandbox vanished')
      if (!config.hostNetwork) await this.#network.setUp(networked(made))
      return made
    } catch (err) {
      await this.removePodSandbox(id).catch((cleanup: unknown) =>
        this.#options.logger.warn('sandbox was not removed', { id, err: cleanup }),
      )
      throw err
    }
  }

  async stopPodSandbox(id: string): Promise<void> {
    await this.#stopped(() => this.#client.call(VERBS.stopPodSandbox, { podSandboxId: id }))
    this.#places.delete(id)
    await this.#network.tearDown({ id, namespace: '', name: '', uid: '', netnsPath: '', portMappings: [] })
  }

  async removePodSandbox(id: string): Promise<void> {
    const { items } = await this.#client.call(VERBS.listPodSandbox, {})
    const sandbox = items.find((one) => one.id === id)
    if (!sandbox?.metadata) return
    await this.stopPodSandbox(id)
    for (const one of await this.#containers.listed()) if (one.podSandboxId === id) await this.removeContainer(one.id)
    await tolerate(this.#client.call(VERBS.removePodSandbox, { podSandboxId: id }))
    // Containers of an earlier sandbox of the pod may have theirs in it.
    await this.#options.os.run('find', [logDirectoryOf(sandbox.metadata), '-type', 'd', '-empty', '-delete'])
  }

  async listPodSandboxes(podUid?: string): Promise<PodSandbox[]> {
    const { items } = await this.#client.call(VERBS.listPodSandbox, {})
    const wanted = items.filter(({ metadata }) => !podUid || metadata?.uid === podUid)
    return Promise.all(wanted.map(async (one) => sandboxOf(one, await this.#placeOf(one.id))))
  }

  async createContainer(sandbox: PodSandbox, config: ContainerConfig): Promise<string> {
    const { items } = await this.#client.call(VERBS.listPodSandbox, {})
    const kept = recordOf(items.find(({ id }) => id === sandbox.id)?.annotations ?? [])
    await this.#options.os.makeDirectory(`${logDirectoryOf(sandbox.config)}/${config.name}`)
    const request = {
      podSandboxId: sandbox.id,
      config: containerRequestOf(config, kept),
      sandboxConfig: sandboxOfContainers(sandbox, kept),
    }
    const create = async () => (await this.#client.call(VERBS.createContainer, request)).containerId
    return create().catch(async (err: unknown) => {
      // A name that is taken belongs to a container made just before the kubelet died: nobody knows it, so it goes.
      const taken = (await this.#containers.listed()).find(
        ({ podSandboxId, metadata, state }) =>
          podSandboxId === sandbox.id &&
          metadata?.name === config.name &&
          metadata.attempt === config.attempt &&
          stateOf({ state }) === 'created',
      )
      if (!taken) throw err
      await this.removeContainer(taken.id)
      return create()
    })
  }

  async startContainer(id: string): Promise<void> {
    await this.#client.call(VERBS.startContainer, { containerId: id })
    // It runs all the same where its log cannot be shown.
    await this.#containers
      .of(id)
      .then(({ status, logPath }) => this.#collected.add(status, logPath))
      .catch((err: unknown) => this.#options.logger.warn('the log of a container was not linked', { id, err }))
  }

  async updateContainerResources(id: string, resources: ContainerResources): Promise<void> {
    await this.#client.call(VERBS.updateContainerResources, { containerId: id, linux: resourcesRequestOf(resources) })
    this.#containers.forget(id)
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const request = { containerId: id, timeout: timeoutSeconds }
    await this.#stopped(() => this.#client.call(VERBS.stopContainer, request, CALL_MS + timeoutSeconds * 1000))
  }

  /** Containerd 1.6 calls its line to a container closed when that ends by itself just then, until it has noted the end. */
  async #stopped(stop: () => Promise<unknown>): Promise<void> {
    for (let left = 20; ; left--) {
      try {
        await tolerate(stop())
        return
      } catch (err) {
        if (left === 0 || !(err instanceof GrpcCallError) || !err.description.includes('ttrpc: closed')) throw err
      }
      await this.#options.clock.sleep(ENDING_MS, this.#stop.signal)
    }
  }

  async removeContainer(id: string): Promise<void> {
    const told = await tolerate(this.#client.call(VERBS.containerStatus, { containerId: id }))
    await tolerate(this.#client.call(VERBS.removeContainer, { containerId: id }))
    this.#containers.forget(id)
    if (!told?.status) return
    await this.#collected.remove({ id, labels: recordOf(told.status.labels) })
    await removeLogs(told.status.logPath)
  }

  async listContainers(podUid?: string) {
    return (await this.#containers.list(podUid)).map(({ status }) => status)
  }

  async containerStatus(id: string) {
    return (await this.#containers.of(id)).status
  }

  async logs(id: string, options: LogOptions): Promise<Readable> {
    const { logPath } = await this.#containers.of(id)
    const isOver = async () => (await this.#containers.of(id).catch(() => undefined))?.status.state !== 'running'
    return Readable.from(readLogs(logPath, options, { isOver, clock: this.#options.clock }))
  }

  async exec(id: string, { command, tty, stdin }: { command: string[]; tty: boolean; stdin: boolean }) {
    const request = { containerId: id, cmd: command, tty, stdin, stdout: true, stderr: !tty }
    return openSession((await this.#client.call(VERBS.exec, request)).url, { tty, stdin })
  }

  async execSync(id: string, command: string[], timeoutMs: number) {
    const timeout = Math.ceil(timeoutMs / 1000)
    try {
      const answer = await this.#client.call(
        VERBS.execSync,
        { containerId: id, cmd: command, timeout },
        CALL_MS + timeoutMs,
      )
      return { exitCode: answer.exitCode, output: `${answer.stdout}${answer.stderr}` }
    } catch (err) {
      if (!(err instanceof GrpcCallError) || !/timeout .* exceeded/.test(err.description)) throw err
      throw new Error(`command ${JSON.stringify(command.join(' '))} timed out`, { cause: err })
    }
  }

  async attach(id: string, { tty, stdin }: { tty: boolean; stdin: boolean }) {
    const request = { containerId: id, tty, stdin, stdout: true, stderr: !tty }
    const session = await openSession((await this.#client.call(VERBS.attach, request)).url, { tty, stdin })
    // Whoever only watched did so well, however the container ended; kubectl run asks the pod for its exit code.
    const exitCode = session.exitCode.then(
      () => 0,
      () => 0,
    )
    return { ...session, exitCode }
  }

  async portForward(sandboxId: string): Promise<PortForwarder> {
    const { pid } = await this.#placeOf(sandboxId)
    if (pid === 0) throw new Error(`sandbox container "${sandboxId}" is not running`)
    return enterSandbox(this.#options.os, `/proc/${pid}/ns/net`)
  }

  imageStatus(image: string) {
    return this.#images.status(image)
  }

  imageLayers(image: string): Promise<string[]> {
    return layersOf(image, { ...this.#options, client: this.#client })
  }

  pullImage(image: string, auth?: { username: string; password: string }) {
    return this.#images.pull(image, auth)
  }

  listImages() {
    return this.#images.list()
  }

  removeImage(image: string) {
    return this.#images.remove(image)
  }

  events(listener: (event: RuntimeEvent) => void): Disposable {
    return this.#events.subscribe(listener)
  }

  async containerDiskUsage(id: string) {
    const { stats } = await this.#client.call(VERBS.containerStats, { containerId: id })
    const { usedBytes, inodesUsed } = stats?.writableLayer ?? {}
    const logs = await this.#options.os.diskUsage(dirname((await this.#containers.of(id)).logPath))
    return { bytes: (usedBytes?.value ?? 0) + logs.bytes, inodes: (inodesUsed?.value ?? 0) + logs.inodes, logs }
  }

  async stats() {
    const { stats } = await this.#client.call(VERBS.listContainerStats, {})
    return stats.map(usageOf).filter((usage) => usage !== undefined)
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('closed'))
    this.#events[Symbol.dispose]()
  }

  async #look(): Promise<Seen[]> {
    const [{ items }, containers] = await Promise.all([
      this.#client.call(VERBS.listPodSandbox, {}),
      this.#containers.listed(),
    ])
    return [
      ...items.map((one) => ({
        id: one.id,
        sandboxId: one.id,
        podUid: one.metadata?.uid ?? '',
        state: isReady(one) ? ('running' as const) : ('exited' as const),
      })),
      ...containers.map((one) => ({
        id: one.id,
        sandboxId: one.podSandboxId,
        podUid: recordOf(one.labels)[POD_UID] ?? '',
        state: stateOf(one),
      })),
    ]
  }

  /** Of a sandbox that runs. */
  async #placeOf(id: string): Promise<{ pid: number; ips: string[] }> {
    const known = this.#places.get(id)
    if (known) return known
    const told = await tolerate(this.#client.call(VERBS.podSandboxStatus, { podSandboxId: id, verbose: true }))
    const { ip = '', additionalIps = [] } = told?.status?.network ?? {}
    const place = {
      pid: notesIn(told?.info ?? []).pid ?? 0,
      ips: [ip, ...additionalIps.map((one) => one.ip)].filter((one) => one !== ''),
    }
    if (place.pid > 0) this.#places.set(id, place)
    return place
  }

  async #keepLogsShort(): Promise<void> {
    const { clock, logger, logs } = this.#options
    const { signal } = this.#stop
    const ids = async () => (await this.#containers.listed()).map(({ id }) => id)
    // Whoever does not answer yet is asked when the kubelet begins anew.
    await this.#collected.sweep(ids).catch(() => undefined)
    while (!signal.aborted) {
      const all = await this.#containers.list().catch(() => [])
      for (const { status, logPath } of all) {
        if (status.state !== 'running') continue
        const reopen = () => this.#client.call(VERBS.reopenContainerLog, { containerId: status.id })
        await rotateLog(logPath, logs, { reopen, now: clock.now() }).catch((err: unknown) =>
          logger.warn('a log was not put aside', { logPath, err }),
        )
      }
      await clock.sleep(ROTATE_MS, signal).catch(() => undefined)
    }
  }
}

function networked({ id, config, pid }: PodSandbox): NetworkedSandbox {
  const { namespace, name, uid } = config
  return { id, namespace, name, uid, netnsPath: `/proc/${pid}/ns/net`, portMappings: [] }
}

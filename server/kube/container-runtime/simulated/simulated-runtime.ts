// Containers that only exist on paper: nothing runs, time passes. A hollow node holds one of these.
// What a pod may ask of them stands in wishes.ts. Images whose name holds `does-not-exist` cannot be pulled.

import { PassThrough, Readable, Writable } from 'node:stream'
import type { Clock } from '../../../base/clock.ts'
import {
  type ContainerConfig,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerStatus,
  type ExecSession,
  ImagePullError,
  type ImageStatus,
  type PodSandbox,
  type PodSandboxConfig,
  type PortForwarder,
  type RuntimeEvent,
} from '../container-runtime.ts'
import { CONTAINER_ROLE } from '../labels.ts'
import { AddressPool } from './address-pool.ts'
import { amountAt, totalUntil, type Wishes, wishesOf } from './wishes.ts'

interface Container {
  status: ContainerStatus
  config: ContainerConfig
  /** Read when it starts. */
  wishes?: Wishes
  exitTimer?: Disposable
}

export class SimulatedRuntime implements ContainerRuntime {
  readonly #clock: Clock
  /** One of each family. */
  #pools: AddressPool[] = []
  #sequence = 0
  readonly #sandboxes = new Map<string, PodSandbox>()
  readonly #containers = new Map<string, Container>()
  readonly #images = new Map<string, ImageStatus>()
  readonly #listeners = new Set<(event: RuntimeEvent) => void>()

  constructor(options: { clock: Clock; podCidr?: string }) {
    this.#clock = options.clock
    if (options.podCidr) this.#pools = poolsOf(options.podCidr)
  }

  async version() {
    return { name: 'simulated', version: '1.0.0', apiVersion: '1.0.0' }
  }

  async status() {
    return this.#pools.length > 0
      ? { networkReady: true, message: '' }
      : { networkReady: false, message: 'simulated network: no pod CIDR yet' }
  }

  async updatePodCidr(podCidr: string) {
    if (this.#pools.length === 0) this.#pools = poolsOf(podCidr)
  }

  #give(ips: readonly string[]): void {
    for (const pool of this.#pools) for (const ip of ips) pool.give(ip)
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<PodSandbox> {
    if (!config.hostNetwork && this.#pools.length === 0) throw new Error('no pod CIDR yet')
    const ips = config.hostNetwork ? [] : this.#pools.flatMap((pool) => pool.take() ?? [])
    if (!config.hostNetwork && ips.length < this.#pools.length) {
      this.#give(ips)
      throw new Error('no IP addresses available in range set')
    }
    const { name, namespace, uid, attempt } = config
    const sandbox: PodSandbox = {
      id: this.#newId(),
      config: { name, namespace, uid, attempt },
      state: 'ready',
      createdAt: this.#clock.now(),
      pid: 1,
      ips,
      labels: config.labels,
      annotations: config.annotations,
    }
    this.#sandboxes.set(sandbox.id, sandbox)
    return { ...sandbox }
  }

  async stopPodSandbox(id: string) {
    const sandbox = this.#sandboxes.get(id)
    if (!sandbox || sandbox.state === 'notReady') return
    for (const { status } of this.#containersOf(id)) this.#finish(status.id, 137, 'Error')
    this.#give(sandbox.ips)
    sandbox.state = 'notReady'
    sandbox.ips = []
  }

  async removePodSandbox(id: string) {
    await this.stopPodSandbox(id)
    for (const { status } of this.#containersOf(id)) await this.removeContainer(status.id)
    this.#sandboxes.delete(id)
  }

  async listPodSandboxes(podUid?: string) {
    const all = [...this.#sandboxes.values()]
    return (podUid ? all.filter((sandbox) => sandbox.config.uid === podUid) : all).map((sandbox) => ({ ...sandbox }))
  }

  async createContainer(sandbox: PodSandbox, config: ContainerConfig): Promise<string> {
    const image = this.#images.get(config.image)
    if (!image) throw new Error(`No such image: ${config.image}`)
    const id = this.#newId()
    const status: ContainerStatus = {
      id,
      name: config.name,
      attempt: config.attempt,
      sandboxId: sandbox.id,
      podUid: sandbox.config.uid,
      image: config.image,
      imageId: image.id,
      state: 'created',
      createdAt: this.#clock.now(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      resources: config.resources,
      labels: config.labels,
      annotations: config.annotations,
    }
    this.#containers.set(id, { status, config })
    return id
  }

  async startContainer(id: string, until?: AbortSignal) {
    const container = this.#container(id)
    const wishes = wishesOf(this.#sandboxes.get(container.status.sandboxId)?.annotations ?? {}, container.status.name)
    container.wishes = wishes
    if (wishes.startAfterMs > 0) {
      await this.#clock.sleep(wishes.startAfterMs, until)
      if (this.#containers.get(id) !== container) throw new Error(`No such container: ${id}`)
    }
    container.status = { ...container.status, state: 'running', startedAt: this.#clock.now() }
    this.#emit('started', container.status)
    const isInit = container.config.annotations[CONTAINER_ROLE] === 'init'
    const exitAfterMs = wishes.exitAfterMs ?? (isInit ? 0 : undefined)
    if (exitAfterMs !== undefined) {
      container.exitTimer = this.#clock.setTimeout(() => this.crash(id, wishes.exitCode), exitAfterMs)
    }
  }

  async updateContainerResources(id: string, resources: ContainerResources) {
    const container = this.#container(id)
    container.status = { ...container.status, resources }
  }

  async stopContainer(id: string) {
    this.#finish(id, 0, 'Completed')
  }

  async removeContainer(id: string) {
    const container = this.#containers.get(id)
    if (!container) return
    container.exitTimer?.[Symbol.dispose]()
    this.#containers.delete(id)
    this.#emit('removed', container.status)
  }

  async listContainers(podUid?: string) {
    const all = [...this.#containers.values()].map(({ status }) => status)
    return podUid ? all.filter((status) => status.podUid === podUid) : all
  }

  async containerStatus(id: string) {
    return this.#container(id).status
  }

  async logs(id: string, options: Parameters<ContainerRuntime['logs']>[1]) {
    const { status } = this.#container(id)
    const { follow, timestamps, tailLines, sinceTime = 0, signal } = options
    const at = new Date(status.startedAt).toISOString()
    const output = new PassThrough()
    if (tailLines !== 0 && status.startedAt >= sinceTime) {
      output.write(`${timestamps ? `${at} ` : ''}container ${status.name} is simulated: it says nothing\n`)
    }
    if (!follow || status.state !== 'running') return output.end()
    const listening = this.events(({ containerId, type }) => {
      if (containerId === id && type !== 'started') end()
    })
    const end = () => {
      listening[Symbol.dispose]()
      output.end()
    }
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    return output
  }

  /** `exit <code>` ends the container, as a crash would; there is nothing else that could run in it. */
  async exec(id: string, { command }: { command: string[] }): Promise<ExecSession> {
    this.#container(id)
    const [program, code = '0'] = command
    if (program !== 'exit' || !/^\d{1,3}$/.test(code)) {
      return saying(
        'this container is simulated: there is nothing to run commands in, but `exit <code>` ends it\n',
        126,
      )
    }
    this.crash(id, Number(code) % 256)
    return saying('', Number(code) % 256)
  }

  async execSync(id: string) {
    this.#container(id)
    return { exitCode: 0, output: '' }
  }

  async attach(id: string): Promise<ExecSession> {
    this.#container(id)
    return saying('this container is simulated: it says nothing\n', 0)
  }

  async portForward(): Promise<PortForwarder> {
    throw new Error('this pod is simulated: nobody listens in it')
  }

  async imageStatus(image: string) {
    return this.#images.get(image)
  }

  async containerDiskUsage() {
    return { bytes: 0, inodes: 0, logs: { bytes: 0, inodes: 0 } }
  }

  async imageLayers(): Promise<string[]> {
    return []
  }

  async pullImage(image: string): Promise<ImageStatus> {
    if (image.includes('does-not-exist')) {
      throw new ImagePullError(
        `pull access denied for ${image}, repository does not exist or may require 'docker login'`,
      )
    }
    const status = { id: `sha256:${hashText(image)}`, tags: [image], digests: [], sizeBytes: 10_000_000 }
    this.#images.set(image, status)
    return status
  }

  async listImages() {
    return [...this.#images.values()]
  }

  async removeImage(image: string) {
    this.#images.delete(image)
  }

  events(listener: (event: RuntimeEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async stats() {
    const at = this.#clock.now()
    const running = [...this.#containers.values()].filter(({ status }) => status.state === 'running')
    return running.map(({ status, wishes }) => {
      const elapsedMs = at - status.startedAt
      const memory = wishes ? amountAt(wishes.memory, elapsedMs) : 0
      return {
        containerId: status.id,
        at,
        cpuNanoSeconds: wishes ? Math.round(totalUntil(wishes.cpu, elapsedMs) * 1e6) : 0,
        memoryWorkingSetBytes: memory,
        memoryUsageBytes: memory,
        memoryRssBytes: memory,
        pageFaults: 0,
        majorPageFaults: 0,
        processes: 1,
      }
    })
  }

  /** As a machine that loses power: every container and sandbox stops, nothing is told to anyone. */
  reboot(): void {
    for (const container of this.#containers.values()) {
      container.exitTimer?.[Symbol.dispose]()
      if (container.status.state !== 'running') continue
      const finishedAt = this.#clock.now()
      container.status = { ...container.status, state: 'exited', finishedAt, exitCode: 255, reason: 'Error' }
    }
    for (const sandbox of this.#sandboxes.values()) {
      this.#give(sandbox.ips)
      sandbox.state = 'notReady'
      sandbox.ips = []
    }
  }

  /** Ends one container from outside, as a crash would; for tests and chaos lessons. */
  crash(id: string, exitCode: number): void {
    this.#finish(id, exitCode, exitCode === 0 ? 'Completed' : 'Error')
  }

  #finish(id: string, exitCode: number, reason: string) {
    const container = this.#containers.get(id)
    if (container?.status.state !== 'running') return
    container.exitTimer?.[Symbol.dispose]()
    container.status = { ...container.status, state: 'exited', finishedAt: this.#clock.now(), exitCode, reason }
    this.#emit('exited', container.status)
  }

  #container(id: string): Container {
    const container = this.#containers.get(id)
    if (!container) throw new Error(`No such container: ${id}`)
    return container
  }

  #containersOf(sandboxId: string): Container[] {
    return [...this.#containers.values()].filter(({ status }) => status.sandboxId === sandboxId)
  }

  #newId(): string {
    return (++this.#sequence).toString(16).padStart(64, '0')
  }

  #emit(type: RuntimeEvent['type'], { id, sandboxId, podUid }: ContainerStatus) {
    for (const listener of this.#listeners) listener({ type, containerId: id, sandboxId, podUid })
  }
}

/** Any text of 64 hexadecimal digits that is the same for the same image. */
function hashText(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const char of text) hash = ((hash ^ BigInt(char.codePointAt(0) ?? 0)) * 0x100000001b3n) & 0xffffffffffffffffn
  return hash.toString(16).padStart(16, '0').repeat(4)
}

function saying(text: string, exitCode: number): ExecSession {
  const stdout = new PassThrough()
  stdout.end(text)
  return {
    stdin: new Writable({ write: (_chunk, _encoding, done) => done() }),
    stdout,
    stderr: Readable.from([]),
    resize: async () => undefined,
    exitCode: Promise.resolve(exitCode),
    kill: () => undefined,
  }
}

const poolsOf = (podCidr: string) => podCidr.split(',').map((range) => new AddressPool(range))

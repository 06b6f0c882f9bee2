// The classroom's end of the channel: a ClusterHost whose clusters live in a child process. When that process is
// lost it is started again and its clusters come back from their stores; worker machines keep running meanwhile.

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onDeepStack } from '../../../bin/deep-stack.mjs'
import { Backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { GateState } from '../client/loop-gate.ts'
import type { ClusterHost, MachineSwitch, MachinesRest } from './cluster-host.ts'
import type { ClusterInfo } from './cluster-spec.ts'
import { type GateListener, GateListeners } from './gate-listeners.ts'
import type { FromHost, HostCall, HostResults, ToHost } from './host-protocol.ts'
import type { LoopOrder } from './loop-order.ts'
import type { ObjectVersions, VersionsQuery } from './object-versions.ts'
import type { ChangeLog, StateQuery, StoreState } from './past.ts'
import type { TraceBatch } from './trace-log.ts'

export interface SpawnHostOptions {
  stateDir: string
  clock: Clock
  logger: Logger
}

export async function spawnClusterHost(options: SpawnHostOptions): Promise<ClusterHost> {
  const host = new HostProcess(options)
  try {
    await host.listClusters()
  } catch (err) {
    // Nobody has it: it is not to try again for ever.
    await host[Symbol.asyncDispose]()
    throw err
  }
  return host
}

const NOT_NOW = 'the cluster host is being started again; try once more in a moment'

/** Also one that could not be had. The channel to it may look open for a while. */
const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

interface Pending {
  call: HostCall
  resolve(result: unknown): void
  reject(err: Error): void
}

interface Watch {
  /** Changes when the host is started again. */
  id: number
  name: string
  listener: (batch: TraceBatch) => void
}

class HostProcess implements ClusterHost {
  readonly #options: SpawnHostOptions
  readonly #pending = new Map<number, Pending>()
  readonly #watches = new Map<number, Watch>()
  readonly #running = new Set<string>()
  readonly #gateListeners = new GateListeners()
  readonly #backoff = new Backoff({ initialMs: 100, maxMs: 10_000 })
  #nextId = 1
  #child: ChildProcess
  #closing = false

  constructor(options: SpawnHostOptions) {
    this.#options = options
    this.#child = this.#spawn()
  }

  async createCluster(spec: Parameters<ClusterHost['createCluster']>[0]): Promise<ClusterInfo> {
    const info = await this.#call({ method: 'createCluster', spec })
    this.#running.add(info.name)
    return info
  }

  async startCluster(name: string): Promise<ClusterInfo> {
    const info = await this.#call({ method: 'startCluster', name })
    this.#running.add(name)
    return info
  }

  async stopCluster(name: string, machines: MachinesRest = 'stop'): Promise<void> {
    this.#running.delete(name)
    await this.#call({ method: 'stopCluster', name, machines })
  }

  async deleteCluster(name: string): Promise<void> {
    this.#running.delete(name)
    await this.#call({ method: 'deleteCluster', name })
  }

  listClusters(): Promise<ClusterInfo[]> {
    return this.#call({ method: 'listClusters' })
  }

  watchTraces(name: string, since: number, listener: (batch: TraceBatch) => void): Disposable {
    const watch: Watch = { id: 0, name, listener }
    this.#watch(watch, since)
    return {
      [Symbol.dispose]: () => {
        if (this.#watches.delete(watch.id)) this.#tell({ method: 'unwatchTraces', watch: watch.id })
      },
    }
  }

  async steerLoops(name: string, order: LoopOrder): Promise<GateState[]> {
    const gates = await this.#call({ method: 'steerLoops', name, order })
    this.#gateListeners.tell(name, gates)
    return gates
  }

  loopGates(name: string): Promise<GateState[]> {
    return this.#call({ method: 'loopGates', name })
  }

  watchGates(name: string, listener: GateListener): Disposable {
    return this.#gateListeners.add(name, listener)
  }

  objectVersions(name: string, query: VersionsQuery): Promise<ObjectVersions> {
    return this.#call({ method: 'objectVersions', name, query })
  }

  stateAt(name: string, query: StateQuery): Promise<StoreState> {
    return this.#call({ method: 'stateAt', name, query })
  }

  changeLog(name: string, most: number): Promise<ChangeLog> {
    return this.#call({ method: 'changeLog', name, most })
  }

  async saveState(name: string, state: string): Promise<void> {
    await this.#call({ method: 'saveState', name, state })
  }

  async putBackState(name: string, state: string): Promise<ClusterInfo> {
    const watches = [...this.#watches.values()].filter((watch) => watch.name === name).map(({ id }) => id)
    const info = await this.#call({ method: 'putBackState', name, state })
    for (const watch of watches) this.#tell({ method: 'unwatchTraces', watch })
    this.#watchAgain(name)
    return info
  }

  async switchMachine(name: string, machine: string, to: MachineSwitch): Promise<void> {
    await this.#call({ method: 'switchMachine', name, machine, to })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const child = this.#child
    const isThere = child.pid !== undefined && !hasEnded(child)
    const gone = isThere ? new Promise<void>((resolve) => child.once('exit', () => resolve())) : undefined
    await this.#call({ method: 'close' }).catch(() => undefined)
    if (this.#child.connected) this.#child.disconnect()
    await gone
  }

  #call<C extends HostCall>(call: C): Promise<HostResults[C['method']]> {
    return new Promise((resolve, reject) => {
      this.#send(call, { resolve: resolve as (result: unknown) => void, reject })
    })
  }

  /** For calls whose failure needs no answer: the host is gone, and with it what was to be done. */
  #tell(call: HostCall): number {
    return this.#send(call, { resolve: () => undefined, reject: () => undefined })
  }

  #watch(watch: Watch, since: number): void {
    watch.id = this.#tell({ method: 'watchTraces', name: watch.name, since })
    this.#watches.set(watch.id, watch)
  }

  #send(call: HostCall, { resolve, reject }: Omit<Pending, 'call'>): number {
    const id = this.#nextId++
    if (!this.#child.connected || hasEnded(this.#child)) {
      reject(new Error(NOT_NOW))
      return id
    }
    this.#pending.set(id, { call, resolve, reject })
    const message: ToHost = { id, call }
    // One that is just ending may still look as if it were there: nobody would answer this call.
    this.#child.send(message, (err) => {
      if (err && this.#pending.delete(id)) reject(new Error(NOT_NOW, { cause: err }))
    })
    return id
  }

  #spawn(): ChildProcess {
    const entry = fileURLToPath(new URL('../../cli.ts', import.meta.url))
    const words = [
      '--disable-warning=ExperimentalWarning',
      entry,
      'cluster-host',
      '--state-dir',
      this.#options.stateDir,
    ]
    // A group of its own: Ctrl-C in the terminal is for the classroom, which stops its hosts in order.
    const child = spawn(...onDeepStack(process.execPath, words), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    })
    child.on('message', (message) => this.#receive(message as FromHost))
    child.on('exit', (code, signal) => this.#lost(signal ?? `exit code ${code}`))
    child.on('error', (err) => {
      this.#options.logger.error('cluster host failed', { err })
      // Where no process could be had no exit follows.
      if (child.pid === undefined) this.#lost(err.message)
    })
    return child
  }

  #receive(message: FromHost): void {
    if (message.type === 'traces') {
      const watch = this.#watches.get(message.watch)
      if (!watch) return
      watch.listener(message.batch)
      return
    }
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    this.#backoff.reset()
    if (message.type === 'answer') pending?.resolve(message.result)
    else pending?.reject(new Error(message.message))
  }

  #lost(why: string): void {
    const err = new Error(`the cluster host ended (${why})`)
    for (const { reject } of this.#pending.values()) reject(err)
    this.#pending.clear()
    if (this.#closing) return
    const delayMs = this.#backoff.nextMs()
    this.#options.logger.error('cluster host lost; starting another', { why, delayMs })
    this.#options.clock.setTimeout(() => this.#restart(), delayMs)
  }

  #restart(): void {
    if (this.#closing) return
    try {
      this.#child = this.#spawn()
    } catch (err) {
      this.#lost((err as Error).message)
      return
    }
    for (const name of this.#running) {
      this.#call({ method: 'startCluster', name }).then(
        () => this.#watchAgain(name),
        (err) => this.#options.logger.error('cluster did not come back', { cluster: name, err }),
      )
    }
  }

  /** A new control plane counts its traces from one again, so all it has is news. */
  #watchAgain(name: string): void {
    this.#gateListeners.tell(name, [])
    const lost = [...this.#watches.values()].filter((watch) => watch.name === name)
    for (const watch of lost) {
      this.#watches.delete(watch.id)
      this.#watch(watch, 0)
    }
  }
}

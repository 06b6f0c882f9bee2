// Many clusters in this process. The classroom keeps one of these in a child process (host-process.ts).

import { rm } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { GateState } from '../client/loop-gate.ts'
import type { Schemas } from '../schemas/schemas.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterHost, MachineSwitch, MachinesRest } from './cluster-host.ts'
import {
  type ClusterRecord,
  clusterDirectory,
  clusterNames,
  mayHaveMachines,
  readClusterRecord,
  writeClusterRecord,
} from './cluster-record.ts'
import { type ClusterInfo, type ClusterSpec, problemsOf } from './cluster-spec.ts'
import { freePorts } from './free-ports.ts'
import { type GateListener, GateListeners } from './gate-listeners.ts'
import type { LoopOrder } from './loop-order.ts'
import type { MachineProvider } from './machine-provider.ts'
import type { ObjectVersions, VersionsQuery } from './object-versions.ts'
import type { ChangeLog, StateQuery, StoreState } from './past.ts'
import { expectState, putBackState } from './saved-state.ts'
import { ServiceAccountKeys } from './service-account-keys.ts'
import { type TraceBatch, TraceLog } from './trace-log.ts'

export interface LocalHostOptions {
  stateDir: string
  /** Asked once, when a cluster with real nodes is, and disposed of at the end; rejects with what is missing and how to mend it. */
  machines(): Promise<MachineProvider>
  schemas: Schemas
  clock: Clock
  logger: Logger
  random: () => number
}

/** Loaded when one is run: who only deletes clusters needs nothing of what they are. */
const loadCluster = () => import('./cluster.ts')

interface Running {
  cluster: Cluster
  traces: TraceLog
}

export class LocalClusterHost implements ClusterHost {
  readonly #options: LocalHostOptions
  readonly #running = new Map<string, Running>()
  readonly #gateListeners = new GateListeners()
  readonly #keys = new ServiceAccountKeys()
  #disposing: Promise<void> | undefined
  #machines: Promise<MachineProvider> | undefined

  constructor(options: LocalHostOptions) {
    this.#options = options
  }

  /** What the first cluster would otherwise wait for, and the first `kubectl get` hold all others up with. */
  async prepare(): Promise<void> {
    await loadCluster()
    this.#options.schemas.descriptions()
  }

  async createCluster(spec: ClusterSpec): Promise<ClusterInfo> {
    const problems = problemsOf(spec)
    if (problems.length > 0) throw new Error(problems.join('; '))
    const directory = this.#directory(spec.name)
    if (this.#running.has(spec.name) || (await readClusterRecord(directory))) {
      throw new Error(`a cluster named "${spec.name}" exists; choose another name, or delete it first`)
    }
    const promised = await this.#promisedPorts()
    const [apiPort, etcdPort] = await freePorts(2, (port) => promised.has(port))
    const record: ClusterRecord = { spec, apiPort: apiPort!, etcdPort: etcdPort!, createdAt: this.#options.clock.now() }
    await writeClusterRecord(directory, record)
    return this.#run(record)
  }

  async startCluster(name: string): Promise<ClusterInfo> {
    const running = this.#running.get(name)
    if (running) {
      await running.cluster.ready()
      return running.cluster.info()
    }
    const record = await readClusterRecord(this.#directory(name))
    if (!record) throw new Error(`there is no cluster named "${name}"; \`podium cluster list\` shows those there are`)
    return this.#run(record)
  }

  async stopCluster(name: string, machines: MachinesRest = 'stop'): Promise<void> {
    if (await this.#close(name, machines)) return
    const record = await readClusterRecord(this.#directory(name))
    if (!record || record.spec.nodes === 0) return
    const there = await (await this.#openMachines()).listMachines(name)
    await Promise.all(there.map((machine) => machine[machines]()))
  }

  async deleteCluster(name: string): Promise<void> {
    await this.#close(name, 'leave')
    const directory = this.#directory(name)
    if (await mayHaveMachines(directory)) await (await this.#openMachines()).deleteCluster(name)
    await rm(directory, { recursive: true, force: true })
  }

  async listClusters(): Promise<ClusterInfo[]> {
    return [...this.#running.values()].map(({ cluster }) => cluster.info())
  }

  watchTraces(name: string, since: number, listener: (batch: TraceBatch) => void): Disposable {
    return this.#find(name).traces.watch(since, listener)
  }

  async steerLoops(name: string, order: LoopOrder): Promise<GateState[]> {
    const gates = this.#find(name).cluster.steerLoops(order)
    this.#gateListeners.tell(name, gates)
    return gates
  }

  async loopGates(name: string): Promise<GateState[]> {
    return this.#find(name).cluster.loopGates()
  }

  watchGates(name: string, listener: GateListener): Disposable {
    return this.#gateListeners.add(name, listener)
  }

  async objectVersions(name: string, query: VersionsQuery): Promise<ObjectVersions> {
    return this.#find(name).cluster.objectVersions(query)
  }

  async stateAt(name: string, query: StateQuery): Promise<StoreState> {
    return this.#find(name).cluster.stateAt(query)
  }

  async changeLog(name: string, most: number): Promise<ChangeLog> {
    return this.#find(name).cluster.changeLog(most)
  }

  async saveState(name: string, state: string): Promise<void> {
    await this.#find(name).cluster.saveState(state)
  }

  async putBackState(name: string, state: string): Promise<ClusterInfo> {
    const { directory, revision } = this.#find(name).cluster
    await expectState({ directory, name: state })
    const record = await readClusterRecord(directory)
    if (!record) throw new Error(`there is no cluster named "${name}"`)
    await this.#close(name, 'leave')
    try {
      await putBackState({ directory, name: state, revision })
    } finally {
      // Also what could not be put back goes on as it was.
      await this.#run(record, { isAnew: true })
    }
    this.#gateListeners.tell(name, [])
    return this.#find(name).cluster.info()
  }

  async switchMachine(name: string, machine: string, to: MachineSwitch): Promise<void> {
    await this.#find(name).cluster.switchMachine(machine, to)
  }

  /** Stops every cluster in order; their machines go to disk. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#stop()
    return this.#disposing
  }

  /** Ends the control planes and leaves the machines running, for the next process to adopt. */
  async leave(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#close(name, 'leave')))
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#close(name, 'stop')))
    const machines = await this.#machines?.catch(() => undefined)
    await machines?.[Symbol.asyncDispose]()
  }

  #openMachines(): Promise<MachineProvider> {
    this.#machines ??= this.#options.machines().catch((err) => {
      this.#machines = undefined
      throw err
    })
    return this.#machines
  }

  #find(name: string): Running {
    const running = this.#running.get(name)
    if (!running) throw new Error(`the cluster "${name}" does not run`)
    return running
  }

  #directory(name: string): string {
    return clusterDirectory(this.#options.stateDir, name)
  }

  /** Of every cluster on disk: one that sleeps holds none, and wants its own when it is woken. */
  async #promisedPorts(): Promise<Set<number>> {
    const names = await clusterNames(this.#options.stateDir)
    const records = await Promise.all(
      names.map((name) => readClusterRecord(this.#directory(name)).catch(() => undefined)),
    )
    return new Set(records.flatMap((record) => (record ? [record.apiPort, record.etcdPort] : [])))
  }

  async #run(record: ClusterRecord, { isAnew = false } = {}): Promise<ClusterInfo> {
    const { schemas, clock, logger, random } = this.#options
    const { Cluster } = await loadCluster()
    const machines = record.spec.nodes > 0 ? await this.#openMachines() : undefined
    // Somebody else may have started it meanwhile: two control planes of one store would end each other.
    if (this.#running.has(record.spec.name)) return this.startCluster(record.spec.name)
    const traces = new TraceLog({ clock })
    const directory = this.#directory(record.spec.name)
    const keys = this.#keys
    const options = { directory, record, machines, isAnew, keys, schemas, clock, logger, trace: traces, random }
    const cluster = new Cluster(options)
    this.#running.set(cluster.name, { cluster, traces })
    try {
      await cluster.ready()
    } catch (err) {
      await this.#close(cluster.name, 'leave')
      throw err
    }
    return cluster.info()
  }

  /** Whether it ran. */
  async #close(name: string, machines: MachinesRest | 'leave'): Promise<boolean> {
    const running = this.#running.get(name)
    this.#running.delete(name)
    await running?.cluster.close({ machines })
    return running !== undefined
  }
}

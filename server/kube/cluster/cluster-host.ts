// A cluster host runs many clusters' control planes in a process of its own, so that a busy cluster cannot stall the
// page. This is what the classroom (and the command line) asks of one; host-process.ts is the other end.

import type { GateState } from '../client/loop-gate.ts'
import type { ClusterInfo, ClusterSpec } from './cluster-spec.ts'
import type { GateListener } from './gate-listeners.ts'
import type { LoopOrder } from './loop-order.ts'
import type { ObjectVersions, VersionsQuery } from './object-versions.ts'
import type { ChangeLog, StateQuery, StoreState } from './past.ts'
import type { TraceBatch } from './trace-log.ts'

export interface ClusterHost extends AsyncDisposable {
  /** Resolves when every node is Ready. Rejects with a message for people. */
  createCluster(spec: ClusterSpec): Promise<ClusterInfo>
  /** Brings back a cluster that is on disk, with the machines it has, whether they were stopped or paused. */
  startCluster(name: string): Promise<ClusterInfo>
  /** Ends the control plane and lays the machines to rest, also those of a cluster whose control plane does not run. */
  stopCluster(name: string, machines?: MachinesRest): Promise<void>
  deleteCluster(name: string): Promise<void>
  listClusters(): Promise<ClusterInfo[]>
  /** Every trace event of one cluster, from `since` on (0: everything still kept), in order, in batches. */
  watchTraces(name: string, since: number, listener: (batch: TraceBatch) => void): Disposable
  /** Holds, steps, slows or releases loops of one cluster; answers which are held or slowed then. */
  steerLoops(name: string, order: LoopOrder): Promise<GateState[]>
  /** The loops that are held or slowed. */
  loopGates(name: string): Promise<GateState[]>
  /** Hears the same after every order, whoever gave it, and when a lost control plane came back with none of it. */
  watchGates(name: string, listener: GateListener): Disposable
  /** What an object was, as far back as the store remembers. */
  objectVersions(name: string, query: VersionsQuery): Promise<ObjectVersions>
  /** What the store held at a revision. */
  stateAt(name: string, query: StateQuery): Promise<StoreState>
  /** What the newest `most` revisions changed. */
  changeLog(name: string, most: number): Promise<ChangeLog>
  /** Keeps what is in the cluster now under a name, in the place of what that name kept before. */
  saveState(name: string, state: string): Promise<void>
  /** Puts that back. The control plane is started again meanwhile; machines run on. */
  putBackState(name: string, state: string): Promise<ClusterInfo>
  /** A fault, or its end: pulls the plug of one of the cluster's nodes, or starts it again. Rejects with a message for people. */
  switchMachine(name: string, machine: string, to: MachineSwitch): Promise<void>
}

export type MachineSwitch = 'killed' | 'started'

/** On disk, or standing still in memory: from there they are back in a moment, with everything that ran. */
export type MachinesRest = 'stop' | 'pause'

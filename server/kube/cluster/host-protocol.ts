// What a classroom and its cluster host say over the channel between their processes.

import type { GateState } from '../client/loop-gate.ts'
import type { MachineSwitch, MachinesRest } from './cluster-host.ts'
import type { ClusterInfo, ClusterSpec } from './cluster-spec.ts'
import type { LoopOrder } from './loop-order.ts'
import type { ObjectVersions, VersionsQuery } from './object-versions.ts'
import type { ChangeLog, StateQuery, StoreState } from './past.ts'
import type { TraceBatch } from './trace-log.ts'

export type HostCall =
  | { method: 'createCluster'; spec: ClusterSpec }
  | { method: 'startCluster' | 'deleteCluster'; name: string }
  | { method: 'stopCluster'; name: string; machines: MachinesRest }
  | { method: 'listClusters' }
  | { method: 'watchTraces'; name: string; since: number }
  | { method: 'unwatchTraces'; watch: number }
  | { method: 'steerLoops'; name: string; order: LoopOrder }
  | { method: 'loopGates'; name: string }
  | { method: 'objectVersions'; name: string; query: VersionsQuery }
  | { method: 'stateAt'; name: string; query: StateQuery }
  | { method: 'changeLog'; name: string; most: number }
  | { method: 'saveState' | 'putBackState'; name: string; state: string }
  | { method: 'switchMachine'; name: string; machine: string; to: MachineSwitch }
  | { method: 'close' }

export interface HostResults {
  createCluster: ClusterInfo
  startCluster: ClusterInfo
  stopCluster: null
  deleteCluster: null
  listClusters: ClusterInfo[]
  /** The id under which batches come. */
  watchTraces: null
  unwatchTraces: null
  steerLoops: GateState[]
  loopGates: GateState[]
  objectVersions: ObjectVersions
  stateAt: StoreState
  changeLog: ChangeLog
  saveState: null
  putBackState: ClusterInfo
  switchMachine: null
  close: null
}

export type ToHost = { id: number; call: HostCall }

export type FromHost =
  | { type: 'answer'; id: number; result: unknown }
  | { type: 'failure'; id: number; message: string }
  /** `watch` is the id of the `watchTraces` call. */
  | { type: 'traces'; watch: number; batch: TraceBatch }

// What a classroom and its cluster host say over the channel between their processes.

import type { TraceBatch } from '../../base/trace-log.ts'
import type { ClusterInfo, ClusterSpec } from './cluster-spec.ts'

export type HostCall =
  | { method: 'createCluster'; spec: ClusterSpec }
  | { method: 'startCluster' | 'stopCluster' | 'deleteCluster'; name: string }
  | { method: 'listClusters' }
  | { method: 'watchTraces'; name: string; since: number }
  | { method: 'unwatchTraces'; watch: number }
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
  close: null
}

export type ToHost = { id: number; call: HostCall }

export type FromHost =
  | { type: 'answer'; id: number; result: unknown }
  | { type: 'failure'; id: number; message: string }
  /** `watch` is the id of the `watchTraces` call. */
  | { type: 'traces'; watch: number; batch: TraceBatch }

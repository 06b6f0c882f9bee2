// A cluster host runs many clusters' control planes in a process of its own, so that a busy cluster cannot stall the
// page. This is what the classroom (and the command line) asks of one; host-process.ts is the other end.

import type { TraceBatch } from '../../base/trace-log.ts'
import type { ClusterInfo, ClusterSpec } from './cluster-spec.ts'

export interface ClusterHost extends AsyncDisposable {
  /** Resolves when every node is Ready. Rejects with a message for people. */
  createCluster(spec: ClusterSpec): Promise<ClusterInfo>
  /** Brings back a cluster that is on disk, with the machines it has. */
  startCluster(name: string): Promise<ClusterInfo>
  stopCluster(name: string): Promise<void>
  deleteCluster(name: string): Promise<void>
  listClusters(): Promise<ClusterInfo[]>
  /** Every trace event of one cluster, from `since` on (0: everything still kept), in order, in batches. */
  watchTraces(name: string, since: number, listener: (batch: TraceBatch) => void): Disposable
}

// The front door of wing 1 for those who want clusters.

export { readApiServerFlags } from './api-server-flags.ts'
export { backUpCluster, repairCluster, restoreCluster } from './cluster-backup.ts'
export type { ClusterHost, MachinesRest } from './cluster-host.ts'
export { clusterDirectory, clusterNames, readClusterRecord, readRunRecord } from './cluster-record.ts'
export { type ClusterInfo, type ClusterSpec, type EtcdFlags, etcdServersOf, problemsOf } from './cluster-spec.ts'
export { serveHost } from './host-process.ts'
export { LocalClusterHost } from './local-host.ts'
export type { LoopOrder } from './loop-order.ts'
export type { MachineProvider } from './machine-provider.ts'
export type { ObjectVersions, VersionsQuery } from './object-versions.ts'
export type { ChangeLog } from './past.ts'
export { spawnClusterHost } from './spawn-host.ts'

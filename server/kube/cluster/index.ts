// The front door of wing 1 for those who want clusters.

export { VERSION } from '../apiserver/endpoints/server-state.ts'
export { readApiServerFlags } from './api-server-flags.ts'
export { backUpCluster, repairCluster, restoreCluster } from './cluster-backup.ts'
export type { ClusterHost, MachinesRest } from './cluster-host.ts'
export {
  type ClusterRecord,
  clusterDirectory,
  clusterNames,
  readClusterRecord,
  readRunRecord,
} from './cluster-record.ts'
export {
  type ClusterInfo,
  type ClusterSpec,
  type EtcdFlags,
  etcdServersOf,
  problemsOf,
  STORE_QUOTA,
} from './cluster-spec.ts'
export { readDeschedulerFlags } from './descheduler-flags.ts'
export { serveHost } from './host-process.ts'
export { NODE_BOOTSTRAPPERS, PARTS_OF_A_MACHINE } from './joining-rights.ts'
export { LocalClusterHost } from './local-host.ts'
export type { LoopOrder } from './loop-order.ts'
export type { Machine, MachineFile, MachineNetwork, MachineProvider } from './machine-provider.ts'
export { NETWORKING, networkingFor } from './networking.ts'
export { joiningNodeFiles } from './node-files.ts'
export type { ObjectVersions, VersionsQuery } from './object-versions.ts'
export type { ChangeLog } from './past.ts'
export { readSchedulerFlags } from './scheduler-flags.ts'
export { spawnClusterHost } from './spawn-host.ts'

// The front door of wing 1 for those who want clusters.

export type { ClusterHost } from './cluster-host.ts'
export { clusterDirectory, clusterNames, readClusterRecord, readRunRecord } from './cluster-record.ts'
export { type ClusterInfo, type ClusterSpec, problemsOf } from './cluster-spec.ts'
export { serveHost } from './host-process.ts'
export { LocalClusterHost } from './local-host.ts'
export type { Machine, MachineFile, MachineNetwork, MachineProvider } from './machine-provider.ts'
export { type SpawnHostOptions, spawnClusterHost } from './spawn-host.ts'

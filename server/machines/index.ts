// The door of the data centre: what clusters and the classroom may use of it.
export { buildNodeAgent } from './build-node-agent.ts'
export { cgroupSupport, type Limits } from './cgroup-limits.ts'
export {
  type DataCentre,
  type DataCentreOptions,
  imagesAreReady,
  openDataCentre,
} from './data-centre.ts'
export { removeInstallation } from './remove-installation.ts'
export type { Terminal, TerminalShell, TerminalSize } from './terminal.ts'
export { exportImages, importImages } from './transfer-images.ts'

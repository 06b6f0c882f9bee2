// The door of the data centre: what clusters and the classroom may use of it.
export { addedImages, addImage, removeAddedImage } from './added-images.ts'
export { cgroupSupport, readCgroups } from './cgroup-host.ts'
export {
  type DataCentre,
  EngineElsewhere,
  imagesAreReady,
  isInUse,
  openDataCentre,
  processesUsing,
} from './data-centre.ts'
export { invitedBy } from './elsewhere.ts'
export { backUpHomes, restoreHomes } from './home-disks.ts'
export { imageNames } from './image-set.ts'
export type { RegistryAccess } from './push-access.ts'
export { removeInstallation } from './remove-installation.ts'
export type { TerminalShell } from './shell.ts'
export type { Terminal } from './terminal.ts'
export { exportImages, importImages } from './transfer-images.ts'
export type { Tunnel } from './tunnel.ts'

// The door of the data centre: what clusters and the classroom may use of it.
export { addedImages, addImage, removeAddedImage } from './added-images.ts'
export { cgroupSupport, readCgroups } from './cgroup-host.ts'
export { type DataCentre, EngineElsewhere, imagesAreReady, openDataCentre } from './data-centre.ts'
export { backUpHomes, restoreHomes } from './home-disks.ts'
export { imageNames } from './image-set.ts'
export { removeInstallation } from './remove-installation.ts'
export type { Terminal, TerminalShell } from './terminal.ts'
export { exportImages, importImages } from './transfer-images.ts'

// Drivers of volumes that have gone, or will: of volumes of pods and of PersistentVolumes alike. Upstream: pkg/api/pod/warnings.go,
// pkg/api/persistentvolume/util.go.

const DRIVERS: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

/** `unsaid`: of which nothing is said here. */
export const driverWarnings = (volume: object, at: string, unsaid: readonly string[] = []): string[] =>
  Object.entries(DRIVERS).flatMap(([driver, why]) =>
    driver in volume && !unsaid.includes(driver)
      ? [`${at}.${driver === 'storageos' ? 'storageOS' : driver}: ${why}`]
      : [],
  )

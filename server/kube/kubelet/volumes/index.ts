// The volumes a pod may use. To add one: a file like its neighbours, and a line here.

import { configMapVolume } from './config-map.ts'
import { csiVolume } from './csi.ts'
import { downwardApiVolume } from './downward-api.ts'
import { emptyDirVolume } from './empty-dir.ts'
import { hostPathVolume } from './host-path.ts'
import { imageVolume } from './image.ts'
import { localVolume } from './local.ts'
import { nfsVolume } from './nfs.ts'
import { projectedVolume } from './projected.ts'
import { secretVolume } from './secret.ts'
import type { VolumePlugin } from './volume-plugin.ts'

export const volumePlugins: readonly VolumePlugin[] = [
  configMapVolume,
  csiVolume,
  downwardApiVolume,
  emptyDirVolume,
  hostPathVolume,
  imageVolume,
  localVolume,
  nfsVolume,
  projectedVolume,
  secretVolume,
]

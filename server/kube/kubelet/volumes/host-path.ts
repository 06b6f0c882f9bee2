// A path of the machine itself. Upstream: pkg/volume/hostpath.

import type { VolumePlugin } from './volume-plugin.ts'

export const hostPathVolume: VolumePlugin = {
  name: 'kubernetes.io~host-path',
  field: 'hostPath',
  isLive: false,
  async setUp({ volume }, { os }) {
    const { path = '', type = '' } = volume.hostPath ?? {}
    const kind = await os.kindOf(path)
    const failed = (what: string) => new Error(`hostPath type check failed: ${path} is not a ${what}`)
    switch (type) {
      case 'DirectoryOrCreate':
        if (kind === undefined) await os.makeDirectory(path, { mode: 0o755 })
        else if (kind !== 'directory') throw failed('directory')
        break
      case 'Directory':
        if (kind !== 'directory') throw failed('directory')
        break
      case 'FileOrCreate':
        if (kind === undefined) await os.writeFile(path, '', { mode: 0o644 })
        else if (kind !== 'file') throw failed('file')
        break
      case 'File':
        if (kind !== 'file') throw failed('file')
        break
      case 'Socket':
        if (kind !== 'socket') throw failed('socket file')
        break
      case 'CharDevice':
        if (kind !== 'character device') throw failed('character device')
        break
      case 'BlockDevice':
        if (kind !== 'block device') throw failed('block device')
        break
    }
    return path
  },
}

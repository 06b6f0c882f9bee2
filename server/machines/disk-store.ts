// Machine disks: copies of one golden disk that share its blocks until written to, each a file system with a size limit.
//
//   <stateDir>/machines.xfs      sparse file, XFS with reflinks, loop-mounted on <stateDir>/disks
//     golden/<hash>.img          sparse ext4: root/ (the machine's tree without /usr) and docker/ (images preloaded)
//     clusters/<cluster>/<machine>.img → loop-mounted on <stateDir>/mounts/<cluster>/<machine>
//
// Without mkfs.xfs the same files are copied sparsely, which takes 60 ms instead of 2 and shares nothing.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withFileLock } from './file-lock.ts'
import { runCommand, tryCommand } from './run-command.ts'

export interface DiskStore {
  readonly sharesBlocks: boolean
  goldenPath(hash: string): string
  /** Makes an ext4 disk file, empty or filled with a directory's tree. */
  format(path: string, sizeBytes: number, tree?: string): Promise<void>
  /** Copies a disk file (sharing its blocks where possible); an existing target is kept. */
  clone(from: string, cluster: string, machine: string): Promise<void>
  /** Mounts the machine's disk if it is not; returns the mount point. */
  mount(cluster: string, machine: string): Promise<string>
  unmount(cluster: string, machine: string): Promise<void>
  isMounted(cluster: string, machine: string): Promise<boolean>
  /** Keeps an unmounted machine's disk as a golden one. */
  promote(cluster: string, machine: string, golden: string): Promise<void>
  has(cluster: string, machine: string): boolean
  remove(cluster: string, machine: string): Promise<void>
  removeCluster(cluster: string): Promise<void>
  /** Also homes of terminals, and what the machines share. */
  machinesOf(cluster: string): Promise<string[]>
}

const XFS_SIZE = 200 * 1024 ** 3 // sparse: it takes only what is written

export async function openDiskStore(options: { stateDir: string; log: (line: string) => void }): Promise<DiskStore> {
  const { stateDir, log } = options
  const disks = join(stateDir, 'disks')
  const mounts = join(stateDir, 'mounts')
  for (const dir of [disks, mounts]) await mkdir(dir, { recursive: true, mode: 0o700 })
  const sharesBlocks = await ensureReflinks(stateDir, disks, log)
  for (const dir of ['golden', 'clusters']) await mkdir(join(disks, dir), { recursive: true })

  const imageOf = (cluster: string, machine: string) => join(disks, 'clusters', cluster, `${machine}.img`)
  const mountOf = (cluster: string, machine: string) => join(mounts, cluster, machine)

  const store: DiskStore = {
    sharesBlocks,
    goldenPath: (hash) => join(disks, 'golden', `${hash}.img`),
    async format(path, sizeBytes, tree) {
      await writeFile(path, '')
      await truncate(path, sizeBytes)
      const filling = tree ? ['-d', tree] : []
      // Without a journal ext4 looks at every inode freed in the last minutes before it gives one out: half of what an
      // engine takes to make a container, once some were deleted. A small one will do.
      await runCommand('mkfs.ext4', ['-q', '-F', '-m', '0', '-J', 'size=16', ...filling, path])
    },
    async clone(from, cluster, machine) {
      const image = imageOf(cluster, machine)
      if (existsSync(image)) return
      await mkdir(join(disks, 'clusters', cluster), { recursive: true })
      await runCommand('cp', [sharesBlocks ? '--reflink=always' : '--sparse=always', from, image])
    },
    async mount(cluster, machine) {
      const target = mountOf(cluster, machine)
      if (await isMounted(target)) return target
      await mkdir(target, { recursive: true, mode: 0o700 })
      const image = imageOf(cluster, machine)
      const mounted = await tryCommand('mount', ['-o', 'loop,noatime', image, target])
      if (mounted.exitCode !== 0) {
        // The disk was in use when the host went down, and its journal alone does not mend it.
        await tryCommand('e2fsck', ['-p', '-f', image])
        await runCommand('mount', ['-o', 'loop,noatime', image, target])
      }
      return target
    },
    async unmount(cluster, machine) {
      const target = mountOf(cluster, machine)
      if (await isMounted(target)) {
        // Somebody looking at the disk from the host must not keep a machine from being deleted.
        const { exitCode } = await tryCommand('umount', [target])
        if (exitCode !== 0) await runCommand('umount', ['-l', target])
      }
      await rmdir(target).catch(() => {})
    },
    isMounted: (cluster, machine) => isMounted(mountOf(cluster, machine)),
    async promote(cluster, machine, golden) {
      await rename(imageOf(cluster, machine), golden)
    },
    has: (cluster, machine) => existsSync(imageOf(cluster, machine)),
    async remove(cluster, machine) {
      await store.unmount(cluster, machine)
      await rm(imageOf(cluster, machine), { force: true })
    },
    async removeCluster(cluster) {
      for (const machine of await store.machinesOf(cluster)) await store.remove(cluster, machine)
      await rm(join(disks, 'clusters', cluster), { recursive: true, force: true })
      await rmdir(join(mounts, cluster)).catch(() => {})
    },
    async machinesOf(cluster) {
      const files = await readdir(join(disks, 'clusters', cluster)).catch(() => [])
      return files.filter((file) => file.endsWith('.img')).map((file) => file.slice(0, -'.img'.length))
    },
  }
  return store
}

/** Unmounts the store itself; disks stay in their file. */
export async function closeDiskStore(stateDir: string): Promise<void> {
  const disks = join(stateDir, 'disks')
  if (await isMounted(disks)) await runCommand('umount', [disks])
}

/** Held by whoever makes or takes away what all clusters of an installation share. */
export const preparingLock = (stateDir: string) => join(stateDir, 'prepare.lock')

/** For who only looks in: where no classroom has the store mounted, it is for as long as this takes. */
export function withDisks<T>(stateDir: string, work: (disks: DiskStore) => Promise<T>): Promise<T> {
  return withFileLock(preparingLock(stateDir), async () => {
    const wasOpen = await isMounted(join(stateDir, 'disks'))
    const disks = await openDiskStore({ stateDir, log: () => undefined })
    try {
      return await work(disks)
    } finally {
      if (!wasOpen) await closeDiskStore(stateDir)
    }
  })
}

export async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  return mounts.split('\n').some((line) => line.split(' ')[1] === path.replaceAll(' ', '\\040'))
}

async function ensureReflinks(stateDir: string, disks: string, log: (line: string) => void): Promise<boolean> {
  if (await isMounted(disks)) return true
  if (await canReflink(disks)) return true
  const image = join(stateDir, 'machines.xfs')
  if (!existsSync(image)) {
    const inside = (await readdir(disks)).length > 0
    const available = (await tryCommand('mkfs.xfs', ['-V'])).exitCode === 0
    await tryCommand('modprobe', ['xfs']) // a module nobody has asked for yet, on most hosts
    const kernel = (await readFile('/proc/filesystems', 'utf8')).includes('xfs')
    if (inside || !available || !kernel) {
      log(
        `machine disks are copied, not shared: ${inside ? 'they were before' : available ? 'this kernel has no XFS' : 'mkfs.xfs is not installed'}`,
      )
      return false
    }
    const partial = `${image}.partial`
    await writeFile(partial, '', { mode: 0o600 })
    await truncate(partial, XFS_SIZE)
    await runCommand('mkfs.xfs', ['-q', '-f', '-m', 'reflink=1', partial])
    await rename(partial, image)
  }
  await runCommand('mount', ['-o', 'loop,noatime,discard', image, disks])
  return true
}

async function canReflink(dir: string): Promise<boolean> {
  const from = join(dir, '.reflink-test')
  try {
    await writeFile(from, 'x')
    return (await tryCommand('cp', ['--reflink=always', from, `${from}.2`])).exitCode === 0
  } finally {
    await rm(from, { force: true })
    await rm(`${from}.2`, { force: true })
  }
}

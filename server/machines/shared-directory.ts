// The learner's shared directory: one small disk that all machines of a cluster have at /srv/shared-directory, for volumes
// that are read and written on several of them. It is mounted while one of the machines is.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskStore } from './disk-store.ts'
import { ensureTemplate } from './disk-template.ts'

/** As a machine's disk is called; no machine is called so. */
const SHARED_DISK = 'shared-directory'
const BYTES = 2 * 1024 ** 3

/** Of one cluster. */
export interface SharedDirectory {
  /** The directory on the host. */
  open(): Promise<string>
  /** When a machine has let go of it. */
  close(): Promise<void>
}

export async function openSharedDirectory(disks: DiskStore, stateDir: string, cluster: string): Promise<string> {
  if (!disks.has(cluster, SHARED_DISK)) {
    const template = await ensureTemplate(disks, stateDir, {
      name: 'shared-directory-v1',
      bytes: BYTES,
      fill: async (tree) => void (await mkdir(join(tree, 'directory'), { mode: 0o755 })),
    })
    await disks.clone(template, cluster, SHARED_DISK)
  }
  return join(await disks.mount(cluster, SHARED_DISK), 'directory')
}

/** Unmounts it when no machine of the cluster is left. */
export async function closeSharedDirectory(disks: DiskStore, cluster: string): Promise<void> {
  const others = (await disks.machinesOf(cluster)).filter((disk) => disk !== SHARED_DISK && !disk.startsWith('home-'))
  const inUse = await Promise.all(others.map((disk) => disks.isMounted(cluster, disk)))
  if (!inUse.includes(true)) await disks.unmount(cluster, SHARED_DISK)
}

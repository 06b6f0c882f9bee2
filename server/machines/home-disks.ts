// Learners' home directories as files, for backups and snapshots: each is a small disk of its own, and a disk is one file.
// Backups have what the cluster's machines share as well; snapshots do not, for machines that run on use it.
//
//   disks/clusters/<cluster>/home-terminal.img        the home that is used
//                            shared-directory.img     see shared-directory.ts
//                            kept/<name>/             what it was when somebody kept it under that name
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isMounted, withDisks } from './disk-store.ts'
import { runCommand } from './run-command.ts'

const HOME = /^home-.*\.img$/
const HOME_OR_SHARED = /^(home-.*|shared-directory)\.img$/
const KEPT = 'kept'

interface Homes {
  stateDir: string
  cluster: string
}

/** Copies the home disks of a cluster into the folder `to`; a terminal that is in use is held still for a moment. */
export async function backUpHomes({ to, ...homes }: Homes & { to: string }): Promise<void> {
  if (!existsSync(join(homes.stateDir, 'disks'))) return
  await withDisks(homes.stateDir, async () => {
    await copyInUse(homes, to, HOME_OR_SHARED)
    const kept = join(folderOf(homes), KEPT)
    for (const name of await namesIn(kept)) await copy(join(kept, name), join(to, KEPT, name))
  })
}

/** Puts them where the cluster's terminal will look for its home. */
export async function restoreHomes({ from, ...homes }: Homes & { from: string }): Promise<void> {
  if (!existsSync(from)) return
  await withDisks(homes.stateDir, async () => {
    await copy(from, folderOf(homes), HOME_OR_SHARED)
    for (const name of await namesIn(join(from, KEPT)))
      await copy(join(from, KEPT, name), join(folderOf(homes), KEPT, name))
  })
}

/** In place of what was kept under that name before. */
export function keepHomes({ name, ...homes }: Homes & { name: string }): Promise<void> {
  return copyInUse(homes, join(folderOf(homes), KEPT, name))
}

/** While no terminal uses them. Where nothing was kept, they stay as they are. */
export function putBackHomes({ name, ...homes }: Homes & { name: string }): Promise<void> {
  return copy(join(folderOf(homes), KEPT, name), folderOf(homes))
}

const folderOf = ({ stateDir, cluster }: Homes) => join(stateDir, 'disks', 'clusters', cluster)
const namesIn = (folder: string) => readdir(folder).catch(() => [])

async function copyInUse(homes: Homes, to: string, which = HOME): Promise<void> {
  for (const file of (await namesIn(folderOf(homes))).filter((name) => which.test(name))) {
    const mount = join(homes.stateDir, 'mounts', homes.cluster, file.slice(0, -'.img'.length))
    const inUse = await isMounted(mount)
    if (inUse) await runCommand('fsfreeze', ['--freeze', mount])
    try {
      await copyFile(file, folderOf(homes), to)
    } finally {
      if (inUse) await runCommand('fsfreeze', ['--unfreeze', mount])
    }
  }
}

async function copy(from: string, to: string, which = HOME): Promise<void> {
  for (const file of (await namesIn(from)).filter((name) => which.test(name))) await copyFile(file, from, to)
}

/** There whole or not at all. */
async function copyFile(file: string, from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  const partial = join(to, `${file}.partial`)
  await runCommand('cp', ['--reflink=auto', '--sparse=always', join(from, file), partial])
  await rename(partial, join(to, file))
}

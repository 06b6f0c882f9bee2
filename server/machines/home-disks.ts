// Learners' home directories as files, for backups: each is a small disk of its own, and a disk is one file.
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMounted, withDisks } from './disk-store.ts'
import { runCommand } from './run-command.ts'

const HOME = /^home-.*\.img$/

/** Copies the home disks of a cluster into the folder `to`; a terminal that is in use is held still for a moment. */
export async function backUpHomes(options: { stateDir: string; cluster: string; to: string }): Promise<void> {
  const { stateDir, cluster, to } = options
  if (!existsSync(join(stateDir, 'disks'))) return
  await withDisks(stateDir, async () => {
    const from = join(stateDir, 'disks', 'clusters', cluster)
    const names = (await readdir(from).catch(() => [])).filter((name) => HOME.test(name))
    if (names.length === 0) return
    await mkdir(to, { recursive: true, mode: 0o700 })
    for (const name of names) {
      const mount = join(stateDir, 'mounts', cluster, name.slice(0, -'.img'.length))
      const inUse = await isMounted(mount)
      if (inUse) await runCommand('fsfreeze', ['--freeze', mount])
      try {
        await runCommand('cp', ['--reflink=auto', '--sparse=always', join(from, name), join(to, name)])
      } finally {
        if (inUse) await runCommand('fsfreeze', ['--unfreeze', mount])
      }
    }
  })
}

/** Puts them where the cluster's terminal will look for its home. */
export async function restoreHomes(options: { stateDir: string; cluster: string; from: string }): Promise<void> {
  const { stateDir, cluster, from } = options
  const names = (await readdir(from).catch(() => [])).filter((name) => HOME.test(name))
  if (names.length === 0) return
  await withDisks(stateDir, async () => {
    const to = join(stateDir, 'disks', 'clusters', cluster)
    await mkdir(to, { recursive: true })
    for (const name of names) await runCommand('cp', ['--sparse=always', join(from, name), join(to, name)])
  })
}

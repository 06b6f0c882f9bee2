// `podium backup` and `podium restore`: a whole classroom in one file, a compressed tar.
//
//   backup.json           what this is, and when it was made
//   classroom/            podium.db (people, classes, progress, grades), the key that signs cookies
//   clusters/<name>/      record, certificates, the store at one revision
//   homes/<name>/         the disks of learners' home directories
//
// Not in it, because it can be made again: images, machines and the containers on them.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { renameDurably, sync } from '../base/durable-files.ts'
import { copyDatabase, runningServer } from '../classroom/index.ts'
import { backUpCluster, clusterDirectory, clusterNames, restoreCluster } from '../kube/cluster/index.ts'
import { backUpHomes, restoreHomes } from '../machines/index.ts'
import { fileThatIs, makeFolder, placeForFile } from './named-places.ts'
import { UserError } from './user-error.ts'

interface Context {
  stateDir: string
  say(line: string): void
}

const FORMAT = 1
const DATABASE = join('classroom', 'podium.db')
const KEY = join('classroom', 'cookie.key')

const run = promisify(execFile)

/** Complete but for clusters that cannot be read, or not there at all; learners may work meanwhile. */
export async function backUp({ stateDir, say }: Context, file: string): Promise<void> {
  const names = await clusterNames(stateDir)
  const hasClassroom = existsSync(join(stateDir, DATABASE))
  if (!hasClassroom && names.length === 0) throw new UserError(`there is nothing to back up in ${stateDir}`)
  const path = placeForFile(file, 'the backup')
  if (existsSync(path)) throw new UserError(`${path} exists; choose another name, or remove it`)
  const leftOut: string[] = []
  const staging = await mkdtemp(join(stateDir, 'backup-'))
  try {
    if (hasClassroom) {
      await mkdir(join(staging, 'classroom'), { mode: 0o700 })
      await copyDatabase(join(stateDir, DATABASE), join(staging, DATABASE))
      if (existsSync(join(stateDir, KEY))) await copyFile(join(stateDir, KEY), join(staging, KEY))
    }
    for (const cluster of names) {
      const to = clusterDirectory(staging, cluster)
      try {
        await backUpCluster({ directory: clusterDirectory(stateDir, cluster), to, clock: systemClock })
      } catch (err) {
        // One that is damaged must not cost all others their backup.
        leftOut.push(`${cluster}: ${(err as Error).message}`)
        await rm(to, { recursive: true, force: true })
        continue
      }
      await backUpHomes({ stateDir, cluster, to: join(staging, 'homes', cluster) })
    }
    const clusters = await clusterNames(staging)
    const about = { format: FORMAT, madeAt: new Date(systemClock.now()).toISOString(), clusters }
    await writeFile(join(staging, 'backup.json'), `${JSON.stringify(about, null, 2)}\n`)
    // Before anything is in it, for nobody else to read, whatever the umask says.
    await rm(`${path}.partial`, { force: true })
    await writeFile(`${path}.partial`, '', { mode: 0o600, flag: 'wx' })
    await run('tar', ['-C', staging, '-c', '-S', '-z', '-f', `${path}.partial`, '.']).catch(
      failed(`${path} cannot be written`),
    )
    await sync(`${path}.partial`)
    await renameDurably(`${path}.partial`, path)
  } finally {
    await rm(staging, { recursive: true, force: true })
    await rm(`${path}.partial`, { force: true })
  }
  say(`backed up the classroom and ${names.length - leftOut.length} clusters to ${path}`)
  say('it holds keys and passwords’ hashes: keep it as you would keep those')
  if (leftOut.length > 0)
    throw new UserError(`the backup is without clusters that cannot be read:\n${leftOut.join('\n')}`)
}

/** Into a state directory that has neither a classroom nor clusters yet. */
export async function restore({ stateDir, say }: Context, file: string): Promise<void> {
  const path = fileThatIs(file)
  const server = runningServer(stateDir)
  if (server) throw new UserError(`a classroom runs on ${stateDir} (process ${server.pid}); stop it first`)
  if (existsSync(join(stateDir, DATABASE)) || (await clusterNames(stateDir)).length > 0) {
    throw new UserError(
      `${stateDir} has a classroom already. Back that up, remove it with "podium uninstall", and restore again; or restore into another PODIUM_HOME.`,
    )
  }
  await makeFolder(stateDir, 0o700)
  const staging = await mkdtemp(join(stateDir, 'restore-'))
  try {
    await run('tar', ['-C', staging, '-x', '-S', '-z', '-f', path]).catch(failed(`${path} cannot be read`))
    await assertReadable(staging, path)
    const names = await clusterNames(staging)
    for (const cluster of names) {
      await restoreCluster({ from: clusterDirectory(staging, cluster), directory: clusterDirectory(stateDir, cluster) })
      await restoreHomes({ stateDir, cluster, from: join(staging, 'homes', cluster) })
    }
    // Last: a restore that broke off half way can be told from a classroom.
    const classroom = join(staging, 'classroom')
    await mkdir(join(stateDir, 'classroom'), { recursive: true, mode: 0o700 })
    for (const name of await readdir(classroom).catch(() => [])) {
      await copyFile(join(classroom, name), join(stateDir, 'classroom', name))
    }
    say(`restored the classroom and ${names.length} clusters to ${stateDir}; npm start goes on with them`)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

const failed = (what: string) => (err: Error & { stderr?: string }) => {
  throw new UserError(`${what}: ${(err.stderr || err.message).trim().split('\n')[0]}`)
}

async function assertReadable(staging: string, path: string): Promise<void> {
  const text = await readFile(join(staging, 'backup.json'), 'utf8').catch(() => undefined)
  if (text === undefined) throw new UserError(`${path} is not a backup of Podium: it has no backup.json`)
  const { format } = JSON.parse(text) as { format?: number }
  if (format !== FORMAT) {
    throw new UserError(
      `${path} has format ${format}; this Podium reads format ${FORMAT}. Restore it with the newer one.`,
    )
  }
}

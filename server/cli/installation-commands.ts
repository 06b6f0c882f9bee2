// Commands about a whole installation: its images in a file, and taking it off the machine again.

import { existsSync } from 'node:fs'
import Docker from 'dockerode'
import { stopDocker } from '../../bin/docker-engine.mjs'
import { type ClusterCommandContext, listClusters } from './cluster-commands.ts'
import { fileThatIs, makeFolder, placeForFile } from './named-places.ts'
import { removeStateDirectory } from './state-directory.ts'
import { UserError } from './user-error.ts'

type Say = (line: string) => void

/** Loaded when needed: most commands do without the data centre. */
const machines = () => import('../machines/index.ts')

export async function exportImages(file: string, say: Say): Promise<void> {
  const path = placeForFile(file, 'the images')
  const { exportImages } = await machines()
  await exportImages(new Docker(), path).catch(refused(`the images could not be written to ${path}`))
  say(`all images are in ${path}; on the other machine: npx podium images import ${file}`)
}

export async function importImages(file: string, say: Say): Promise<void> {
  const path = fileThatIs(file)
  const { importImages } = await machines()
  await importImages(new Docker(), path).catch(refused(`${path} could not be loaded`))
  say('the images are here; `npm start` will find them')
}

export async function addImages(context: ClusterCommandContext, source: string, name?: string): Promise<void> {
  const { stateDir, say } = context
  const { addImage } = await machines()
  await makeFolder(stateDir, 0o711)
  const added = await addImage({ docker: new Docker(), stateDir, log: say }, source, name).catch(refused('not added'))
  for (const one of added) say(`added ${one}`)
  if (await refreshImages(context))
    say('pods may use it now, and machines that are made from now on have it on their disk')
  else say('machines that are made from now on have it')
}

/** For whoever makes machines at this moment, in another process; otherwise the next start does it. */
async function refreshImages({ stateDir, say }: ClusterCommandContext): Promise<boolean> {
  const { isInUse, openDataCentre } = await machines()
  if (!(await isInUse(stateDir))) return false
  const failed = refused('machines that run do not know of it yet; start the classroom again, or do this once more')
  await using dataCentre = await openDataCentre({ stateDir, log: say }).catch(failed)
  await dataCentre.registryAddress().catch(failed)
  return true
}

export async function removeImage(context: ClusterCommandContext, name: string): Promise<void> {
  const { stateDir, say } = context
  const { removeAddedImage } = await machines()
  await removeAddedImage({ docker: new Docker(), stateDir, log: say }, name).catch(refused('not removed'))
  await refreshImages(context)
  say(`removed ${name}; machines that have it keep it`)
}

export async function listImages({ stateDir, say }: ClusterCommandContext): Promise<void> {
  const { addedImages, imageNames } = await machines()
  const docker = new Docker()
  for (const name of imageNames()) say(name)
  for (const { recipe } of await addedImages({ docker, stateDir, log: say })) say(`${recipe.name}  (added)`)
}

/** A classroom that runs makes machines from what it found when it started, be it old. */
export async function pruneImages({ stateDir, say }: ClusterCommandContext): Promise<void> {
  await refuseWhileItRuns(stateDir)
  const { openDataCentre } = await machines()
  await using dataCentre = await openDataCentre({ stateDir, log: say })
  const gone = await dataCentre.pruneImages()
  for (const one of gone) say(`removed ${one}`)
  if (gone.length === 0) say('there is nothing but what is used now')
}

/** Everything that Podium made on this machine goes, learners' work too; an engine that somebody else started stays. */
export async function uninstall(
  context: ClusterCommandContext,
  { images, yes }: { images?: boolean; yes?: boolean },
): Promise<void> {
  const { stateDir, say } = context
  if (!existsSync(stateDir)) throw new UserError(`nothing is installed in ${stateDir}`)
  await refuseWhileItRuns(stateDir)
  const running = (await listClusters(context)).filter(({ pid }) => pid !== null).map(({ name }) => name)
  if (running.length > 0) throw new UserError(`these clusters run: ${running.join(', ')}; delete or stop them first`)
  if (!yes) {
    throw new UserError(
      `this removes every cluster, every learner's work and all settings of ${stateDir}. To do it: podium uninstall --yes`,
    )
  }
  const { removeInstallation } = await machines()
  await removeInstallation({ stateDir, removeImages: images ?? false, log: say })
  if (await stopDocker({ stateDir })) say('stopped the Docker engine that Podium had started')
  const gone = (await removeStateDirectory(stateDir)) ? `removed ${stateDir}` : `emptied ${stateDir}, a mount point`
  say(`${gone}${images ? '' : '; the images are still there (--images removes them too)'}`)
}

async function refuseWhileItRuns(stateDir: string): Promise<void> {
  const { runningServer } = await import('../classroom/index.ts')
  const server = runningServer(stateDir)
  if (server) throw new UserError(`a classroom runs there (process ${server.pid}); stop it first`)
}

const refused = (what: string) => (err: Error) => {
  throw new UserError(`${what}: ${err.message}`)
}

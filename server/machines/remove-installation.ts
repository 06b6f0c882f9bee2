// Takes an installation off the host: its clusters, registry, networks, rules, disks, settings and, when asked, images.
// Found by label and state directory alone, so that it works for an installation no process knows any more.
import { existsSync } from 'node:fs'
import { readdir, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { ADDED_IMAGES } from './added-images.ts'
import { closeDiskStore, openDiskStore } from './disk-store.ts'
import { statusOf } from './docker-error.ts'
import { restoreHostSettings } from './host-settings.ts'
import { installationOf } from './installation.ts'
import { LABELS, labelFilter } from './labels.ts'
import { takeDown } from './learner-network.ts'
import { openCgroups } from './open-cgroups.ts'
import { removeContainer } from './remove-container.ts'

const OURS = [
  'added-images.json',
  'disks',
  'mounts',
  'machines.xfs',
  'registry',
  'registry-tls',
  'push-registry',
  'sockets',
  'tunnels',
  'node-agent',
  'holders',
  'prepare.lock',
  'preparing.lock', // of before it was the kernel's
]

export async function removeInstallation(options: {
  stateDir: string
  docker?: Docker
  removeImages?: boolean
  log?: (line: string) => void
}): Promise<void> {
  const { docker = new Docker(), log = () => {} } = options
  if (!existsSync(options.stateDir)) return
  const stateDir = await realpath(options.stateDir)
  const installation = installationOf(stateDir)
  const label = labelFilter({ [LABELS.owner]: '1', [LABELS.home]: installation })
  const filters = JSON.stringify({ label })
  const clusters = new Set<string>()

  for (const found of await docker.listContainers({ all: true, filters })) {
    const cluster = found.Labels[LABELS.cluster]
    if (cluster) clusters.add(cluster)
    await removeContainer(docker, found.Id)
    log(`removed container ${found.Names[0]?.slice(1)}`)
  }
  for (const network of await docker.listNetworks({ filters })) {
    await takeDown(docker, network.Name, Number(network.Labels?.[LABELS.slot]))
    log(`removed network ${network.Name}`)
  }
  if (existsSync(join(stateDir, 'disks'))) {
    const disks = await openDiskStore({ stateDir, log })
    for (const cluster of await readdir(join(stateDir, 'disks', 'clusters'))) {
      clusters.add(cluster)
      await disks.removeCluster(cluster)
    }
    await closeDiskStore(stateDir)
  }
  const cgroups = clusters.size > 0 ? await openCgroups(docker, installation) : undefined
  for (const cluster of clusters) await cgroups?.remove([cluster])
  await restoreHostSettings(stateDir, log)
  for (const entry of OURS) await rm(join(stateDir, entry), { recursive: true, force: true })
  if (options.removeImages) await removeImages(docker, log)
}

async function removeImages(docker: Docker, log: (line: string) => void): Promise<void> {
  const images = await docker.listImages({ filters: JSON.stringify({ label: labelFilter({ [LABELS.owner]: '1' }) }) })
  const added = await docker.listImages({ filters: JSON.stringify({ reference: [ADDED_IMAGES] }) })
  const tags = [...images, ...added].flatMap((image) => image.RepoTags ?? [])
  for (const tag of new Set(tags.filter((name) => name.startsWith('podium/')))) {
    await docker.getImage(tag).remove().catch(ignoreMissing)
    log(`removed image ${tag}`)
  }
}

function ignoreMissing(err: unknown): void {
  if (statusOf(err) !== 404 && statusOf(err) !== 409) throw err
}

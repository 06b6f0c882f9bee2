// Takes away what earlier image sets left: images, golden disks and registry contents that the present set does not use.
// Machines made from an older set keep running: their disks are copies of their own, and an image in use stays.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { baseImageTag } from './base-image.ts'
import type { PresentImage } from './build-images.ts'
import { statusOf } from './docker-error.ts'
import { bareDiskName, contentsFile, goldenHash } from './golden-disk.ts'
import { IMAGES } from './image-set.ts'
import { LABELS } from './labels.ts'
import { registryContentHash } from './registry.ts'

export interface PruneRequest {
  docker: Docker
  stateDir: string
  images: readonly PresentImage[]
  caCertificate: string
  diskBytes: number
}

/** Returns what was removed. */
export async function pruneImages(request: PruneRequest): Promise<string[]> {
  const { docker, stateDir, images } = request
  const removed: string[] = []
  const keep = new Set([...images.map((image) => image.reference), ...IMAGES.map(({ base }) => baseImageTag(base))])
  const listed = await docker.listImages({ filters: JSON.stringify({ label: [`${LABELS.owner}=1`] }) })
  for (const tag of listed.flatMap((image) => image.RepoTags ?? [])) {
    if (!tag.startsWith('podium/') || keep.has(tag)) continue
    const isGone = await docker
      .getImage(tag)
      .remove()
      .then(
        () => true,
        (err: unknown) => {
          if (statusOf(err) !== 409 && statusOf(err) !== 404) throw err // in use, or gone
          return false
        },
      )
    if (isGone) removed.push(tag)
  }
  const registryHash = registryContentHash(images)
  const golden = `${goldenHash({ ...request, registryHash })}.img`
  const disks = new Set([
    golden,
    contentsFile(golden, request),
    `${bareDiskName(request)}.img`,
    'home-v1.img',
    'shared-directory-v1.img',
  ])
  removed.push(...(await removeOthers(join(stateDir, 'disks', 'golden'), disks)))
  removed.push(...(await removeOthers(join(stateDir, 'registry'), new Set([registryHash, 'config.yml']))))
  return removed
}

async function removeOthers(folder: string, keep: ReadonlySet<string>): Promise<string[]> {
  const others = (await readdir(folder).catch(() => [])).filter((entry) => !keep.has(entry))
  for (const entry of others) await rm(join(folder, entry), { recursive: true, force: true })
  return others.map((entry) => join(folder, entry))
}

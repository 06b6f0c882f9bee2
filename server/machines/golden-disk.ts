// The golden disk: what every machine's disk is a copy of. Made in two steps, each kept by content hash:
//
//   bare    the machine image's file tree without /usr, plus the registry's CA
//   golden  bare, booted once as a machine that pulled every lab image from the classroom's registry, then shut down;
//           where there is a golden disk with some of them on the same bare one, that one, and only the others are pulled
//
// Pulling inside a real machine gives layers with user.overlay.* xattrs (a rootful engine's would be ignored by a machine)
// and repository digests, so that a later pull of the same image is a manifest check.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type Docker from 'dockerode'
import { inPairs, type PresentImage } from './build-images.ts'
import { contentsOf, missingOf, nearestContents, writeContents } from './contents.ts'
import type { DiskStore } from './disk-store.ts'
import { LABELS } from './labels.ts'
import type { HostedMachine } from './machine.ts'
import { runCommand } from './run-command.ts'

const RECIPE_VERSION = 2

export interface GoldenRequest {
  docker: Docker
  disks: DiskStore
  stateDir: string
  images: readonly PresentImage[]
  registryHash: string
  caCertificate: string
  diskBytes: number
  log: (line: string) => void
}

export function goldenHash(
  request: Pick<GoldenRequest, 'images' | 'registryHash' | 'caCertificate' | 'diskBytes'>,
): string {
  return hashOf(bareHash(request), request.registryHash, preloadedNames(request.images))
}

/** Every name whose image is on a machine's disk from the start. */
export function preloadedNames(images: readonly PresentImage[]): string[] {
  return images.flatMap((image) => (image.recipe.isOnDemand ? [] : (image.recipe.names ?? [])))
}

/** `bootOn` makes a machine from a disk; it is deleted again, its disk having become the golden one. */
export async function ensureGoldenDisk(
  request: GoldenRequest,
  bootOn: (disk: string) => Promise<{ machine: HostedMachine; keepDiskAs(path: string): Promise<void> }>,
): Promise<string> {
  const golden = request.disks.goldenPath(goldenHash(request))
  const preloaded = request.images.filter((image) => !image.recipe.isOnDemand)
  const noteContents = () => writeContents(contentsFile(golden, request), contentsOf(preloaded))
  if (existsSync(golden)) {
    await noteContents()
    return golden
  }
  const bare = await ensureBareDisk(request)
  const started = Date.now()
  request.log('preloading lab images on the golden disk')
  const nearest = await nearestGolden(request, preloaded)
  const { machine, keepDiskAs } = await bootOn(nearest?.disk ?? bare)
  const byImage = Map.groupBy(missingOf(preloaded, nearest?.contents ?? {}), ([, reference]) => reference)
  await inPairs([...byImage.values()], async (names) => {
    for (const [name] of names) {
      const pulled = await machine.exec(['docker', 'pull', '-q', name])
      if (pulled.exitCode !== 0) throw new Error(`preloading ${name}: ${pulled.stderr.trim()}`)
    }
  })
  await keepDiskAs(golden)
  await noteContents()
  request.log(`golden disk made in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return golden
}

async function nearestGolden(request: GoldenRequest, images: readonly PresentImage[]) {
  const folder = dirname(request.disks.goldenPath(''))
  const suffix = contentsFile('', request)
  const files = (await readdir(folder)).filter((name) => name.endsWith(suffix)).map((name) => join(folder, name))
  const nearest = await nearestContents(files, contentsOf(images))
  const disk = nearest?.file.slice(0, -suffix.length)
  return nearest && disk && existsSync(disk) ? { disk, contents: nearest.contents } : undefined
}

/** Only disks made from the same bare one may begin with each other. */
export const contentsFile = (golden: string, request: Parameters<typeof bareHash>[0]): string =>
  `${golden}.${bareDiskName(request)}.json`

/** Frees a file system's unused blocks and what a booted machine leaves behind that its copies must not share. */
export async function cleanForCopying(root: string): Promise<void> {
  for (const path of [
    'docker/network/files/local-kv.db',
    'root/var/log/podium',
    'root/etc/podium/node.json',
    'root/etc/docker/key.json',
  ]) {
    await rm(join(root, path), { recursive: true, force: true })
  }
  await mkdir(join(root, 'root/var/log/podium'), { recursive: true })
  await runCommand('fstrim', [root]).catch(() => {}) // only saves space
}

async function ensureBareDisk(request: GoldenRequest): Promise<string> {
  const { docker, disks, stateDir, log } = request
  const bare = disks.goldenPath(bareDiskName(request))
  if (existsSync(bare)) return bare
  log('making the bare machine disk')
  const partial = `${bare}.partial`
  await disks.format(partial, request.diskBytes)
  const target = await mkdtemp(join(stateDir, 'bare-disk-'))
  await runCommand('mount', ['-o', 'loop', partial, target])
  try {
    await mkdir(join(target, 'docker'), { mode: 0o711 })
    await mkdir(join(target, 'root'), { mode: 0o755 })
    await exportTree(docker, machineImage(request.images).reference, join(target, 'root'))
    await appendFile(join(target, 'root/etc/ssl/certs/ca-certificates.crt'), request.caCertificate)
  } finally {
    await runCommand('umount', [target])
    await rmdir(target)
  }
  await rename(partial, bare)
  return bare
}

async function exportTree(docker: Docker, image: string, target: string): Promise<void> {
  const container = await docker.createContainer({ Image: image, Labels: { [LABELS.owner]: '1' } })
  try {
    const tree = await container.export()
    const tar = spawn('tar', ['-xpf', '-', '--numeric-owner', '--exclude=dev/*', '--exclude=usr/*', '-C', target], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    let complaint = ''
    tar.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    tree.pipe(tar.stdin)
    const code = await new Promise<number | null>((resolve) => tar.on('close', resolve))
    if (code !== 0) throw new Error(`unpacking the machine's tree: ${complaint.trim().slice(-400)}`)
  } finally {
    await container.remove({ force: true, v: true })
  }
  for (const dir of ['usr', 'proc', 'sys', 'dev', 'run', 'tmp', 'mnt'])
    await mkdir(join(target, dir), { recursive: true })
}

export function machineImage(images: readonly PresentImage[]): PresentImage {
  const image = images.find((candidate) => candidate.recipe.name === 'machine')
  if (!image) throw new Error('the image set has no machine')
  return image
}

export function bareDiskName(request: Parameters<typeof bareHash>[0]): string {
  return `bare-${bareHash(request)}`
}

function bareHash(request: Pick<GoldenRequest, 'images' | 'caCertificate' | 'diskBytes'>): string {
  return hashOf(RECIPE_VERSION, machineImage(request.images).hash, request.caCertificate, request.diskBytes)
}

function hashOf(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}

// The classroom's registry: one container per installation, read-only, holding every lab image under the names people
// type. It sits on a network of its own (slot 0); learners' machines reach it through their gateway's port 443.
//
// Filling happens once per image set, by a second, writable registry on a loopback port that is gone afterwards, so a
// learner can never push something into what the others pull.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import type Docker from 'dockerode'
import { inPairs, type PresentImage } from './build-images.ts'
import { contentsOf, missingOf, nearestContents, writeContents } from './contents.ts'
import { LABELS } from './labels.ts'
import { ensureRegistryCertificates } from './registry-certificates.ts'
import { removeContainer } from './remove-container.ts'
import { runCommand } from './run-command.ts'
import { runService, type ServiceContext, serviceName } from './service-container.ts'

const NAME = 'registry'
const CONTENTS = 'contents.json'

const CONFIG = `version: 0.1
log: { level: warn }
storage:
  filesystem: { rootdirectory: /var/lib/registry }
  maintenance: { readonly: { enabled: true } }
http:
  addr: ':443'
  tls: { certificate: /tls/registry.crt, key: /tls/registry.key }
`

/** Changes exactly when a lab image or one of its names does. */
export function registryContentHash(images: readonly PresentImage[]): string {
  const content = images.filter((image) => image.recipe.names).map((image) => [image.reference, image.recipe.names])
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)
}

export const registryDirectory = (stateDir: string, images: readonly PresentImage[]): string =>
  join(stateDir, 'registry', registryContentHash(images))

/** Makes the directory that a registry serves; returns its path. */
export async function fillRegistry(context: ServiceContext, images: readonly PresentImage[]): Promise<string> {
  const directory = registryDirectory(context.stateDir, images)
  const wanted = contentsOf(images)
  if (existsSync(directory)) {
    await writeContents(join(directory, CONTENTS), wanted)
    return directory
  }
  const started = Date.now()
  const partial = `${directory}.partial`
  await rm(partial, { recursive: true, force: true })
  const there = (await readdir(dirname(directory)).catch(() => [])).map((name) =>
    join(dirname(directory), name, CONTENTS),
  )
  const nearest = await nearestContents(there, wanted)
  if (nearest) await runCommand('cp', ['-al', dirname(nearest.file), partial])
  else await mkdir(partial, { recursive: true })
  const container = await context.docker.createContainer({
    Image: registryImage(images),
    Labels: { [LABELS.owner]: '1', [LABELS.home]: context.installation, [LABELS.role]: 'registry' },
    ExposedPorts: { '5000/tcp': {} },
    HostConfig: {
      Binds: [`${partial}:/var/lib/registry`],
      PortBindings: { '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  })
  try {
    await container.start()
    const bound = (await container.inspect()).NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort
    if (!bound) throw new Error('the registry to be filled has no port')
    await waitForHttp(Number(bound))
    // The second name of an image finds every layer already there.
    const byImage = Map.groupBy(missingOf(images, nearest?.contents ?? {}), ([, reference]) => reference)
    await inPairs([...byImage.values()], async (names) => {
      for (const [name, reference] of names) await push(context.docker, reference, name, `127.0.0.1:${bound}`)
    })
  } finally {
    await container.remove({ force: true, v: true })
  }
  await writeContents(join(partial, CONTENTS), wanted)
  await rename(partial, directory)
  context.log(`registry filled in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return directory
}

/** Runs the read-only registry at `address` on `network`; replaces one that serves an older image set. */
export async function startRegistry(
  context: ServiceContext,
  options: { images: readonly PresentImage[]; directory: string; network: string; address: string },
): Promise<void> {
  const { directory: tls } = await ensureRegistryCertificates(context.stateDir)
  const config = join(context.stateDir, 'registry', 'config.yml')
  await writeFile(config, CONFIG)
  await runService(context, {
    name: NAME,
    image: registryImage(options.images),
    content: options.directory,
    command: ['serve', '/etc/docker/registry/config.yml'],
    binds: [
      `${options.directory}:/var/lib/registry:ro`,
      `${config}:/etc/docker/registry/config.yml:ro`,
      `${tls}:/tls:ro`,
    ],
    network: options.network,
    address: options.address,
  })
}

/** It only reads, so nothing is lost by its not being asked first. */
export async function stopRegistry(context: ServiceContext): Promise<void> {
  await removeContainer(context.docker, serviceName(context, NAME))
}

function registryImage(images: readonly PresentImage[]): string {
  const image = images.find((candidate) => candidate.recipe.name === 'registry')
  if (!image) throw new Error('the image set has no registry')
  return image.reference
}

/** `docker.io/library/nginx:1.26` is kept as `library/nginx:1.26`; the host part is what the machine's DNS decides. */
async function push(docker: Docker, reference: string, name: string, registry: string): Promise<void> {
  const match = /^[^/]+\/(.+):([^:/]+)$/.exec(name)
  if (!match?.[1] || !match[2]) throw new Error(`not a full image name: ${name}`)
  const repo = `${registry}/${match[1]}`
  await docker.getImage(reference).tag({ repo, tag: match[2] })
  const image = docker.getImage(`${repo}:${match[2]}`)
  try {
    const stream = await image.push({ authconfig: {} })
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(stream, (err: Error | null, output: { error?: string }[] | null) => {
        const failed = output?.find((event) => event.error)?.error
        if (err || failed) reject(err ?? new Error(`pushing ${name}: ${failed}`))
        else resolve()
      })
    })
  } finally {
    await image.remove() // the name only: the image keeps its own tag
  }
}

async function waitForHttp(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answers = await new Promise<boolean>((resolve) => {
      const req = request({ host: '127.0.0.1', port, path: '/v2/', timeout: 1000 }, (res) => {
        res.resume()
        resolve(res.statusCode === 200)
      })
      req.on('error', () => resolve(false))
      req.on('timeout', () => req.destroy())
      req.end()
    })
    if (answers) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the registry did not start')
}

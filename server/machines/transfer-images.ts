// Images in a file, for hosts that can reach neither a registry nor a Debian mirror: build on one, carry, load on another.
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type Docker from 'dockerode'
import { baseImageTag } from './base-image.ts'
import { type BuiltImage, describeImages } from './build-images.ts'

/** Writes the whole set (which has to be built) as a compressed archive; complete or not there at all. */
export async function exportImages(docker: Docker, file: string, images?: readonly BuiltImage[]): Promise<void> {
  const set = images ?? (await describeImages({}))
  const names = [
    ...set.map((image) => image.reference),
    ...new Set(set.map((image) => baseImageTag(image.recipe.base))),
  ]
  const partial = `${file}.partial`
  // Before the engine begins, which takes long: a file that cannot be written is told at once.
  const out = await open(partial, 'w')
  try {
    await pipeline(await archiveOf(docker, names), createGzip({ level: 3 }), out.createWriteStream())
    await rename(partial, file)
  } catch (err) {
    await out.close()
    await rm(partial, { force: true })
    throw err
  }
}

async function archiveOf(docker: Docker, names: readonly string[]): Promise<NodeJS.ReadableStream> {
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  return new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    docker.modem.dial(
      {
        // docker-modem drops the last character of a path with a query of its own.
        path: `/images/get?${query}&`,
        method: 'GET',
        isStream: true,
        statusCodes: {
          200: true,
          404: 'an image of the set is not built; first: podium images build',
          500: 'server error',
        },
      },
      (err: unknown, stream: unknown) => (err ? reject(err) : resolve(stream as NodeJS.ReadableStream)),
    )
  })
}

/** Loads what `exportImages` wrote; images that are already there are left as they are. */
export async function importImages(docker: Docker, file: string): Promise<void> {
  const archive = createGunzip()
  // What fails on the way is told by the end of it, which the engine reads.
  pipeline(createReadStream(file), archive).catch(() => undefined)
  const stream = await docker.loadImage(archive)
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (err: Error | null, output: { error?: string }[] | null) => {
      const failed = output?.find((event) => event.error)?.error
      if (err || failed) reject(err ?? new Error(`loading ${file}: ${failed}`))
      else resolve()
    })
  })
}

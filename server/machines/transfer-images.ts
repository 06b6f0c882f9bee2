// Images in a file, for hosts that can reach neither a registry nor a Debian mirror: build on one, carry, load on another.
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
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
  const query = names.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  const archive = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    docker.modem.dial(
      {
        // docker-modem drops the last character of a path with a query of its own.
        path: `/images/get?${query}&`,
        method: 'GET',
        isStream: true,
        statusCodes: { 200: true, 404: 'an image of the set is not built', 500: 'server error' },
      },
      (err: unknown, stream: unknown) => (err ? reject(err) : resolve(stream as NodeJS.ReadableStream)),
    )
  })
  const partial = `${file}.partial`
  try {
    await pipeline(archive, createGzip({ level: 3 }), createWriteStream(partial))
    await rename(partial, file)
  } catch (err) {
    await rm(partial, { force: true })
    throw err
  }
}

/** Loads what `exportImages` wrote; images that are already there are left as they are. */
export async function importImages(docker: Docker, file: string): Promise<void> {
  const stream = await docker.loadImage(createReadStream(file).pipe(createGunzip()))
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (err: Error | null, output: { error?: string }[] | null) => {
      const failed = output?.find((event) => event.error)?.error
      if (err || failed) reject(err ?? new Error(`loading ${file}: ${failed}`))
      else resolve()
    })
  })
}

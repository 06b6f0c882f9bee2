// Ways for an image onto the host's engine: loaded from what `docker save` wrote, built from a folder, or pulled.
import { spawn } from 'node:child_process'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { hasImage } from './base-image.ts'
import { describeImages, followBuild } from './build-images.ts'

interface FetchContext {
  docker: Docker
  log: (line: string) => void
}

const BUILT = 'podium/added:being-built'

/** The references that what was found has on the engine now. */
export async function fetchImages(context: FetchContext, source: string): Promise<string[]> {
  if (!existsSync(source)) return [await pull(context, source)]
  return statSync(source).isDirectory() ? [await build(context, source)] : load(context, source)
}

async function load({ docker }: FetchContext, file: string): Promise<string[]> {
  const said = await docker
    .loadImage(createReadStream(file))
    .then((stream) => follow(docker, stream))
    .catch((err: Error) => {
      throw new Error(`${file} is not what \`docker save\` writes: ${err.message}`)
    })
  return [...said.matchAll(/^Loaded image(?: ID)?: (\S+)/gm)].map(([, reference = '']) => reference)
}

async function pull({ docker }: FetchContext, name: string): Promise<string> {
  const reference = /:[\w.-]+$/.test(name) ? name : `${name}:latest`
  await docker
    .pull(reference)
    .then((stream) => follow(docker, stream))
    .catch((err: Error) => {
      throw new Error(`there is no file ${name}, and no image of that name could be pulled: ${err.message}`)
    })
  return reference
}

/** With lab images under the names that people type, so that `FROM debian` works with nothing outside. */
async function build({ docker, log }: FetchContext, folder: string): Promise<string> {
  const dockerfile = await readFile(join(folder, 'Dockerfile'), 'utf8').catch(() => {
    throw new Error(`there is no Dockerfile in ${folder}`)
  })
  const lent: string[] = []
  try {
    for (const [, from = ''] of dockerfile.matchAll(/^FROM\s+(?:--\S+\s+)*(\S+)/gim)) {
      const [repo = '', tag = 'latest'] = from.split(':')
      const ours = (await describeImages({})).find(({ recipe: { names } }) =>
        names?.some((name) => [`docker.io/library/${repo}:${tag}`, `docker.io/${repo}:${tag}`].includes(name)),
      )
      if (!ours || (await hasImage(docker, `${repo}:${tag}`))) continue
      await docker.getImage(ours.reference).tag({ repo, tag })
      lent.push(`${repo}:${tag}`)
    }
    const tar = spawn('tar', ['-C', folder, '-cf', '-', '.'])
    const stream = await docker.buildImage(tar.stdout, { t: BUILT, networkmode: 'host', rm: true, forcerm: true })
    await followBuild(stream, folder, log)
    return BUILT
  } finally {
    for (const name of lent) await docker.getImage(name).remove()
  }
}

/** All that the engine said; rejects with what it complained of. */
function follow(docker: Docker, stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (err: Error | null, output: { stream?: string; error?: string }[] | null) => {
      const failed = output?.find((event) => event.error)?.error
      if (err || failed) reject(err ?? new Error(failed))
      else resolve((output ?? []).map((event) => event.stream ?? '').join(''))
    })
  })
}

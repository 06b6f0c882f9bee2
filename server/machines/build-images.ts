// Builds the image set. Each image's tag is the hash of all that went into it (its folder, its arguments, the base, the
// binaries it takes from outside), so an image is built exactly when something in it changed, and a check costs hashing.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Docker from 'dockerode'
import { baseImageTag, ensureBaseImage, hasImage } from './base-image.ts'
import { type HostImage, IMAGES, type ImageRecipe } from './image-set.ts'
import { LABELS } from './labels.ts'

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface BuildContext {
  docker: Docker
  stateDir: string
  log: (line: string) => void
  /** Binaries that images take from outside their folders. */
  binaries?: Partial<Record<'node' | 'kubectl', string>>
}

/** On the host's engine. */
export interface PresentImage {
  recipe: HostImage
  reference: string
  hash: string
}

export interface BuiltImage extends PresentImage {
  recipe: ImageRecipe
}

/** The set as it has to be, without building anything: what `ensure` would use. */
export async function describeImages(context: Pick<BuildContext, 'binaries'>): Promise<BuiltImage[]> {
  return Promise.all(
    IMAGES.map(async (recipe) => {
      const hash = await contentHash(recipe, context)
      return { recipe, hash, reference: `podium/${recipe.name}:${hash}` }
    }),
  )
}

/** Builds what is missing; afterwards every image of the set is on the host's engine. */
export async function buildImages(context: BuildContext): Promise<BuiltImage[]> {
  const images = await describeImages(context)
  const missing: BuiltImage[] = []
  for (const image of images) if (!(await hasImage(context.docker, image.reference))) missing.push(image)
  const suites = [...new Set(missing.map((image) => image.recipe.base))]
  await inPairs(suites, (suite) => ensureBaseImage({ ...context, suite }))
  await inPairs(missing, async (image) => {
    const started = Date.now()
    context.log(`building ${image.reference}`)
    await build(context, image, baseImageTag(image.recipe.base))
    context.log(`built ${image.reference} in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  })
  return images
}

/** Two at a time: one waits for the mirror while the other unpacks. */
export async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all([worker(), worker()])
}

function binaryPath(context: Pick<BuildContext, 'binaries'>, what: 'node' | 'kubectl'): string {
  const given = context.binaries?.[what]
  if (given) return given
  // Not node_modules/.bin/node: npm 10 makes no such link.
  if (what === 'node') return process.execPath
  return join(REPOSITORY, '.cache/bin/kubectl-1.36')
}

async function contentHash(recipe: ImageRecipe, context: Pick<BuildContext, 'binaries'>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([baseImageTag(recipe.base), recipe.args ?? {}]))
  const folder = join(REPOSITORY, 'images', recipe.folder)
  for (const file of (await readdir(folder)).sort())
    hash.update(`\0${file}\0`).update(await readFile(join(folder, file)))
  for (const path of await sourcesOf(recipe)) hash.update(`\0${path}\0`).update(await readFile(path))
  for (const [file, what] of Object.entries(recipe.needs ?? {})) {
    // A hundred megabytes are not read to learn that nothing changed: these binaries come from packages with a version,
    // so their size and name tell them apart.
    const path = binaryPath(context, what)
    const size = existsSync(path) ? (await stat(path)).size : 0
    hash.update(`\0${file}\0${size}\0${existsSync(path) ? realpathSync(path).replace(REPOSITORY, '') : ''}`)
  }
  return hash.digest('hex').slice(0, 12)
}

async function sourcesOf({ sources }: ImageRecipe): Promise<string[]> {
  if (!sources) return []
  const names = (await readdir(join(REPOSITORY, sources))).sort()
  return names.filter((name) => !name.endsWith('.test.ts')).map((name) => join(REPOSITORY, sources, name))
}

async function build(context: BuildContext, image: BuiltImage, base: string): Promise<void> {
  const { recipe } = image
  await mkdir(context.stateDir, { recursive: true })
  const folder = await mkdtemp(join(context.stateDir, 'build-'))
  try {
    await cp(join(REPOSITORY, 'images', recipe.folder), folder, { recursive: true })
    for (const path of await sourcesOf(recipe)) await copyFile(path, join(folder, basename(path)))
    for (const [file, what] of Object.entries(recipe.needs ?? {})) {
      const path = binaryPath(context, what)
      if (!existsSync(path)) throw new Error(`image ${recipe.name} needs ${path}, which is not there`)
      await copyFile(realpathSync(path), join(folder, file))
    }
    const tar = spawn('tar', ['-C', folder, '-cf', '-', '.'])
    const stream = await context.docker.buildImage(tar.stdout, {
      t: image.reference,
      buildargs: { BASE: base, ...recipe.args },
      networkmode: 'host',
      labels: { [LABELS.owner]: '1' },
      rm: true,
      forcerm: true,
    })
    await followBuild(stream, recipe.name, context.log)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Docker answers 200 and reports a failed step inside the stream, so the stream has to be read for it. */
export async function followBuild(
  stream: NodeJS.ReadableStream,
  name: string,
  log: (line: string) => void,
): Promise<void> {
  const tail: string[] = []
  let rest = ''
  let failure: string | undefined
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.trim()) continue
      const event = JSON.parse(line) as { stream?: string; error?: string }
      if (event.error) failure = event.error
      const text = event.stream?.trimEnd()
      if (!text) continue
      tail.push(text)
      if (tail.length > 25) tail.shift()
      if (/^Step /.test(text)) log(`${name}: ${text.slice(0, 140)}`)
    }
  }
  if (failure) throw new Error(`building image ${name}: ${failure}\n${tail.join('\n')}`)
}

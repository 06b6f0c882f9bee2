// Images that whoever teaches has added to the set. They lie on the host's engine as `podium/added:<id>`; the list says
// under which names machines know them, and the next data centre that is opened puts them into the registry and on the
// golden disk, also for those that are open already.
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { writeDurably } from '../base/durable-files.ts'
import { hasImage } from './base-image.ts'
import type { PresentImage } from './build-images.ts'
import { fetchImages } from './fetch-images.ts'
import { IMAGES } from './image-set.ts'
import { REGISTRY_NAMES } from './registry-certificates.ts'

const LIST = 'added-images.json'
export const ADDED_IMAGES = 'podium/added'

interface AddedContext {
  docker: Docker
  stateDir: string
  log: (line: string) => void
}

interface Added {
  /** As machines ask for it: `docker.io/library/shop:1.0`. */
  name: string
  id: string
}

/** Those that are still on the engine. */
export async function addedImages({ docker, stateDir, log }: AddedContext): Promise<PresentImage[]> {
  const images: PresentImage[] = []
  for (const { name, id } of await readList(stateDir)) {
    const reference = referenceOf(id)
    if (await hasImage(docker, reference)) images.push({ recipe: { name, names: [name] }, reference, hash: id })
    else log(`image ${name} is not on the engine any more: add it again, or: podium images remove ${name}`)
  }
  return images
}

/** From a file, a folder, or by its name; returns the names under which machines will know what was found there. */
export async function addImage(context: AddedContext, source: string, as?: string): Promise<string[]> {
  const { docker } = context
  if (/^[./]/.test(source) && !existsSync(source)) throw new Error(`there is no file ${source}`)
  const told = as ?? (existsSync(source) ? undefined : source)
  if (told) freeName(told)
  else if (statSync(source).isDirectory())
    throw new Error('what is built has no name yet; give it one: --name shop:1.0')
  const before = new Set((await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []))
  const found = await fetchImages(context, source)
  try {
    if (told && found.length > 1) throw new Error(`${source} has several images: ${found.join(', ')}; leave --name out`)
    const names = found.map((reference) => freeName(told ?? reference))
    for (const [nth, name] of names.entries()) await keep(context, found[nth] ?? '', name)
    return names
  } finally {
    // Images stay by the tag that they got here.
    for (const reference of found) if (!before.has(reference)) await letGo(docker, reference)
  }
}

async function letGo(docker: Docker, reference: string): Promise<void> {
  const image = docker.getImage(reference)
  // One that came without a name has none but the tag that it got here.
  const isKept = reference.startsWith('sha256:') && (await image.inspect()).RepoTags.length > 0
  if (!isKept) await image.remove()
}

export async function removeAddedImage(context: AddedContext, told: string): Promise<void> {
  const name = fullName(told)
  const list = await readList(context.stateDir)
  if (!list.some((one) => one.name === name)) {
    const there = list.map((one) => one.name).join(', ')
    throw new Error(`nobody has added ${name}; ${there ? `those added are: ${there}` : 'nothing has been added'}`)
  }
  await change(context, (others) => others.filter((one) => one.name !== name))
}

/** `nginx` is short for `docker.io/library/nginx:latest`. */
export function fullName(told: string): string {
  const [, path = '', tag = 'latest'] = /^(.+?)(?::(\w[\w.-]*))?$/.exec(told) ?? []
  const [first = '', ...rest] = path.split('/')
  const hasHost = rest.length > 0 && /[.:]|^localhost$/.test(first)
  const host = hasHost ? first : 'docker.io'
  const repository = hasHost ? rest.join('/') : rest.length > 0 ? path : `library/${path}`
  const isName = repository.split('/').every((part) => /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(part))
  if (!isName || told.startsWith('sha256:'))
    throw new Error(`"${told}" is no name for an image; give one: --name shop:1.0`)
  if (!REGISTRY_NAMES.some((known) => known === host)) {
    throw new Error(`machines know no registry ${host}; give the image another name: --name ${repository}:${tag}`)
  }
  return `${host}/${repository}:${tag}`
}

function freeName(told: string): string {
  const name = fullName(told)
  if (IMAGES.some(({ names }) => names?.includes(name))) throw new Error(`${name} is there already, from Podium itself`)
  return name
}

async function keep(context: AddedContext, reference: string, name: string): Promise<void> {
  const image = context.docker.getImage(reference)
  const { Id, Architecture } = await image.inspect()
  const ours = process.arch === 'x64' ? 'amd64' : process.arch
  if (Architecture !== ours) throw new Error(`${reference} is for ${Architecture}, and machines here are ${ours}`)
  const id = Id.replace('sha256:', '').slice(0, 12)
  await image.tag({ repo: ADDED_IMAGES, tag: id })
  await change(context, (others) => [...others.filter((one) => one.name !== name), { name, id }])
}

/** What is in the list no more loses its tag. */
async function change({ docker, stateDir }: AddedContext, how: (list: Added[]) => Added[]): Promise<void> {
  const before = await readList(stateDir)
  const list = how(before)
  await writeDurably(stateDir, [{ name: LIST, content: `${JSON.stringify(list, null, 2)}\n`, mode: 0o644 }])
  const gone = new Set(before.map(({ id }) => id).filter((id) => !list.some((one) => one.id === id)))
  for (const id of gone) if (await hasImage(docker, referenceOf(id))) await docker.getImage(referenceOf(id)).remove()
}

async function readList(stateDir: string): Promise<Added[]> {
  const text = await readFile(join(stateDir, LIST), 'utf8').catch(() => '[]')
  return JSON.parse(text) as Added[]
}

const referenceOf = (id: string) => `${ADDED_IMAGES}:${id}`

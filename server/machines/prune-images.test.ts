import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goldenHash } from './golden-disk.ts'
import { pruneImages } from './prune-images.ts'
import { registryContentHash } from './registry.ts'

const image = (name: string, hash: string, names?: string[]) => ({
  recipe: { name, ...(names && { names }) },
  hash,
  reference: `podium/${name}:${hash}`,
})
const images = [image('machine', 'new'), image('shop', 'new', ['docker.io/library/shop:1.0'])]
const set = { images, caCertificate: 'CA', diskBytes: 1 }
let stateDir: string

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'podium-prune-'))
  const used = registryContentHash(images)
  for (const directory of ['registry/old', `registry/${used}`, 'disks/golden'])
    await mkdir(join(stateDir, directory), { recursive: true })
  const golden = goldenHash({ ...set, registryHash: used })
  for (const file of [`disks/golden/${golden}.img`, 'disks/golden/old.img', 'registry/config.yml'])
    await writeFile(join(stateDir, file), '')
})
afterAll(() => rm(stateDir, { recursive: true, force: true }))

it('takes away what only earlier sets had, and neither what is in use nor what is somebody else’s', async () => {
  const tags = ['podium/machine:old', 'podium/machine:new', 'podium/shop:new', 'podium/terminal:busy', 'school/own:1']
  const removed: string[] = []
  const docker = {
    listImages: async () => tags.map((tag) => ({ RepoTags: [tag] })),
    getImage: (tag: string) => ({
      remove: async () => {
        if (tag.endsWith(':busy')) throw Object.assign(new Error('in use'), { statusCode: 409 })
        removed.push(tag)
      },
    }),
  } as unknown as Docker
  const gone = await pruneImages({ ...set, docker, stateDir })
  expect(removed).toEqual(['podium/machine:old'])
  expect(gone).toEqual(['podium/machine:old', join(stateDir, 'disks/golden/old.img'), join(stateDir, 'registry/old')])
  expect(await readdir(join(stateDir, 'disks/golden'))).toHaveLength(1)
  expect(await readdir(join(stateDir, 'registry'))).toEqual([registryContentHash(images), 'config.yml'].sort())
})

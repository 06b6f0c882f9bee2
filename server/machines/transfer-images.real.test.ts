import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hasImage } from './base-image.ts'
import type { BuiltImage } from './build-images.ts'
import { openTestDataCentre } from './test-data-centre.ts'
import { exportImages, importImages } from './transfer-images.ts'

const docker = new Docker()
const NAME = 'podium/test-transfer:1'
let folder: string
let carried: BuiltImage

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-transfer-'))
  const pause = (await openTestDataCentre()).images.find((image) => image.recipe.name === 'pause') as BuiltImage
  await docker.getImage(pause.reference).tag({ repo: 'podium/test-transfer', tag: '1' })
  carried = { ...pause, reference: NAME }
}, 600_000)

afterAll(async () => {
  await docker
    .getImage(NAME)
    .remove()
    .catch(() => {})
  await rm(folder, { recursive: true, force: true })
})

it('brings an image back under its name from a file', async () => {
  const file = join(folder, 'images.tar.gz')
  await exportImages(docker, file, [carried])
  expect((await stat(file)).size).toBeGreaterThan(100_000)
  await docker.getImage(NAME).remove()
  expect(await hasImage(docker, NAME)).toBe(false)
  await importImages(docker, file)
  expect(await hasImage(docker, NAME)).toBe(true)
})

it('leaves no half-written file when an image is missing', async () => {
  const file = join(folder, 'missing.tar.gz')
  await expect(exportImages(docker, file, [{ ...carried, reference: 'podium/never:built' }])).rejects.toThrow()
  expect(existsSync(file)).toBe(false)
  expect(existsSync(`${file}.partial`)).toBe(false)
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addedImages, addImage, removeAddedImage } from './added-images.ts'
import { hasImage } from './base-image.ts'
import { runCommand } from './run-command.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const docker = new Docker()
const said: string[] = []
let stateDir: string
const context = () => ({ docker, stateDir, log: (line: string) => void said.push(line) })
const known = async () => (await addedImages(context())).flatMap(({ recipe }) => recipe.names)
const shop = (tag: string) => `docker.io/library/podium-test-shop:${tag}`

beforeAll(async () => {
  await openTestDataCentre() // lab images to build from
  stateDir = await mkdtemp(join(tmpdir(), 'podium-added-'))
  await writeFile(join(stateDir, 'Dockerfile'), `FROM busybox\nRUN echo ${stateDir} > /made-here\n`)
}, 600_000)
afterAll(() => rm(stateDir, { recursive: true, force: true }))

it('builds one from a folder, on a lab image, and keeps nothing but the tag that it is known by', async () => {
  const hadBusybox = await hasImage(docker, 'busybox:latest')
  await expect(addImage(context(), stateDir)).rejects.toThrow('give it one: --name shop:1.0')
  await expect(addImage(context(), stateDir, 'nginx')).rejects.toThrow(
    'docker.io/library/nginx:latest is there already',
  )
  expect(await addImage(context(), stateDir, 'podium-test-shop:1.0')).toEqual([shop('1.0')])
  expect(await known()).toEqual([shop('1.0')])
  expect(await hasImage(docker, 'busybox:latest')).toBe(hadBusybox)
  expect(await hasImage(docker, 'podium/added:being-built')).toBe(false)
})

it('loads one from a file, under its own name or another', async () => {
  const [{ reference } = { reference: '' }] = await addedImages(context())
  const file = join(stateDir, 'shop.tar')
  await docker.getImage(reference).tag({ repo: 'podium-test-shop', tag: '2.0' })
  await runCommand('docker', ['save', '-o', file, 'podium-test-shop:2.0'])
  await docker.getImage('podium-test-shop:2.0').remove()
  expect(await addImage(context(), file)).toEqual([shop('2.0')])
  expect(await hasImage(docker, 'podium-test-shop:2.0')).toBe(false)
  expect(await addImage(context(), file, 'podium-test-shop:3.0')).toEqual([shop('3.0')])
  expect(await known()).toEqual([shop('1.0'), shop('2.0'), shop('3.0')])
  await writeFile(join(stateDir, 'Dockerfile'), 'FROM busybox\nRUN echo other > /made-here\n')
  await addImage(context(), stateDir, 'podium-test-shop:4.0')
  const [other] = (await addedImages(context())).filter(({ recipe }) => recipe.name === shop('4.0'))
  const { Id } = await docker.getImage(other?.reference ?? '').inspect()
  await runCommand('docker', ['save', '-o', file, Id])
  await removeAddedImage(context(), 'podium-test-shop:4.0')
  await expect(addImage(context(), file)).rejects.toThrow('is no name for an image')
  expect(await addImage(context(), file, 'podium-test-shop:4.0')).toEqual([shop('4.0')])
  expect(await known()).toContain(shop('4.0'))
  await removeAddedImage(context(), 'podium-test-shop:4.0')
  await writeFile(file, 'no archive at all')
  await expect(addImage(context(), file)).rejects.toThrow('is not what `docker save` writes')
})

it('takes it from the engine with its last name, and says so when it has gone by itself', async () => {
  const [{ reference } = { reference: '' }] = await addedImages(context())
  await removeAddedImage(context(), 'podium-test-shop:1.0')
  await removeAddedImage(context(), 'podium-test-shop:2.0')
  expect(await hasImage(docker, reference)).toBe(true)
  await docker.getImage(reference).remove()
  expect(await known()).toEqual([])
  expect(said.at(-1)).toContain(`${shop('3.0')} is not on the engine any more`)
  await removeAddedImage(context(), 'podium-test-shop:3.0')
  await expect(removeAddedImage(context(), 'podium-test-shop:3.0')).rejects.toThrow('nothing has been added')
})

import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { setOwnership } from './file-ownership.ts'

const group = process.getgid?.() ?? 0
let root: string
const modeOf = async (path: string) => ((await stat(join(root, path))).mode & 0o7777).toString(8)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'podium-owner-'))
  await chmod(root, 0o755)
  await mkdir(join(root, 'deep'), { mode: 0o700 })
  await writeFile(join(root, 'deep/file'), 'x', { mode: 0o600 })
})
afterEach(() => rm(root, { recursive: true, force: true }))

it('lets the group use everything, and what is made later belong to it', async () => {
  await setOwnership(root, { group })
  expect(await modeOf('.')).toBe('2775')
  expect(await modeOf('deep')).toBe('2770')
  expect(await modeOf('deep/file')).toBe('660')
})

it('lets the group only read what is for reading', async () => {
  await setOwnership(root, { group, readOnly: true })
  expect(await modeOf('deep')).toBe('2750')
  expect(await modeOf('deep/file')).toBe('640')
})

it('does not touch what a link leads to', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'podium-outside-'))
  await chmod(outside, 0o700)
  await symlink(outside, join(root, 'link'))
  await setOwnership(root, { group })
  expect((await stat(outside)).mode & 0o7777).toBe(0o700)
  await rm(outside, { recursive: true })
})

it('leaves a volume alone whose directory is right, if asked to', async () => {
  await setOwnership(root, { group })
  await chmod(join(root, 'deep/file'), 0o600)
  await setOwnership(root, { group, onlyOnMismatch: true })
  expect(await modeOf('deep/file')).toBe('600')
  await chmod(root, 0o755)
  await setOwnership(root, { group, onlyOnMismatch: true })
  expect(await modeOf('deep/file')).toBe('660')
})

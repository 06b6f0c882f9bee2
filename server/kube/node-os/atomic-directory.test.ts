import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { publishFiles } from './atomic-directory.ts'

let root: string
let volume: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'atomic-'))
  volume = join(root, 'volume')
})
afterEach(() => rm(root, { recursive: true }))

const file = (path: string, content: string) => ({ path, content: Buffer.from(content), mode: 0o644 })

it('shows files through links to a directory inside the volume, and leaves nothing beside it', async () => {
  await publishFiles(volume, [file('app.conf', 'one'), file('deep/er.conf', 'two')])
  expect(await readFile(join(volume, 'app.conf'), 'utf8')).toBe('one')
  expect(await readFile(join(volume, 'deep', 'er.conf'), 'utf8')).toBe('two')
  expect(await readlink(join(volume, 'app.conf'))).toBe('..data/app.conf')
  expect(await readlink(join(volume, '..data'))).toMatch(/^\.\.\w+$/)
  expect(await readdir(root)).toEqual(['volume'])
})

it('changes all files in one step and takes away those that are gone', async () => {
  await publishFiles(volume, [file('a', '1'), file('b', '1')])
  const before = await readlink(join(volume, '..data'))
  await publishFiles(volume, [file('a', '2')])
  expect(await readlink(join(volume, '..data'))).not.toBe(before)
  expect(await readFile(join(volume, 'a'), 'utf8')).toBe('2')
  expect((await readdir(volume)).filter((name) => !name.startsWith('..'))).toEqual(['a'])
  expect(await readdir(volume)).not.toContain(before)
})

it('does nothing when nothing changed', async () => {
  await publishFiles(volume, [file('a', '1')])
  const before = await readlink(join(volume, '..data'))
  await publishFiles(volume, [file('a', '1')])
  expect(await readlink(join(volume, '..data'))).toBe(before)
})

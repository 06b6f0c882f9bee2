import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { publishFiles } from './atomic-directory.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-publish-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const file = (path: string, content: string, mode = 0o644) => ({ path, content, mode })

describe('publishFiles', () => {
  it('shows files with their content and mode, in folders too', async () => {
    await publishFiles(directory, [file('a.txt', 'one'), file('deep/er/b.txt', 'two', 0o400)])
    expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('one')
    expect(await readFile(join(directory, 'deep/er/b.txt'), 'utf8')).toBe('two')
    expect((await stat(join(directory, 'deep/er/b.txt'))).mode & 0o777).toBe(0o400)
  })

  it('keeps everything it makes inside the directory', async () => {
    const inside = join(directory, 'volume')
    await publishFiles(inside, [file('a', '1')])
    expect(await readdir(directory)).toEqual(['volume'])
  })

  it('turns to the new content in one step and leaves nothing of the old', async () => {
    await publishFiles(directory, [file('a', '1'), file('gone', 'x')])
    const before = await readlink(join(directory, '..data'))
    await publishFiles(directory, [file('a', '2')])
    expect(await readlink(join(directory, '..data'))).not.toBe(before)
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('2')
    expect((await readdir(directory)).sort()).toEqual(['..data', await readlink(join(directory, '..data')), 'a'].sort())
  })

  it.runIf(process.getuid?.() === 0)('hands all of it to a group, the directory and its links too', async () => {
    await publishFiles(directory, [file('a', '1')], { group: 4711 })
    await publishFiles(directory, [file('a', '2'), file('b', '1')], { group: 4711 })
    for (const name of ['', ...(await readdir(directory))]) {
      expect([name, (await lstat(join(directory, name))).gid]).toEqual([name, 4711])
    }
    expect((await stat(directory)).mode & 0o7070).toBe(0o2050)
    expect((await stat(join(directory, 'b'))).mode & 0o777).toBe(0o644)
  })

  it('writes nothing when nothing changed', async () => {
    await publishFiles(directory, [file('a', '1')])
    const before = await readlink(join(directory, '..data'))
    await publishFiles(directory, [file('a', '1')])
    expect(await readlink(join(directory, '..data'))).toBe(before)
  })

  it('refuses a path that leads out', async () => {
    await expect(publishFiles(directory, [file('../evil', 'x')])).rejects.toThrow('invalid path')
  })
})

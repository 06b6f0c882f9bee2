import { execFileSync } from 'node:child_process'
import { realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openInside, pathOf, readInside } from './sub-path.ts'

let base: string
let volume: string
/** What was opened, by its true name below the base. */
async function opened(path: string): Promise<string> {
  const handle = await openInside(volume, path)
  try {
    return (await realpath(pathOf(handle))).slice(base.length)
  } finally {
    await handle.close()
  }
}

beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'podium-subpath-')))
  volume = join(base, 'volume')
  await mkdir(join(volume, 'inner'), { recursive: true })
  await mkdir(join(base, 'secret/inner'), { recursive: true })
  await writeFile(join(volume, 'inner/file'), '')
})
afterEach(() => rm(base, { recursive: true, force: true }))

it('opens files and directories of the volume', async () => {
  expect(await opened('inner')).toBe('/volume/inner')
  expect(await opened('inner/file')).toBe('/volume/inner/file')
})

it('makes what is missing, as the volume itself is', async () => {
  await chmod(volume, 0o770)
  expect(await opened('inner/new/er')).toBe('/volume/inner/new/er')
  expect((await stat(join(volume, 'inner/new/er'))).mode & 0o777).toBe(0o770)
})

it('follows a link that stays in the volume', async () => {
  await symlink('inner', join(volume, 'current'))
  expect(await opened('current/file')).toBe('/volume/inner/file')
})

it.each([
  ['an absolute link', '/etc', 'link'],
  ['a relative link', '../secret', 'link'],
  ['a link on the way', '../secret', 'link/inner'],
  ['a link to what would be made outside', '../secret/new', 'link'],
])('refuses %s that leads out', async (_what, target, path) => {
  await symlink(target, join(volume, 'link'))
  await expect(openInside(volume, path)).rejects.toThrow()
})

it('reads a file of the volume, and makes nothing where there is none', async () => {
  await writeFile(join(volume, 'inner/file'), 'words')
  await symlink('inner', join(volume, 'current'))
  expect(await readInside(volume, 'current/file', 5)).toBe('words')
  await expect(readInside(volume, 'inner/file', 4)).rejects.toThrow('is larger than 4 bytes')
  await expect(readInside(volume, 'new/file', 5)).rejects.toThrow('ENOENT')
  await expect(stat(join(volume, 'new'))).rejects.toThrow('ENOENT')
})

it.each([
  ['a link that leads out', 'ln -s ../secret/inner place'],
  ['a link to a file outside', 'ln -s /etc/hostname place'],
  ['a pipe', 'mkfifo place'],
  ['a directory', 'mkdir place'],
])('reads nothing of %s', async (_what, script) => {
  execFileSync('sh', ['-c', script], { cwd: volume })
  await expect(readInside(volume, 'place', 100)).rejects.toThrow(/leads out of the volume|is not a file/)
})

it('opens nothing outside while somebody swaps a directory for a link', async () => {
  const swapped = join(volume, 'swapped')
  const aside = join(base, 'aside')
  await mkdir(join(swapped, 'inner'), { recursive: true })
  symlinkSync('../secret', join(base, 'bait'))
  let turns = 0
  const put = (from: string) => {
    for (;;) {
      try {
        return renameSync(from, swapped)
      } catch {
        // Where it is missing for a moment, what is looked for may have been made.
        rmSync(swapped, { recursive: true, force: true, maxRetries: 10 })
      }
    }
  }
  let isOver = false
  const swapping = (async () => {
    while (!isOver) {
      renameSync(swapped, aside)
      put(join(base, 'bait'))
      await new Promise(setImmediate)
      renameSync(swapped, join(base, 'bait'))
      put(aside)
      await new Promise(setImmediate)
      turns++
    }
  })()
  for (let tries = 0; tries < 200; tries++) {
    const handle = await openInside(volume, 'swapped/inner').catch(() => undefined)
    if (handle) expect(realpathSync(pathOf(handle))).not.toContain('/secret')
    await handle?.close()
  }
  isOver = true
  await swapping
  expect(turns).toBeGreaterThan(10)
})

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withFileLock } from './file-lock.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-lock-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('lets one in at a time', async () => {
  const path = join(folder, 'one')
  let inside = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setImmediate(resolve))
    inside--
  }
  await Promise.all([withFileLock(path, work), withFileLock(path, work), withFileLock(path, work)])
  expect(most).toBe(1)
  expect(existsSync(path)).toBe(false)
})

it('takes over from a holder that died', async () => {
  const path = join(folder, 'dead')
  await writeFile(path, '4194305') // above the kernel's highest pid
  expect(await withFileLock(path, async () => 'in')).toBe('in')
})

it('opens again when the work fails', async () => {
  const path = join(folder, 'failing')
  await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withFileLock(path, async () => 'in')).toBe('in')
})

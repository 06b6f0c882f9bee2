import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hold, isHeld } from './holders.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-holders-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('says who lets go last, also of one process', async () => {
  expect(await isHeld(join(folder, 'not there yet'))).toBe(false)
  const [one, other] = [await hold(folder), await hold(folder)]
  expect(await one.letGo()).toBe(false)
  expect(await isHeld(folder)).toBe(true)
  expect(await other.letGo()).toBe(true)
  expect(await isHeld(folder)).toBe(false)
})

it('counts a process while it lives, and none that was killed', async () => {
  const script = `import(${JSON.stringify(import.meta.resolve('./holders.ts'))}).then(async ({ hold }) => {
    await hold(${JSON.stringify(folder)}); console.log('holds'); setInterval(() => {}, 1e6) })`
  const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(other.stdout, 'data')
  expect(await (await hold(folder)).letGo()).toBe(false)
  other.kill('SIGKILL')
  await once(other, 'exit')
  expect(await (await hold(folder)).letGo()).toBe(true)
  expect(await readdir(folder)).toEqual([])
})

it('does not take a process for an earlier one that had its number', async () => {
  await hold(folder)
  const [name = ''] = await readdir(folder)
  await rename(join(folder, name), join(folder, `${process.pid}.1.0`))
  expect(await (await hold(folder)).letGo()).toBe(true)
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
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
})

it('waits for another process, and takes over when that is killed', async () => {
  const path = join(folder, 'killed')
  const lock = join(import.meta.dirname, 'file-lock.ts')
  const program = `import { withFileLock } from '${lock}'
    setInterval(() => {}, 1000)
    await withFileLock('${path}', () => { console.log('in'); return new Promise(() => {}) })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const waits = Promise.withResolvers<void>()
  const taken = withFileLock(path, async () => 'in', waits.resolve)
  await waits.promise
  child.kill('SIGKILL')
  expect(await taken).toBe('in')
})

it.each([
  { what: 'nothing', text: '' },
  { what: 'a process that lives', text: '1' },
  { what: 'this process', text: `${process.pid}` },
  { what: 'what a disk made of it', text: 'x'.repeat(5000) },
])('takes a file that nobody holds, though it names $what', async ({ text }) => {
  const path = join(folder, 'left')
  await writeFile(path, text)
  expect(await withFileLock(path, async () => 'in')).toBe('in')
})

it('opens again when the work fails', async () => {
  const path = join(folder, 'failing')
  await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withFileLock(path, async () => 'in')).toBe('in')
})

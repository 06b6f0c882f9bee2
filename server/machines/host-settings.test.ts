import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { raiseHostSettings, restoreHostSettings } from './host-settings.ts'

let folder: string
const lines: string[] = []
const root = () => join(folder, 'sys')
const raise = () => raiseHostSettings(folder, (line) => lines.push(line), root())
const restore = () => restoreHostSettings(folder, (line) => lines.push(line), root())
const setting = (path: string) => readFile(join(root(), path), 'utf8')
async function set(path: string, value: string): Promise<void> {
  await mkdir(dirname(join(root(), path)), { recursive: true })
  await writeFile(join(root(), path), value)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-settings-'))
  lines.length = 0
  await set('kernel/keys/maxkeys', '200\n')
  await set('fs/inotify/max_user_instances', '99999\n')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('raises what is too low, leaves what is higher, and says so', async () => {
  await raise()
  expect(await setting('kernel/keys/maxkeys')).toBe('20000')
  expect(await setting('fs/inotify/max_user_instances')).toBe('99999\n')
  expect(lines).toEqual(['sysctl kernel.keys.maxkeys: 200 raised to 20000'])
})

it('puts back the value from before the first run, whatever happened between', async () => {
  await raise()
  await set('kernel/keys/maxkeys', '300')
  await raise()
  await restore()
  expect(await setting('kernel/keys/maxkeys')).toBe('200')
})

it('leaves a value that somebody else has set since', async () => {
  await raise()
  await set('kernel/keys/maxkeys', '50000')
  await restore()
  expect(await setting('kernel/keys/maxkeys')).toBe('50000')
})

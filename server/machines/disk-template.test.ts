import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DiskStore } from './disk-store.ts'
import { ensureTemplate } from './disk-template.ts'

it('is made whole when two ask for it at once, and leaves nothing beside it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'podium-template-'))
  const disks = {
    goldenPath: (name: string) => join(dir, `${name}.img`),
    // As mkfs: it wants its file there from beginning to end.
    async format(path: string) {
      await writeFile(path, 'half')
      await new Promise((later) => setImmediate(later))
      await writeFile(path, `${await readFile(path, 'utf8')} and half`)
    },
  } as unknown as DiskStore
  const ask = () => ensureTemplate(disks, dir, { name: 'home', bytes: 1, fill: async () => undefined })
  const [one, other] = await Promise.all([ask(), ask()])
  expect(one).toBe(other)
  expect(await readFile(one, 'utf8')).toBe('half and half')
  expect(await readdir(dir)).toEqual(['home.img'])
  await rm(dir, { recursive: true })
})

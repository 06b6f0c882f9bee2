import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { nearestContents, writeContents } from './contents.ts'

it('begins with what has most of what is wanted, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'podium-contents-'))
  const there = {
    less: { a: '1' },
    most: { a: '1', b: '2' },
    'too much': { a: '1', b: '2', c: '3', z: '9' },
    'another a': { a: '0', b: '2', c: '3' },
  }
  const files = [...Object.keys(there), 'that is not there', 'half of a file'].map((name) => join(folder, name))
  for (const [name, contents] of Object.entries(there)) await writeContents(join(folder, name), contents)
  await writeFile(join(folder, 'half of a file'), '{"a":')
  const wanted = { a: '1', b: '2', c: '3' }
  expect(await nearestContents(files, wanted)).toEqual({ file: join(folder, 'most'), contents: there.most })
  expect(await nearestContents(files, { b: '2' })).toBeUndefined()
  await rm(folder, { recursive: true })
})

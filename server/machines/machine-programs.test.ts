import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { publishPrograms } from './machine-programs.ts'

it('puts a program where machines find it, again when a power cut left none of it, and another beside it', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-programs-'))
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }))
  const built = join(stateDir, 'node-agent.mjs')
  await writeFile(built, 'first')
  const first = await publishPrograms([built], stateDir)
  await truncate(join(first, 'node-agent.mjs'), 0)
  expect(await publishPrograms([built], stateDir)).toBe(first)
  expect(await readFile(join(first, 'node-agent.mjs'), 'utf8')).toBe('first')
  await writeFile(built, 'second')
  expect(await publishPrograms([built], stateDir)).not.toBe(first)
  expect(await readdir(join(stateDir, 'node-agent'))).toHaveLength(2)
})

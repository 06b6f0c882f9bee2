import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type Logger, noLogger } from '../../base/logger.ts'
import { AuditFile } from './audit-file.ts'

it('keeps the order over turns of the process, and what came just before it was closed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-audit-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'log', 'audit.log')
  const file = await AuditFile.open(path, noLogger)
  for (let id = 0; id < 10; id++) {
    if (id % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
    file.write({ id })
  }
  await file.close()
  const read = async () => (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect((await read()).map((line) => JSON.parse(line).id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const again = await AuditFile.open(path, noLogger)
  again.write({ id: 10 })
  await again.close()
  expect(await read()).toHaveLength(11)
  expect(await readdir(join(directory, 'log'))).toEqual(['audit.log'])
})

it('goes on when a disk that was full has room again, and says once that it was', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-audit-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'audit.log')
  await symlink('/dev/full', path)
  const said: string[] = []
  const logger: Logger = { ...noLogger, error: (message) => void said.push(message) }
  const file = await AuditFile.open(path, logger)
  const turns = async (isOver: () => boolean) => {
    for (let id = 0; !isOver(); id++) {
      file.write({ id })
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await turns(() => said.length > 0)
  let more = 20
  await turns(() => more-- === 0)
  await rm(path)
  await turns(() => existsSync(path) && readFileSync(path, 'utf8').includes('id'))
  await file.close()
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  expect(lines.every((line) => JSON.parse(line).id >= 0)).toBe(true)
  expect(said).toEqual(['the audit log was not written; it goes on when it can be'])
})

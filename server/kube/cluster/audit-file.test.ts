import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { AuditFile } from './audit-file.ts'

it('keeps the order over turns of the process, and what came just before it was closed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-audit-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'log', 'audit.log')
  const file = await AuditFile.open(path)
  for (let id = 0; id < 10; id++) {
    if (id % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
    file.write({ id })
  }
  await file.close()
  const read = async () => (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect((await read()).map((line) => JSON.parse(line).id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const again = await AuditFile.open(path)
  again.write({ id: 10 })
  await again.close()
  expect(await read()).toHaveLength(11)
  expect(await readdir(join(directory, 'log'))).toEqual(['audit.log'])
})

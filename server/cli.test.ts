import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

// Two changes that were made side by side once both added the same command; the program then did not even start.
it('can be started: no two commands have the same name', async () => {
  const cli = join(import.meta.dirname, 'cli.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    cli,
    'images',
    '--help',
  ])
  expect(stdout).toContain('export <file>')
})

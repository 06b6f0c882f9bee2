import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const podium = (...args: string[]) =>
  promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'cli.ts'),
    ...args,
  ])

// Two changes that were made side by side once both added the same command; the program then did not even start.
it('can be started: no two commands have the same name', async () => {
  const { stdout } = await podium('images', '--help')
  expect(stdout).toContain('export <file>')
})

// One that could not begin used to show a stack, and to stay.
it('says in a line what whoever typed can mend, and ends', async () => {
  await expect(podium('kube-controller-manager', '--kubeconfig', '/nowhere/admin.conf')).rejects.toMatchObject({
    code: 1,
    stderr: "podium: ENOENT: no such file or directory, open '/nowhere/admin.conf'\n",
  })
})

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
    stderr: 'podium: /nowhere/admin.conf: there is no such file or directory\n',
  })
})

// It used to be worked on for ever: Node's own way of making folders does not end there.
it('does not try to make folders where none can be', async () => {
  await expect(podium('client', '/proc/operators/mine')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('podium: the directory /proc/operators cannot be made'),
  })
})

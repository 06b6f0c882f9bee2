import { expect, it } from 'vitest'
import { mountRemote } from './remote-mount.ts'
import type { CommandResult } from './run-program.ts'

const mounting = async (result: Partial<CommandResult>) => {
  const commands: string[] = []
  const nfs = { type: 'nfs', source: 'files:/export', options: ['ro', 'vers=4.2'] }
  const outcome = await mountRemote('/v', nfs, async (...[command, args]) => {
    commands.push([command, ...args].join(' '))
    return { exitCode: 0, stdout: '', stderr: '', ...result }
  }).catch((err: Error) => err.message)
  return { commands, outcome }
}

it('mounts with the options, and for so long only', async () => {
  expect(await mounting({})).toEqual({
    commands: ['timeout -k 5 30 mount -t nfs -o ro,vers=4.2 files:/export /v'],
    outcome: undefined,
  })
})

it.each([
  { exitCode: 32, why: 'exit status 32' },
  { exitCode: 124, why: 'no answer within 30 s' },
  { exitCode: 137, why: 'no answer within 30 s' },
])('says what mount-utils says after $exitCode', async ({ exitCode, why }) => {
  expect((await mounting({ exitCode, stderr: 'mount: /v: permission denied.\n' })).outcome).toBe(
    `mount failed: ${why}
Mounting command: mount
Mounting arguments: -t nfs -o ro,vers=4.2 files:/export /v
Output: mount: /v: permission denied.
`,
  )
})

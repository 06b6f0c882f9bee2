import { expect, it } from 'vitest'
import { mountRemote, type RemoteMount } from './remote-mount.ts'
import type { CommandResult } from './run-program.ts'

const mounting = async (result: Partial<CommandResult>, changed: Partial<RemoteMount> = {}) => {
  const commands: string[] = []
  const nfs = { type: 'nfs', source: 'files:/export', options: ['ro', 'vers=4.2'], ...changed }
  const outcome = await mountRemote('/v', nfs, async (...[command, args]) => {
    commands.push([command, ...args].join(' '))
    return { exitCode: 0, stdout: '', stderr: '', ...result }
  }).catch((err: Error) => err.message)
  return { commands, outcome }
}

it('mounts with the options, and for so long only', async () => {
  expect(await mounting({})).toEqual({
    commands: ['timeout -k 5 30 mount -t nfs -o ro,vers=4.2 -- files:/export /v'],
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

it.each([{ source: 'files:/export\0/etc' }, { source: 'fi\0les:/export' }, { options: ['ro', 'hard\0-o\0suid'] }])(
  'says plainly that %j cannot be mounted',
  async (changed) => {
    expect(await mounting({}, changed)).toEqual({
      commands: [],
      outcome: 'mount failed: the server, the path and the mount options cannot have a NUL character in them',
    })
  },
)

it('takes no server for an option', async () => {
  expect((await mounting({}, { source: '-T/fstab:/x', options: [] })).commands).toEqual([
    'timeout -k 5 30 mount -t nfs -- -T/fstab:/x /v',
  ])
})

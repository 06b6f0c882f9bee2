import { expect, it } from 'vitest'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { CriClient } from './cri-client.ts'
import { layersOf } from './cri-layers.ts'

const MOUNTS = [
  { Type: 'overlay', Source: 'overlay', Options: ['index=off', 'lowerdir=/snapshots/2/fs:/snapshots/1/fs'] },
]
const client = {
  call: async () => ({ info: [{ key: 'info', value: '{"chainID":"sha256:top"}' }] }),
} as unknown as CriClient

/** Containerd's own command, whose `rm` ends so. */
const machine = (removal: { exitCode: number; stderr: string }) =>
  ({
    run: async (_: string, args: string[]) =>
      args.includes('view') ? { exitCode: 0, stdout: JSON.stringify(MOUNTS), stderr: '' } : { stdout: '', ...removal },
  }) as unknown as NodeOs

const layersWhere = (removal: { exitCode: number; stderr: string }) =>
  layersOf('nginx', { client, os: machine(removal), socketPath: '/run/containerd/containerd.sock' })

it('tells the layers, the topmost first', async () => {
  expect(await layersWhere({ exitCode: 0, stderr: '' })).toEqual(['/snapshots/2/fs', '/snapshots/1/fs'])
})

it('tells them too when containerd collected the view before it was removed', async () => {
  const stderr = 'ctr: failed to remove "podium-layers-1": snapshot podium-layers-1 does not exist: not found'
  expect(await layersWhere({ exitCode: 1, stderr })).toEqual(['/snapshots/2/fs', '/snapshots/1/fs'])
})

it('says so when the view stays', async () => {
  await expect(layersWhere({ exitCode: 1, stderr: 'ctr: permission denied' })).rejects.toThrow('permission denied')
})

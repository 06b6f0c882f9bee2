import { mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLinuxNodeOs } from '../node-os/linux-node-os.ts'
import { openBinDirectory } from './bin-directory.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'podium-cni-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

it('makes the link a directory of links, and keeps what a learner puts there', async () => {
  const os = createLinuxNodeOs()
  const [shared, bin] = [join(root, 'shared'), join(root, 'bin')]
  await mkdir(shared)
  for (const name of ['bridge', 'host-local']) await writeFile(join(shared, name), name)
  await symlink(shared, bin)
  await openBinDirectory(os, bin, shared)
  expect((await os.list(bin)).sort()).toEqual(['bridge', 'host-local'])
  await writeFile(join(bin, 'own'), 'own')
  await writeFile(join(shared, 'vlan'), 'vlan')
  await openBinDirectory(os, bin, shared)
  expect((await os.list(bin)).sort()).toEqual(['bridge', 'host-local', 'own', 'vlan'])
  expect(await readlink(join(bin, 'vlan'))).toBe(join(shared, 'vlan'))
  expect(await os.list(shared)).not.toContain('own')
})

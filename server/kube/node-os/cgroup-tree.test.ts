import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeCgroup, setCgroup } from './cgroup-tree.ts'

let root: string
const read = (path: string) => readFile(join(root, path), 'utf8')
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'podium-cgroups-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

it('sets limits in the tree of each controller on version 1', async () => {
  for (const controller of ['cpu', 'memory']) await mkdir(join(root, controller))
  expect(
    await setCgroup('/kubepods/pod1', { cpuShares: 512, cpuQuota: 50_000, memoryBytes: 1024, processes: 9 }, root),
  ).toEqual([])
  expect(await read('pids/kubepods/pod1/pids.max')).toBe('9')
  expect(await read('cpu/kubepods/pod1/cpu.shares')).toBe('512')
  expect(await read('cpu/kubepods/pod1/cpu.cfs_quota_us')).toBe('50000')
  expect(await read('memory/kubepods/pod1/memory.limit_in_bytes')).toBe('1024')
  await setCgroup('/kubepods/pod1', { cpuShares: 2 }, root)
  expect(await read('cpu/kubepods/pod1/cpu.cfs_quota_us')).toBe('-1')
  expect(await read('memory/kubepods/pod1/memory.limit_in_bytes')).toBe('-1')
})

it('writes into a group that it made only what limits it', async () => {
  for (const controller of ['cpu', 'memory']) await mkdir(join(root, controller))
  await setCgroup('/kubepods/pod1', { cpuShares: 2, memoryBytes: 1024 }, root)
  expect(await readdir(join(root, 'cpu/kubepods/pod1'))).toEqual(['cpu.shares'])
  expect(await readdir(join(root, 'memory/kubepods/pod1'))).toEqual(['memory.limit_in_bytes'])
  expect(await readdir(join(root, 'pids/kubepods/pod1'))).toEqual([])
})

it('hands controllers down to the group on version 2, in its own numbers', async () => {
  await writeFile(join(root, 'cgroup.controllers'), 'cpuset cpu io memory pids\n')
  await setCgroup('/kubepods/pod1', { cpuShares: 1024, cpuQuota: 50_000, memoryBytes: 1024 }, root)
  expect(await read('cgroup.subtree_control')).toBe('+pids')
  expect(await read('kubepods/pod1/cpu.weight')).toBe('39')
  expect(await read('kubepods/pod1/cpu.max')).toBe('50000 100000')
  expect(await read('kubepods/pod1/memory.max')).toBe('1024')
  await setCgroup('/kubepods/pod1', {}, root)
  expect(await read('kubepods/pod1/memory.max')).toBe('max')
  expect(await read('kubepods/pod1/pids.max')).toBe('max')
})

it('tells what was refused, and sets the rest', async () => {
  await mkdir(join(root, 'cpu/pod1/cpu.cfs_quota_us'), { recursive: true })
  await mkdir(join(root, 'memory'))
  expect(await setCgroup('/pod1', { memoryBytes: 5 }, root)).toEqual([expect.stringContaining('cpu.cfs_quota_us: ')])
  expect(await read('memory/pod1/memory.limit_in_bytes')).toBe('5')
})

it('removes a group from every tree, also those in which others made it', async () => {
  for (const tree of ['cpu', 'memory', 'freezer']) await mkdir(join(root, tree, 'kubepods/pod1'), { recursive: true })
  await removeCgroup('/kubepods/pod1', root)
  for (const tree of ['cpu', 'memory', 'freezer']) expect(await readdir(join(root, tree, 'kubepods'))).toEqual([])
})

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { separateLimits, unifiedLimits } from './cgroup-files.ts'
import { type CgroupHost, cgroupSupport, readCgroups } from './cgroup-host.ts'
import { sliceDirectory, sliceOf, sliceProperties } from './cgroup-slices.ts'
import { cgroupsOf, ofInstallation } from './open-cgroups.ts'

const LIMITS = { memoryBytes: 512 * 1024 ** 2, processes: 400, cpus: 0.5 }

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'podium-cgroups-'))
})
afterEach(() => rm(root, { recursive: true }))

async function files(contents: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}
const read = (path: string) => readFile(join(root, path), 'utf8')

const UNIFIED = { 'cgroup.controllers': 'cpuset cpu io memory pids\n', 'cgroup.subtree_control': 'memory pids\n' }
const SEPARATE = { 'memory/cgroup.procs': '', 'pids/cgroup.procs': '', 'cpu/cgroup.procs': '' }

describe('what kind of cgroups a host has', () => {
  it.each([
    { name: 'version 2', given: UNIFIED, expected: { version: 2, isNested: false, handedDown: ['memory', 'pids'] } },
    {
      name: 'version 2 inside a container, whose root is a group like any other',
      given: { ...UNIFIED, 'cgroup.type': 'domain\n' },
      expected: { version: 2, isNested: true },
    },
    {
      name: 'version 1, with version 2 beside it for systemd’s own use',
      given: { ...SEPARATE, 'unified/cgroup.controllers': '' },
      expected: { version: 1, controllers: ['memory', 'pids', 'cpu'] },
    },
  ])('is read: $name', async ({ given, expected }) => {
    await files(given)
    expect(await readCgroups('cgroupfs', root)).toMatchObject(expected)
  })
})

describe('whether machines can run on it', () => {
  const host: CgroupHost = {
    root: '/sys/fs/cgroup',
    driver: 'systemd',
    version: 2,
    controllers: ['cpu', 'memory', 'pids'],
    isNested: false,
    handedDown: [],
  }
  it.each<{ name: string; change: Partial<CgroupHost>; says: RegExp | undefined }>([
    { name: 'version 2 with systemd', change: {}, says: undefined },
    { name: 'version 2 without systemd', change: { driver: 'cgroupfs' }, says: undefined },
    { name: 'version 1', change: { driver: 'cgroupfs', version: 1 }, says: undefined },
    { name: 'a rootless engine', change: { driver: 'none' }, says: /rootless/ },
    {
      name: 'a board that boots without the memory controller',
      change: { controllers: ['cpu', 'pids'] },
      says: /missing: memory.*cgroup_enable=memory/,
    },
    {
      name: 'version 1 with a controller not mounted',
      change: { version: 1, controllers: ['cpu', 'memory'] },
      says: /mount -t cgroup -o pids cgroup \/sys\/fs\/cgroup\/pids/,
    },
    {
      name: 'a container whose own processes are in the way',
      change: { driver: 'cgroupfs', isNested: true, handedDown: ['memory'] },
      says: /hands no pids, cpu down.*"\+pids \+cpu"/,
    },
    {
      name: 'a container that has moved them aside',
      change: { driver: 'cgroupfs', isNested: true, handedDown: ['memory', 'pids', 'cpu'] },
      says: undefined,
    },
  ])('is said of $name', ({ change, says }) => {
    const support = cgroupSupport({ ...host, ...change })
    const said = support.supported ? undefined : `${support.reason}; ${support.remedy}`
    if (says) expect(said).toMatch(says)
    else expect(said).toBeUndefined()
  })
})

describe('groups made as directories', () => {
  it('say the limits in the words of either version', () => {
    expect(unifiedLimits(LIMITS)).toEqual({
      'memory.max': '536870912',
      'memory.swap.max': '0',
      'pids.max': '400',
      'cpu.max': '50000 100000',
    })
    expect(separateLimits(LIMITS)).toEqual({
      memory: { 'memory.limit_in_bytes': '536870912' },
      pids: { 'pids.max': '400' },
      cpu: { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '50000' },
    })
  })

  it('hand the controllers down at every step in version 2, and limit only the last', async () => {
    await files({
      ...UNIFIED,
      'podium/cgroup.controllers': 'memory pids\n',
      'podium/ada/cgroup.controllers': 'memory pids\n',
      'podium/ada/worker/memory.swap.max': 'max\n',
    })
    const cgroups = cgroupsOf(await readCgroups('cgroupfs', root))
    await cgroups.limit(['ada', 'worker'], LIMITS)
    expect(await read('cgroup.subtree_control')).toBe('+memory +pids +cpu')
    expect(await read('podium/cgroup.subtree_control')).toBe('+memory +pids')
    expect(await read('podium/ada/cgroup.subtree_control')).toBe('+memory +pids')
    expect(await read('podium/ada/worker/pids.max')).toBe('400')
    expect(await read('podium/ada/worker/memory.swap.max')).toBe('0')
    await expect(read('podium/ada/pids.max')).rejects.toThrow('ENOENT')
    expect(cgroups.parent(['ada', 'worker'])).toBe('/podium/ada/worker')
  })

  it('leave swap alone where the kernel does not count it', async () => {
    await files({ ...UNIFIED, 'podium/cgroup.controllers': '' })
    await cgroupsOf(await readCgroups('cgroupfs', root)).limit(['ada'], LIMITS)
    await expect(read('podium/ada/memory.swap.max')).rejects.toThrow('ENOENT')
  })

  it('are made in each controller’s tree in version 1, and gone from every tree', async () => {
    await files({ ...SEPARATE, 'freezer/podium/ada/worker/.keep': '' })
    await rm(join(root, 'freezer/podium/ada/worker/.keep'))
    const cgroups = cgroupsOf(await readCgroups('cgroupfs', root))
    await cgroups.limit(['ada', 'worker'], LIMITS)
    expect(await read('memory/podium/ada/worker/memory.limit_in_bytes')).toBe('536870912')
    expect(await read('cpu/podium/ada/worker/cpu.cfs_quota_us')).toBe('50000')
    for (const file of ['memory.limit_in_bytes', 'pids.max', 'cpu.cfs_quota_us', 'cpu.cfs_period_us'])
      for (const tree of ['memory', 'pids', 'cpu'])
        await rm(join(root, tree, 'podium/ada/worker', file), { force: true })
    expect(await cgroups.remove(['ada'])).toEqual([])
    await expect(read('freezer/podium/ada')).rejects.toThrow('ENOENT')
    await expect(read('memory/podium/ada')).rejects.toThrow('ENOENT')
  })
})

describe('groups made by systemd', () => {
  it('are slices, whose names step down at dashes and so have none of ours', () => {
    expect(sliceOf(['team-a', 'worker-1'])).toBe('podium-team_a-worker_1.slice')
    expect(sliceDirectory(['team-a', 'worker-1'])).toBe('podium.slice/podium-team_a.slice/podium-team_a-worker_1.slice')
    expect(sliceDirectory([])).toBe('podium.slice')
  })

  it('say the limits in systemd’s words', () => {
    expect(sliceProperties(LIMITS)).toEqual(['MemoryMax=536870912', 'MemorySwapMax=0', 'TasksMax=400', 'CPUQuota=50%'])
  })

  it('are found in one tree in version 2, and in each in version 1', async () => {
    await files(UNIFIED)
    expect(cgroupsOf(await readCgroups('systemd', root)).directories(['ada'])).toEqual([
      join(root, 'podium.slice/podium-ada.slice'),
    ])
    await rm(join(root, 'cgroup.controllers'))
    expect(cgroupsOf(await readCgroups('systemd', root)).directories(['ada'])).toContain(
      join(root, 'memory/podium.slice/podium-ada.slice'),
    )
  })
})

it('keeps clusters of one name apart where two installations have them', () => {
  const host: CgroupHost = { root, driver: 'cgroupfs', version: 2, controllers: [], isNested: false, handedDown: [] }
  const [one, other] = ['11111111', '22222222'].map((mark) => ofInstallation(cgroupsOf(host), mark))
  expect(one?.parent(['demo', 'node-1'])).toBe('/podium/demo-11111111/node-1')
  expect(other?.directories(['demo'])).toEqual([join(root, 'podium/demo-22222222')])
  expect(one?.directories([])).toEqual(other?.directories([]))
})

import { expect, it } from 'vitest'
import { usageOf } from './docker-usage.ts'

const at = 1_700_000_000_000
const usage = (files: Record<string, string>) =>
  usageOf({ id: 'c1', pid: 7 }, { readFile: async (path) => files[path] }, at)
const same = {
  containerId: 'c1',
  at,
  cpuNanoSeconds: 5_000_000,
  memoryUsageBytes: 1000,
  memoryWorkingSetBytes: 600,
  memoryRssBytes: 300,
  pageFaults: 20,
  majorPageFaults: 2,
  processes: 3,
}

it('counts a container’s group with all below it, on version 1', async () => {
  const found = await usage({
    '/proc/7/cgroup': '5:memory:/kubepods/pod1/c1\n3:cpu,cpuacct:/kubepods/pod1/c1\n2:pids:/kubepods/pod1/c1\n0::/\n',
    '/sys/fs/cgroup/cpuacct/kubepods/pod1/c1/cpuacct.usage': '5000000\n',
    '/sys/fs/cgroup/memory/kubepods/pod1/c1/memory.usage_in_bytes': '1000\n',
    '/sys/fs/cgroup/memory/kubepods/pod1/c1/memory.stat':
      'rss 1\npgfault 1\ntotal_rss 300\ntotal_pgfault 20\ntotal_pgmajfault 2\ntotal_inactive_file 400\n',
    '/sys/fs/cgroup/pids/kubepods/pod1/c1/pids.current': '3\n',
    // Of the whole machine, in the empty tree of version 2 beside it.
    '/sys/fs/cgroup//cpu.stat': 'usage_usec 99\n',
  })
  expect(found).toEqual(same)
})

it('counts it on version 2', async () => {
  const found = await usage({
    '/proc/7/cgroup': '0::/kubepods/pod1/c1\n',
    '/sys/fs/cgroup/kubepods/pod1/c1/cpu.stat': 'usage_usec 5000\nuser_usec 1\n',
    '/sys/fs/cgroup/kubepods/pod1/c1/memory.current': '1000\n',
    '/sys/fs/cgroup/kubepods/pod1/c1/memory.stat': 'anon 300\npgfault 20\npgmajfault 2\ninactive_file 400\n',
    '/sys/fs/cgroup/kubepods/pod1/c1/pids.current': '3\n',
  })
  expect(found).toEqual(same)
})

it('says nothing of a container that has just ended', async () => {
  expect(await usage({})).toBeUndefined()
  expect(await usage({ '/proc/7/cgroup': '0::/kubepods/pod1/c1\n' })).toBeUndefined()
})

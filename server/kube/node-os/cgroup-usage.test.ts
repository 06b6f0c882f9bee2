import { expect, it } from 'vitest'
import { cgroupUsage } from './cgroup-usage.ts'

const reading = (files: Record<string, string | undefined>) => async (path: string) =>
  files[path.replace('/sys/fs/cgroup/', '')]

it.each([
  {
    version: 2,
    files: {
      'cpu.stat': 'usage_usec 1500000\nuser_usec 900000\n',
      'memory.current': '10485760\n',
      'memory.stat': 'anon 4194304\ninactive_file 2097152\npgfault 70\npgmajfault 7\n',
    },
  },
  {
    version: 1,
    files: {
      'cpuacct/cpuacct.usage': '1500000000\n',
      'memory/memory.usage_in_bytes': '10485760\n',
      'memory/memory.stat':
        'inactive_file 5\ntotal_inactive_file 2097152\ntotal_rss 4194304\ntotal_pgfault 70\ntotal_pgmajfault 7\n',
    },
  },
])('reads the machine’s own group on version $version', async ({ files }) => {
  expect(await cgroupUsage(reading(files))).toEqual({
    cpuNanoSeconds: 1_500_000_000,
    memoryWorkingSetBytes: 8 * 2 ** 20,
    memoryUsageBytes: 10 * 2 ** 20,
    memoryRssBytes: 4 * 2 ** 20,
    pageFaults: 70,
    majorPageFaults: 7,
  })
})

it('knows nothing where nothing is counted, as at the root of all groups', async () => {
  expect(await cgroupUsage(reading({ 'cpu.stat': 'usage_usec 1\n' }))).toBeUndefined()
})

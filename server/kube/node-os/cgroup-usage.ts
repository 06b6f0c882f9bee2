// What a machine has used, as the kernel counts it for the machine's own cgroup: version 2, or 1.

type ReadText = (path: string) => Promise<string | undefined>

export interface MachineUsage {
  cpuNanoSeconds: number
  memoryWorkingSetBytes: number
  /** With what could be taken at once. */
  memoryUsageBytes: number
  /** Without files. */
  memoryRssBytes: number
  pageFaults: number
  majorPageFaults: number
}

const ROOT = '/sys/fs/cgroup'

/** Undefined where the kernel counts nothing at this place. */
export async function cgroupUsage(read: ReadText): Promise<MachineUsage | undefined> {
  return (await versionTwo(read)) ?? (await versionOne(read))
}

export async function cgroupProcesses(read: ReadText): Promise<number | undefined> {
  const told = (await read(`${ROOT}/pids.current`)) ?? (await read(`${ROOT}/pids/pids.current`))
  return told === undefined ? undefined : Number(told)
}

async function versionTwo(read: ReadText): Promise<MachineUsage | undefined> {
  const [cpu, memory, stat] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.stat'].map((name) => read(`${ROOT}/${name}`)),
  )
  if (!cpu || !memory) return undefined
  const used = Number(/^usage_usec (\d+)$/m.exec(cpu)?.[1] ?? 0)
  return { cpuNanoSeconds: used * 1000, ...memoryOf(memory, stat, { rss: 'anon', prefix: '' }) }
}

async function versionOne(read: ReadText): Promise<MachineUsage | undefined> {
  const [cpu, memory, stat] = await Promise.all(
    ['cpuacct/cpuacct.usage', 'memory/memory.usage_in_bytes', 'memory/memory.stat'].map((name) =>
      read(`${ROOT}/${name}`),
    ),
  )
  if (!cpu || !memory) return undefined
  return { cpuNanoSeconds: Number(cpu), ...memoryOf(memory, stat, { rss: 'total_rss', prefix: 'total_' }) }
}

function memoryOf(used: string, stat: string | undefined, { rss, prefix }: { rss: string; prefix: string }) {
  const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0)
  return {
    memoryUsageBytes: Number(used),
    // Files that nobody has looked at for a while are given back at once when somebody needs the room.
    memoryWorkingSetBytes: Math.max(0, Number(used) - count(`${prefix}inactive_file`)),
    memoryRssBytes: count(rss),
    pageFaults: count(`${prefix}pgfault`),
    majorPageFaults: count(`${prefix}pgmajfault`),
  }
}

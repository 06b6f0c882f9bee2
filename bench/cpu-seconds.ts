import { readFile } from 'node:fs/promises'

const TICKS_PER_SECOND = 100

/** What a process has had of the processor so far; of this one it says what no busy neighbour can change much. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may have spaces; after it come the state and ten numbers, then user and system time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

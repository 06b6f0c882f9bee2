// Which processes use an installation now: the classroom, its cluster host, every cluster that runs in the background.
// Each leaves a file that names it; one that was killed leaves it too, so a name counts only while its process lives.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Hold {
  /** Says whether nobody else holds it. */
  letGo(): Promise<boolean>
}

/** By any process that lives, this one as well. */
export const isHeld = async (directory: string): Promise<boolean> => (await holdersIn(directory)).length > 0

/** The processes that live, once for each time that they hold it. */
export async function holdersIn(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(() => [])
  const alive = await Promise.all(names.map((name) => isAlive(directory, name)))
  return names.filter((_, index) => alive[index]).map((name) => Number(name.split('.')[0]))
}

export async function hold(directory: string): Promise<Hold> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const self = `${process.pid}.${await startedAt(process.pid)}`
  let number = 0
  while (!(await write(join(directory, `${self}.${number}`)))) number++
  return {
    async letGo() {
      await rm(join(directory, `${self}.${number}`), { force: true })
      return !(await isHeld(directory))
    },
  }
}

/** A process may hold it more than once. */
async function write(path: string): Promise<boolean> {
  try {
    await writeFile(path, '', { flag: 'wx' })
    return true
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw err
  }
}

async function isAlive(directory: string, name: string): Promise<boolean> {
  const [pid, started] = name.split('.')
  if ((await startedAt(Number(pid))) === started) return true
  await rm(join(directory, name), { force: true })
  return false
}

/** Tells a process from a later one with the same number; empty where there is none, or one that has ended. */
async function startedAt(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in brackets may hold blanks. After it come the state and, nineteen later, ticks since the host's start.
  const fields = stat.replace(/^.*\) /s, '').split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}

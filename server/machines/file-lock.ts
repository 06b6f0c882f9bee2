// One process at a time, by a file that names the process holding it. A holder that died is noticed and replaced, so a
// crash never leaves a host locked.

import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'

export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  onWait: (holder: number) => void = () => {},
): Promise<T> {
  let told = false
  while (!(await take(path))) {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''))
    if (holder > 0 && !existsSync(`/proc/${holder}`)) {
      await rm(path, { force: true })
      continue
    }
    if (!told) onWait(holder)
    told = true
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw err
  }
}

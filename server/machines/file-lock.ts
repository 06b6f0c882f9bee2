// One process at a time, for what all of an installation share.

import { takeKernelLock } from '../base/kernel-lock.ts'

export async function withFileLock<T>(path: string, work: () => Promise<T>, onWait: () => void = () => {}): Promise<T> {
  using _lock = await take(path, onWait)
  return await work()
}

async function take(path: string, onWait: () => void): Promise<Disposable> {
  for (let tries = 0; ; tries++) {
    const lock = takeKernelLock(path)
    if (lock) return lock
    if (tries === 0) onWait()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

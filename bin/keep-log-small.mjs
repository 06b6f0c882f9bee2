// Logs of processes that run for months and know only how to append: the older half lies beside the file with `.1`.

import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'

const MOST_BYTES = 16 * 1024 * 1024

const isLarge = (path, mostBytes) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > mostBytes

/** Before anybody has it open. */
export function beginLogAnew(path, mostBytes = MOST_BYTES) {
  if (isLarge(path, mostBytes)) renameSync(path, `${path}.1`)
}

/** Emptied in its place: whoever has it open goes on at its beginning. What comes in that very moment is lost. */
export function keepLogSmall(path, mostBytes = MOST_BYTES) {
  if (!isLarge(path, mostBytes)) return
  try {
    copyFileSync(path, `${path}.1`)
  } catch {
    // It may be what has filled the disk: then the older half goes as well.
    rmSync(`${path}.1`, { force: true, recursive: true })
  }
  truncateSync(path)
}

/** Looks now and then; does not keep the process alive, and a full disk does not end it. */
export function keepLogSmallHourly(path) {
  setInterval(() => {
    try {
      keepLogSmall(path)
    } catch {
      // There may be room in an hour.
    }
  }, 3_600_000).unref()
}

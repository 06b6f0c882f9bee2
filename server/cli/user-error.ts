/** Something the person at the command line can mend; shown without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

const OF_FILES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'whoever says this may not touch it; say it as root, or as the one it belongs to',
  EPERM: 'whoever says this may not touch it; say it as root, or as the one it belongs to',
  ENOTDIR: 'a part of this path is a file, where a directory is needed',
  EISDIR: 'this is a directory; a file is needed',
  EEXIST: 'this exists already',
  EROFS: 'it lies on a disk that can only be read',
  ENOSPC: 'the disk is full; make room on it, and say it again',
  EDQUOT: 'the quota of this user is used up; make room, and say it again',
}

/** Of a write to an open file nobody says which. */
const OF_DISKS = new Set(['ENOSPC', 'EDQUOT'])

/** By whoever typed: what a command says of it, or of a file that is not there or may not be touched. `home`: where most is written. */
export function mendableWords(err: unknown, home?: string): string | undefined {
  if (err instanceof UserError) return err.message
  if (!(err instanceof Error)) return undefined
  const { code = '', path, dest } = err as NodeJS.ErrnoException & { dest?: string }
  const words = OF_FILES[code]
  if (!words) return undefined
  if (!path && home && OF_DISKS.has(code)) return `${home}: ${words}`
  // Of a socket only the message says which.
  return path ? `${dest ?? path}: ${words}` : err.message
}

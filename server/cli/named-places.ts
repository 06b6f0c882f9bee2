// Places that somebody has named, looked at before any work is done for them: a mistake is told at once, and leaves nothing behind.

import { accessSync, constants, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UserError } from './user-error.ts'

/** The whole path of a file that may be written; one that is there already is for the caller to judge. */
export function placeForFile(named: string, whatFor: string): string {
  const path = resolve(named)
  const folder = dirname(path)
  if (!isThere(folder)) throw new UserError(`there is no directory ${folder} for ${whatFor}; make it first`)
  if (!isDirectory(folder)) throw new UserError(`${folder} is a file; ${whatFor} cannot be in it`)
  if (isDirectory(path)) throw new UserError(`${path} is a directory; name a file in it for ${whatFor}`)
  try {
    accessSync(isThere(path) ? path : folder, constants.W_OK)
  } catch {
    throw new UserError(`${path} may not be written by whoever says this; name another place for ${whatFor}`)
  }
  return path
}

/** The whole path of a file that is there. */
export function fileThatIs(named: string): string {
  const path = resolve(named)
  if (!isThere(path)) throw new UserError(`there is no file ${path}`)
  if (isDirectory(path)) throw new UserError(`${path} is a directory; a file is needed`)
  return path
}

/** Node's own `recursive` never ends where nothing can be made, as in /proc. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  if (isDirectory(path)) return
  if (isThere(path)) throw new UserError(`${path} is a file; a directory is needed`)
  await makeFolder(dirname(resolve(path)), mode)
  await mkdir(path, { mode }).catch((err: NodeJS.ErrnoException) => {
    if (err.code !== 'EEXIST') throw new UserError(`the directory ${path} cannot be made: ${err.message}`)
  })
}

const isThere = (path: string) => statOf(path) !== undefined
const isDirectory = (path: string) => statOf(path)?.isDirectory() ?? false

function statOf(path: string) {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

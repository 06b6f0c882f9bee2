// Opens what lies at a path inside a volume, and nothing outside of it, whatever the volume's owner does meanwhile.
// The path is walked one part at a time, each from the open directory before it and following no link; who swaps a
// directory for a link in between gets an error. What was opened, not its name, is then bound to a place of ours.
// Upstream: pkg/volume/util/subpath/subpath_linux.go.

import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** Only names the thing; Node does not know the flag. */
const O_PATH = 0o10000000

/** What is missing of the path is made, as directories of the volume's own mode. */
export const openInside = (root: string, path: string): Promise<fs.FileHandle> => walk(root, path, makeDirectory)

/** Rejects when there is no such file, or it is none, and when it is larger than that. */
export async function readInside(root: string, path: string, mostBytes: number): Promise<string> {
  const named = await walk(root, path)
  try {
    // A pipe would be waited at for ever.
    if (!(await named.stat()).isFile()) throw new Error(`${path} is not a file`)
    const file = await fs.open(pathOf(named))
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes + 1), 0, mostBytes + 1, 0)
      if (bytesRead > mostBytes) throw new Error(`${path} is larger than ${mostBytes} bytes`)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } finally {
    await named.close()
  }
}

type Make = (path: string, mode: number) => Promise<void>

async function walk(root: string, path: string, make?: Make): Promise<fs.FileHandle> {
  const realRoot = await fs.realpath(root)
  const { mode } = await fs.stat(realRoot)
  const inside = relative(realRoot, await resolve(join(realRoot, path)))
  if (inside === '..' || inside.startsWith('../')) throw new Error(`${path} leads out of the volume`)
  let handle = await fs.open(realRoot, O_PATH | constants.O_DIRECTORY)
  for (const part of inside.split('/').filter((one) => one !== '')) {
    const parent = handle
    try {
      handle = await openPart(`${pathOf(parent)}/${part}`, make && ((missing) => make(missing, mode & 0o777)))
    } finally {
      await parent.close()
    }
  }
  return handle
}

/** Good as long as it is open. Other processes see it by this name as well. */
export const pathOf = ({ fd }: fs.FileHandle) => `/proc/${process.pid}/fd/${fd}`

async function makeDirectory(path: string, mode: number): Promise<void> {
  await fs.mkdir(path)
  await fs.chmod(path, mode)
}

async function openPart(path: string, make?: (path: string) => Promise<void>): Promise<fs.FileHandle> {
  const open = () => fs.open(path, O_PATH | constants.O_NOFOLLOW)
  const handle = await open().catch(async (err: NodeJS.ErrnoException) => {
    if (err.code !== 'ENOENT' || !make) throw err
    await make(path)
    return open()
  })
  if (!(await handle.stat()).isSymbolicLink()) return handle
  await handle.close()
  throw new Error('a link was put in the way')
}

/** With every link followed, as far as the path exists. */
async function resolve(path: string): Promise<string> {
  try {
    return await fs.realpath(path)
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err
    // A link into nothing is no place to make something at.
    if (await fs.lstat(path).catch(() => undefined)) throw err
    return join(await resolve(dirname(path)), path.slice(dirname(path).length + 1))
  }
}

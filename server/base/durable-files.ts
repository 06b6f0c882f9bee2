// Files that a power cut leaves whole, as they were or as they are now: what is written is on the disk before it has its
// name, and the name is there before anybody builds on it.

import { open, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface FileToWrite {
  name: string
  content: string | Buffer
  mode: number
}

/** They get their names in this order. Several processes may write the same. */
export async function writeDurably(directory: string, files: readonly FileToWrite[]): Promise<void> {
  const fresh = (name: string) => join(directory, `${name}.${process.pid}.new`)
  await Promise.all(
    files.map(async ({ name, content, mode }) => {
      await using file = await open(fresh(name), 'w', mode)
      await file.writeFile(content)
      await file.sync()
    }),
  )
  for (const { name } of files) await rename(fresh(name), join(directory, name))
  await sync(directory)
}

/** For what is made anew where a power cut has spoilt it: nobody reads half of it, but nobody waits for the disk either. */
export async function writeAtOnce(directory: string, { name, content, mode }: FileToWrite): Promise<void> {
  const fresh = join(directory, `${name}.${process.pid}.new`)
  await writeFile(fresh, content, { mode })
  await rename(fresh, join(directory, name))
}

/** Within one directory. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await sync(dirname(to))
}

/** What a file holds, or which names a directory has, is on the disk then. */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path)
  await handle.sync()
}

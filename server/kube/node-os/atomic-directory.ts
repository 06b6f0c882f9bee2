// A directory of files that changes in one step, however many files there are.
//
//   config/
//     ..2026_11_20_19_48_34.123/     the real files
//     ..data → ..2026_11_20_…        replaced by one rename: the step
//     app.conf → ..data/app.conf     one link per first part of a path
//
// Upstream: pkg/volume/util/atomic_writer.go.

import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setOwnership } from './file-ownership.ts'
import type { FileContent } from './node-os.ts'

const DATA = '..data'

export async function publishFiles(
  directory: string,
  files: FileContent[],
  { group }: { group?: number } = {},
): Promise<void> {
  for (const { path } of files) {
    if (path === '' || path.startsWith('/') || path.split('/').includes('..')) throw new Error(`invalid path: ${path}`)
  }
  // As upstream's, which is an emptyDir: containers can only read it all the same.
  if (await fs.mkdir(directory, { recursive: true })) await fs.chmod(directory, 0o777)
  const current = await fs.readlink(join(directory, DATA)).catch(() => undefined)
  if (current && (await isSame(join(directory, current), files, group))) return

  // Not join(): it would read the two dots as the way up.
  const fresh = await fs.mkdtemp(`${directory}/..`)
  await fs.chmod(fresh, 0o755)
  for (const { path, content, mode, user } of files) {
    const target = join(fresh, path)
    if (path.includes('/')) await fs.mkdir(dirname(target), { recursive: true })
    await fs.writeFile(target, content, { mode })
    await fs.chmod(target, mode)
    if (user !== undefined) await fs.chown(target, user, -1)
  }
  // The directory itself as well, so that the links in it are the group's too.
  if (group !== undefined) await setOwnership(directory, { group, readOnly: true })
  const name = fresh.slice(directory.length + 1)
  const link = join(directory, '..data_tmp')
  await fs.rm(link, { force: true })
  await fs.symlink(name, link)
  await fs.rename(link, join(directory, DATA))

  const tops = new Set(files.map(({ path }) => path.split('/')[0] ?? ''))
  for (const top of tops) {
    await fs.symlink(join(DATA, top), join(directory, top)).catch((err: NodeJS.ErrnoException) => {
      if (err.code !== 'EEXIST') throw err
    })
  }
  // Of nothing nothing is left.
  if (!current) return
  for (const entry of await fs.readdir(directory)) {
    const isOurs = !entry.startsWith('..') && (await fs.readlink(join(directory, entry)).catch(() => ''))
    if (isOurs && !tops.has(entry)) await fs.rm(join(directory, entry), { force: true })
  }
  if (current !== name) await fs.rm(join(directory, current), { recursive: true, force: true })
}

async function isSame(directory: string, files: FileContent[], group: number | undefined): Promise<boolean> {
  const there = await fs.readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  if (there.filter((entry) => entry.isFile()).length !== files.length) return false
  for (const { path, content, mode } of files) {
    const target = join(directory, path)
    const [old, stat] = await Promise.all([
      fs.readFile(target).catch(() => undefined),
      fs.stat(target).catch(() => undefined),
    ])
    const wanted = group === undefined ? mode : mode | 0o440
    if (!old || !stat || (stat.mode & 0o777) !== (wanted & 0o777) || !old.equals(Buffer.from(content))) return false
    if (stat.gid !== (group ?? stat.gid)) return false
  }
  return true
}

// Hands what is in a volume to a group: each thing belongs to it, may be used by it, and what is made later does too.
// Upstream: pkg/volume/volume_linux.go.

import * as fs from 'node:fs/promises'
import { join } from 'node:path'

export interface OwnershipOptions {
  group: number
  readOnly?: boolean
  /** Leaves all as it is where the directory itself is right already; for volumes with many files. */
  onlyOnMismatch?: boolean
}

const SET_GROUP_ID = 0o2000

export async function setOwnership(root: string, options: OwnershipOptions): Promise<void> {
  if (options.onlyOnMismatch && (await isRight(root, options))) return
  await handOver(root, options)
}

async function isRight(root: string, { group, readOnly }: OwnershipOptions): Promise<boolean> {
  const { gid, mode } = await fs.stat(root)
  const wanted = bitsOf(true, readOnly)
  return gid === group && (mode & wanted) === wanted
}

/** The directory itself comes last, so that one that is right says that all in it is. */
async function handOver(path: string, options: OwnershipOptions): Promise<void> {
  const found = await fs.lstat(path)
  if (found.isDirectory()) {
    for (const name of await fs.readdir(path)) await handOver(join(path, name), options)
  }
  if (found.gid !== options.group) await fs.lchown(path, found.uid, options.group)
  // The mode of a link is nobody's, and behind it may be something else.
  if (found.isSymbolicLink()) return
  const mode = (found.mode & 0o7777) | bitsOf(found.isDirectory(), options.readOnly)
  await fs.chmod(path, mode)
}

function bitsOf(isDirectory: boolean, readOnly = false): number {
  const forFiles = readOnly ? 0o440 : 0o660
  return isDirectory ? forFiles | SET_GROUP_ID | 0o110 : forFiles
}

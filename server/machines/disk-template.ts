// An empty disk that others are copies of: made with the first that is asked for, by whoever comes first.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskStore } from './disk-store.ts'

interface Template {
  name: string
  bytes: number
  /** Makes what lies on it, in an empty folder. */
  fill(tree: string): Promise<void>
}

/** Its path. Two may make it at once: each under a name of its own, and there it is whole or not at all. */
export async function ensureTemplate(disks: DiskStore, stateDir: string, { name, bytes, fill }: Template) {
  const template = disks.goldenPath(name)
  if (existsSync(template)) return template
  const tree = await mkdtemp(join(stateDir, `${name}-`))
  const partial = `${template}.${randomUUID()}.partial`
  try {
    await fill(tree)
    await disks.format(partial, bytes, tree)
    await rename(partial, template)
  } finally {
    await rm(partial, { force: true })
    await rm(tree, { recursive: true, force: true })
  }
  return template
}

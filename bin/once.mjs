// Steps of set-up that need not be done again while what they are made from is the same.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root } from './bootstrap.mjs'

/** Hash of the names and bytes of files and folders (given relative to the repository). */
export function hashOf(paths) {
  const hash = createHash('sha256')
  const add = (path) => {
    if (!existsSync(path)) return
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) if (entry !== 'node_modules') add(join(path, entry))
      return
    }
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0')
  }
  for (const path of paths) add(join(root, path))
  return hash.digest('hex')
}

/** Runs `step` unless it has succeeded for the same inputs and its product is still there. */
export function once(name, { inputs, product }, step) {
  const stamp = join(root, '.cache', 'once', name)
  const hash = hashOf(inputs)
  const there = !product || existsSync(join(root, product))
  if (there && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  // A step that is broken off leaves half a product, which the stamp of the whole one before says nothing of.
  rmSync(stamp, { force: true })
  step()
  mkdirSync(dirname(stamp), { recursive: true })
  // What was made is on the disk before it is said to be.
  spawnSync('sync', ['-f', root])
  writeFileSync(`${stamp}.new`, hash, { flush: true })
  renameSync(`${stamp}.new`, stamp)
}

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeStateDirectory } from './state-directory.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'podium-home-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const fill = () => {
  mkdirSync(join(directory, 'clusters', 'one'), { recursive: true })
  writeFileSync(join(directory, 'clusters', 'one', 'cluster.json'), '{}')
  writeFileSync(join(directory, 'server.json'), '{}')
}

it('removes a state directory with all that is in it', async () => {
  fill()
  expect(await removeStateDirectory(directory)).toBe(true)
  expect(existsSync(directory)).toBe(false)
})

it('empties one that something is mounted on, and leaves the mount to who made it', async () => {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory])
  try {
    fill()
    expect(await removeStateDirectory(directory)).toBe(false)
    expect(readdirSync(directory)).toEqual([])
  } finally {
    execFileSync('umount', [directory])
  }
})
